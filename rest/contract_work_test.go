package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestReplacing the annotations of an image: all or nothing, and ids are kept.
func TestReplacing(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const batch, one = "POST ~/images/$image/annotations/batch/", "11111111-1111-4111-8111-111111111111"
		c.converse(t, []fact{
			{
				"in the order given", batch,
				`[{"id": "` + one + `", "label": $label, "type": "bounding_box", "data": {"point": [0.1, 0.2], "width": 0.3, "height": 0.4}, "is_synthetic": true},
				{"label": "$label2", "type": "polygon", "data": {"left": 0, "top": 1.50, "points": [[0.1, 1e-3], [0, 1], [1, 1]], "_": {"_x": null}, "_x": 1}, "x": "y", "created_at": 5}]`,
				`201 [{"id": "` + one + `", "label": $label, "type": "bounding_box", "data": {"point": [0.1, 0.2], "width": 0.3, "height": 0.4}, "is_synthetic": true},
				{"id": "=two", "label": $label2, "type": "polygon", "data": {"left": 0, "top": 1.50, "points": [[0.1, 1e-3], [0, 1], [1, 1]], "_": {"_x": null}, "_x": 1}, "is_synthetic": false}]`,
			},
			{"the old ones are gone", "GET ~/images/$image/annotations/$annotation/", "", notFound},
			{"read", "GET ~/images/$image/annotations/", "", `200 {"count": 2, "results": [{"id": "` + one + `", "label": {"id": $label, "name": "sail"}}, {"id": "$two", "data": {"left": 0, "top": 1.5, "points": [[0.1, 0.001], [0, 1], [1, 1]], "_": {"_x": null}, "_x": 1}}]}`},
			{"alone", "GET ~/images/$image/annotations/$two/", "", `200 {"id": "$two", "data": {"_": {"_x": null}, "_x": 1}}`},
			{"one is kept, in another place", batch, `[{"label": $label, "type": "dot", "data": {}}, {"id": "$two", "label": $label2, "type": "dot", "data": {"_": 1}}]`, `201 [{"id": "=three"}, {"id": "$two", "data": {"_": 1}}]`},
			{"an id in capitals", batch, `[{"id": "AAAAAAAA-1111-4111-8111-111111111111", "label": $label, "type": "dot", "data": {}}]`, `201 [{"id": "aaaaaaaa-1111-4111-8111-111111111111"}]`},
			{"clear", batch, `[]`, `201 []`},
			{"cleared", "GET ~/images/$image/", "", `200 {"annotations": [], "labels": []}`},
		})
		good := `{"label": $label2, "type": "dot", "data": {}}`
		c.refused(t, []fact{
			{"a label that is not there", batch[:len(batch)-1], `[` + good + `, {"label": 999999, "type": "dot", "data": {}}]`, `400 {"error": "Invalid label ID 999999"}`},
			{"at another image", "POST ~/images/$image2/annotations/batch/", `[` + good + `, {"label": 9999, "type": "dot", "data": {}}]`, `400 {"error": "Invalid label ID 9999"}`},
			{"an id twice", batch, `[{"id": "$two", "label": $label, "type": "dot", "data": {}}, {"id": "$two", "label": $label, "type": "dot", "data": {}}]`, `400 {"error": "annotations[1].id: is changed twice in one call"}`},
			{"an id of another image", batch, `[{"id": "$annotation2", "label": $label, "type": "dot", "data": {}}]`, `400 {"error": "annotations[0].id: is the id of an annotation elsewhere"}`},
		})
	})
}

// TestDrawing one annotation at a time.
func TestDrawing(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const all, id = "~/images/$image/annotations/", "22222222-2222-4222-8222-222222222222"
		c.converse(t, []fact{
			{"with an id of one's own", "POST " + all, `{"id": "` + id + `", "label": $label, "type": "dot", "data": {"_": 1, "_x": {"_": []}}}`, `201 {"id": "` + id + `", "label": {"id": $label, "name": "sail"}, "data": {"_": 1, "_x": {"_": []}}, "is_synthetic": false}`},
			{"without", "POST " + all, `{"label": "$label", "type": "dot", "data": {}, "is_synthetic": true}`, `201 {"id": "=drawn", "is_synthetic": true}`},
			{"patch the label", "PATCH " + all + "$drawn", `{"label": $label2}`, `200 {"id": "$drawn", "label": {"id": $label2, "name": "cargo"}, "is_synthetic": true}`},
			{"the id is read-only now", "PATCH " + all + "$drawn/", `{"id": "` + id + `", "type": "dot"}`, `200 {"id": "$drawn", "type": "dot"}`},
			{"an id in capitals", "GET ~/images/$image/annotations/" + strings.ToUpper(id), "", `200 {"id": "` + id + `"}`},
			{"not at another image", "GET ~/images/$image2/annotations/$drawn/", "", notFound},
			{"the newest last", "GET " + all, "", `200 {"count": 4, "results": [{}, {}, {"id": "` + id + `"}, {"id": "$drawn"}]}`},
		})
	})
}

// TestAssigning the images of a batch, in rounds.
func TestAssigning(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const assign = "POST ~/batches/$batch/assign/"
		c.addImages(t, 3)
		for _, img := range c.Images[3:] {
			c.db.Image.UpdateOneID(img.ID).SetBatchID(c.Batch.ID).ExecX(asSystem(t))
		}
		c.names["a"], c.names["b"], c.names["c"], c.names["d"] = fmt.Sprint(c.Images[1].ID), fmt.Sprint(c.Images[3].ID), fmt.Sprint(c.Images[4].ID), fmt.Sprint(c.Images[5].ID)
		disabled := c.Users["reviewer"]
		c.db.User.UpdateOneID(disabled.ID).SetIsActive(false).ExecX(asSystem(t))
		c.refused(t, []fact{
			{"nothing", assign, `{}`, `400 {"message": "user_ids: This field is required.; images_per_task: This field is required."}`},
			{"empty", assign, ``, `400 {"message": "user_ids: This field is required.; images_per_task: This field is required."}`},
			{"nobody", assign, `{"user_ids": [], "images_per_task": 2}`, `400 {"message": "user_ids: must name at least one assignee"}`},
			{"none", assign, `{"user_ids": [$viewer], "images_per_task": 0}`, `400 {"message": "images_per_task: must be at least 1"}`},
			{"fewer", assign, `{"user_ids": [$viewer], "images_per_task": -1}`, `400 {"message": "images_per_task: must be at least 1"}`},
			{"no number", assign, `{"user_ids": 5, "images_per_task": "many"}`, `400 {"message": "user_ids: Expected a list of items but got type \"int\".; images_per_task: A valid integer is required."}`},
			{"nulls", assign, `{"user_ids": null, "images_per_task": null}`, `400 {"message": "user_ids: This field may not be null.; images_per_task: This field may not be null."}`},
			{"no users", assign, `{"user_ids": [$viewer, "x"], "images_per_task": 1}`, `400 {"message": "user_ids: Incorrect type. Expected pk value, received str."}`},
			{"a missing user", assign, `{"user_ids": [$viewer, 999999], "images_per_task": 1}`, `400 {"message": "user_ids: Invalid pk \"999999\" - object does not exist."}`},
			{"a foreign user", assign, `{"user_ids": [$foreign_owner], "images_per_task": 1}`, `400 {"message": "user_ids: Invalid pk \"$foreign_owner\" - object does not exist."}`},
			{"a disabled user", assign, `{"user_ids": [$reviewer], "images_per_task": 1}`, `400 {"message": "user_ids: Invalid pk \"$reviewer\" - object does not exist."}`},
		})
		c.converse(t, []fact{
			{"two rounds", assign, `{"user_ids": [$viewer, $owner], "images_per_task": 1}`, `200 {"assigned_jobs": true}`},
			{
				"in id order, users in turn", "GET ~/jobs/?ordering=created_at", "",
				`200 {"count": 5, "results": [{"id": $job}, {"assignee": {"id": $viewer}, "images": [$a], "batch": $batch, "owner": {"id": $owner}},
				{"assignee": {"id": $owner}, "images": [$b]}, {"assignee": {"id": $viewer}, "images": [$c]}, {"assignee": {"id": $owner}, "images": [$d]}]}`,
			},
			{"nothing is left", "GET ~/batches/$batch/", "", `200 {"total": 5, "completed": 0, "unassigned": 0, "synthetic": 0}`},
			{"nothing to do", assign, `{"user_ids": [$viewer], "images_per_task": 50}`, `200 {"assigned_jobs": true}`},
			{"made none", "GET ~/batches/$batch/", "", `200 {"total": 5}`},
			{"two free again", "PATCH ~/images/$d/", `{"job": null, "is_synthetic": true}`, `200 {"batch": $batch}`},
			{"counted", "GET ~/batches/$batch/", "", `200 {"unassigned": 1, "synthetic": 1}`},
			{"by a form, users twice", assign, `form user_ids=$viewer&user_ids=$owner&images_per_task=50`, `200 {"assigned_jobs": true}`},
			{"to the first", "GET ~/jobs/?page_size=1", "", `200 {"count": 6, "results": [{"assignee": {"id": $viewer}, "images": [$d]}]}`},
		})
	})
}

// TestJobs: what is read of a job follows its images.
func TestJobs(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const moment = `~^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$`
		old := c.db.Job.Create().SetDatasetID(c.Dataset.ID).SetBatchID(c.Batch.ID).SetAssigneeID(c.Users["assignee"].ID).
			SetCreatedAt(time.Now().Add(-50 * time.Hour)).SaveX(asSystem(t))
		c.names["job"] = fmt.Sprint(old.ID)
		c.converse(t, []fact{
			{
				"write", "POST ~/jobs/", `{}`,
				`201 {"id": "=empty", "owner": $owner, "assignee": null, "batch": null, "done": false, "reviewed": false, "timestamp": "` + moment + `", "created_at": "` + moment + `", "updated_at": "` + moment + `"}`,
			},
			{
				"no images", "GET ~/jobs/$empty/", "",
				`200 {"owner": {"id": $owner, "email": "~@", "first_name": "", "last_name": "", "is_active": true, "avatar": null}, "assignee": null, "batch": null, "frames": 0, "done_frames": 0,
				"reviewed_frames": 0, "duration": 0, "range": "No images", "start_range": null, "end_range": null, "current_image": null, "images": [], "timestamp": "` + moment + `"}`,
			},
			{"take an image", "PATCH ~/images/$image/", `{"job": $job}`, `200 {"job": $job}`},
			{"take another", "PATCH ~/images/$image3/", `{"job": $job}`, `200 {"job": $job}`},
			{
				"two images", "GET ~/jobs/$job/", "",
				`200 {"assignee": {"id": $assignee}, "batch": $batch, "frames": 2, "done_frames": 0, "reviewed_frames": 0, "duration": 2, "range": "$image-$image3",
				"start_range": $image, "end_range": $image3, "current_image": $image, "images": [$image, $image3]}`,
			},
			{"one is done", "PATCH ~/images/$image/", `{"done": true, "reviewed": true}`, `200 {"done": true}`},
			{"the other is current", "GET ~/jobs/$job/", "", `200 {"done_frames": 1, "reviewed_frames": 1, "current_image": $image3}`},
			{"both are done", "PATCH ~/images/$image3/", `{"done": true}`, `200 {"done": true}`},
			{"none is current", "GET ~/jobs/$job/", "", `200 {"done_frames": 2, "reviewed_frames": 1, "current_image": null, "done": false}`},
			{"done", "PATCH ~/jobs/$job/", `{"done": true}`, `200 {"done": true, "assignee": $assignee}`},
			{"completed", "GET ~/batches/$batch/", "", `200 {"total": 2, "completed": 1, "unassigned": 1}`},
		})
	})
}
