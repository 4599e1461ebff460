package rest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/testkit"
)

// ids are those of an answer's results, in their order.
func (c *client) ids(t *testing.T, request string) string {
	t.Helper()
	got := c.ask(t, "GET "+request, "")
	page, _ := got.json(t).(map[string]any)
	results, ok := page["results"].([]any)
	if !ok {
		return got.line()
	}
	var ids []string
	for _, row := range results {
		ids = append(ids, fmt.Sprint(row.(map[string]any)["id"]))
	}
	return strings.Join(ids, " ")
}

// TestPages of a list of five.
func TestPages(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.addImages(t, 2)
		const invalid = `404 {"detail": "Invalid page."}`
		var facts []fact
		for query, want := range map[string]string{
			"":                           `200 {"next": null, "previous": null, "count": 5, "page_size": 40}`,
			"?page=1":                    `200 {"next": null, "previous": null, "count": 5, "page_size": 40}`,
			"?page=&page_size=":          `200 {"next": null, "previous": null, "count": 5, "page_size": 40}`,
			"?page=last":                 `200 {"next": null, "previous": null, "count": 5, "page_size": 40}`,
			"?page_size=2":               `200 {"next": 2, "previous": null, "count": 5, "page_size": 2}`,
			"?page_size=2&page=2":        `200 {"next": 3, "previous": 1, "count": 5, "page_size": 2}`,
			"?page_size=2&page=3":        `200 {"next": null, "previous": 2, "count": 5, "page_size": 2}`,
			"?page_size=2&page=last":     `200 {"next": null, "previous": 2, "count": 5, "page_size": 2}`,
			"?page_size=5&page=last":     `200 {"next": null, "previous": null, "count": 5, "page_size": 5}`,
			"?page_size=1&page=5":        `200 {"next": null, "previous": 4, "count": 5, "page_size": 1}`,
			"?page_size=40":              `200 {"next": null, "page_size": 40}`,
			"?page_size=41":              `200 {"next": null, "page_size": 40}`,
			"?page_size=0":               `200 {"next": null, "page_size": 40}`,
			"?page_size=-1":              `200 {"next": null, "page_size": 40}`,
			"?page_size=abc":             `200 {"next": null, "page_size": 40}`,
			"?page_size=1.5":             `200 {"next": null, "page_size": 40}`,
			"?page_size=99999999999999":  `200 {"next": null, "page_size": 40}`,
			"?page=2":                    invalid,
			"?page_size=2&page=4":        invalid,
			"?page=0":                    invalid,
			"?page=-1":                   invalid,
			"?page=NaN":                  invalid,
			"?page=1.5":                  invalid,
			"?page=first":                invalid,
			"?page=99999999999999999999": invalid,
			"?page=2147483647":           invalid,
		} {
			facts = append(facts, fact{query, "GET ~/images/" + query, "", want})
			if strings.HasPrefix(want, "404") {
				facts = append(facts, fact{query + " of nothing", "GET /datasets/999999/images/" + query, "", want})
			}
		}
		c.refused(t, append(facts,
			fact{"last of nothing", "GET /datasets/999999/images/?page=last&page_size=3", "", `200 {"next": null, "previous": null, "count": 0, "page_size": 3, "results": []}`},
			fact{"users are no page", "GET /auth/users/?page=7&page_size=1", "", `200`},
		))
		all := strings.Fields(c.ids(t, "~/images/"))
		for query, want := range map[string][]string{"?page_size=2": all[:2], "?page_size=2&page=2": all[2:4], "?page_size=2&page=last": all[4:]} {
			if got := c.ids(t, "~/images/"+query); got != strings.Join(want, " ") {
				t.Errorf("%s: %s, want %s of %s", query, got, want, all)
			}
		}
	})
}

// addImages adds images to the dataset.
func (c *client) addImages(t *testing.T, n int) {
	t.Helper()
	for range n {
		c.Images = append(c.Images, testkit.Must(testkit.NewImage(c.DB.Client, c.Dataset).Save(asSystem(t)))(t))
	}
}

// TestOrderOfLists: newest first, and annotations in the order saved.
func TestOrderOfLists(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.converse(t, []fact{
			{"second batch", "POST ~/batches/", `{"name": "second"}`, `201 {"id": "=batch2"}`},
			{"second job", "POST ~/jobs/", `{}`, `201 {"id": "=job2"}`},
			{"second snapshot", "POST ~/snapshots/", `{"dataset": $dataset}`, `201 {"id": "=snapshot2"}`},
			{"second dataset", "POST /datasets/", `{"name": "a", "description": "b"}`, `201 {"id": "=dataset2"}`},
			{"last label first", "PATCH ~/labels/$label2/", `{"order": -1}`, `200`},
			{"labels of the dataset are by order", "GET ~/", "", `200 {"labels": [{"id": $label2}, {"id": $label}]}`},
			{
				"annotations", "POST ~/images/$image/annotations/batch/",
				`[{"id": "ffffffff-0000-4000-8000-000000000000", "label": $label2, "type": "dot", "data": {}}, {"id": "11111111-0000-4000-8000-000000000000", "label": $label, "type": "dot", "data": {}}]`,
				`201 [{"label": $label2}, {"label": $label}]`,
			},
			{"in the order saved", "GET ~/images/$image/annotations/", "", `200 {"results": [{"label": {"id": $label2}}, {"label": {"id": $label}}]}`},
			{"in the image too, and its labels by id", "GET ~/images/$image/", "", `200 {"annotations": [{"label": {"id": $label2}}, {"label": {"id": $label}}], "labels": [{"id": $label}, {"id": $label2}]}`},
		})
		for list, want := range map[string]string{
			"~/labels/":    "$label2 $label",
			"~/images/":    "$image3 $image2 $image",
			"~/batches/":   "$batch2 $batch",
			"~/jobs/":      "$job2 $job",
			"~/snapshots/": "$snapshot2 $snapshot",
			"/datasets/":   "$dataset2 $other_dataset $dataset",
		} {
			if got := c.ids(t, list); got != c.fill(t, want) {
				t.Errorf("%s: %s, want %s", list, got, c.fill(t, want))
			}
		}
	})
}

// TestFilters: each of every list, and what makes no sense.
func TestFilters(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.makeImagesDiffer(t)
		const noChoice = `["Select a valid choice. That choice is not one of the available choices."]`
		for request, want := range map[string]string{
			"~/images/?id=$image2":                    "$image2",
			"~/images/?id=0":                          "",
			"~/images/?name=$name1":                   "$image",
			"~/images/?name=" + "nothing":             "",
			"~/images/?prompt=a+boat":                 "$image",
			"~/images/?prompt=boat":                   "",
			"~/images/?negative_prompt=fog":           "$image2",
			"~/images/?generation_type=inpainting":    "$image3",
			"~/images/?generation_type=text2image":    "$image2 $image",
			"~/images/?is_synthetic=true":             "$image",
			"~/images/?is_synthetic=True&done=1":      "",
			"~/images/?is_synthetic=false":            "$image3 $image2",
			"~/images/?is_synthetic=maybe":            "$image3 $image2 $image",
			"~/images/?done=true":                     "$image2",
			"~/images/?done=0":                        "$image3 $image",
			"~/images/?reviewed=true":                 "$image3",
			"~/images/?job=$job":                      "$image",
			"~/images/?batch=$batch":                  "$image2 $image",
			"~/images/?batch=$batch&done=true":        "$image2",
			"~/images/?base_image=$image":             "$image3",
			"~/images/?base_image=$image2":            "",
			"~/images/?job=":                          "$image3 $image2 $image",
			"~/images/?done=&reviewed=&name=":         "$image3 $image2 $image",
			"~/images/?unknown=5&owner=x":             "$image3 $image2 $image",
			"~/images/?search=FIRST":                  "$image",
			"~/images/?search=first+shore":            "$image",
			"~/images/?search=first+nothing":          "",
			"~/images/?search=%25":                    "",
			"~/images/?ordering=id":                   "$image3 $image2 $image", // no order that there is
			"~/images/?ordering=created_at":           "$image $image2 $image3",
			"~/images/?ordering=-created_at":          "$image3 $image2 $image",
			"~/jobs/?owner=$owner":                    "$job",
			"~/jobs/?owner=$viewer":                   "",
			"~/jobs/?assignee=$assignee":              "$job",
			"~/jobs/?assignee=$owner":                 "$job2",
			"~/jobs/?batch=$batch":                    "$job",
			"~/jobs/?done=true":                       "$job2",
			"~/jobs/?done=false&reviewed=false":       "$job",
			"~/jobs/?reviewed=true":                   "",
			"~/jobs/?timestamp=2001-02-03T04:05:06Z":  "$job2",
			"~/jobs/?timestamp=2001-02-03T04:05:07Z":  "",
			"~/batches/?unassigned=1":                 "$batch",
			"~/batches/?unassigned=0":                 "$batch2",
			"~/batches/?unassigned_gt=0":              "$batch",
			"~/batches/?unassigned_gt=1":              "",
			"~/batches/?unassigned_gt=-1":             "$batch2 $batch",
			"~/batches/?workbench=false":              "$batch2",
			"~/batches/?workbench=true":               "$batch",
			"~/batches/?workbench=":                   "$batch2 $batch",
			"~/batches/?search=second":                "$batch2",
			"~/labels/?search=SAIL":                   "$label",
			"~/labels/?name=sail":                     "$label2 $label", // no filter there
			"~/labels/?ordering=-order":               "$label2 $label",
			"~/labels/?ordering=order":                "$label $label2",
			"/datasets/?name=":                        "$other_dataset $dataset",
			"/datasets/?name=anything":                "$other_dataset $dataset",
			"/datasets/?search=oat":                   "$other_dataset $dataset",
			"/datasets/?search=goat":                  "",
			"/datasets/?ordering=created_at,name":     "$dataset $other_dataset",
			"~/snapshots/?search=v1":                  "$snapshot",
			"~/images/$image2/annotations/?x=y":       "$annotation2 $annotation4",
			"~/images/?job=999999":                    `400 {"job":` + noChoice + `}`,
			"~/images/?job=$foreign_job":              `400 {"job":` + noChoice + `}`,
			"~/images/?batch=$foreign_batch":          `400 {"batch":` + noChoice + `}`,
			"~/images/?base_image=$foreign_image":     `400 {"base_image":` + noChoice + `}`,
			"~/images/?base_image=abc":                `400 {"base_image":` + noChoice + `}`,
			"~/images/?batch=0":                       `400 {"batch":` + noChoice + `}`,
			"~/images/?batch=99999999999999999999":    `400 {"batch":` + noChoice + `}`,
			"~/images/?batch=1.5&job=x":               `400 {"batch":` + noChoice + `,"job":` + noChoice + `}`,
			"~/images/?batch=999999&job=999999":       `400 {"batch":` + noChoice + `,"job":` + noChoice + `}`,
			"~/images/?batch=999999&job=x":            `400 {"batch":` + noChoice + `,"job":` + noChoice + `}`,
			"~/images/?name=%00":                      `400 {"name":["Null characters are not allowed."]}`,
			"~/images/?search=first%00":               "$image",
			"~/images/?search=%ff":                    "",
			"~/images/?name=%ff":                      "",
			"~/images/?batch=%ff":                     `400 {"batch":` + noChoice + `}`,
			"~/images/?search=%00":                    "$image3 $image2 $image",
			"~/images/?batch=$other_batch":            "",
			"~/jobs/?assignee=$foreign_owner":         `400 {"assignee":` + noChoice + `}`,
			"~/jobs/?owner=abc&batch=$foreign_batch":  `400 {"batch":` + noChoice + `,"owner":` + noChoice + `}`,
			"~/images/?id=x":                          `400 {"id":["Enter a number."]}`,
			"~/batches/?unassigned=x&unassigned_gt=y": `400 {"unassigned":["Enter a number."],"unassigned_gt":["Enter a number."]}`,
		} {
			if got := c.ids(t, request); got != c.fill(t, want) {
				t.Errorf("%s: %s, want %s", request, got, c.fill(t, want))
			}
		}
	})
}

// makeImagesDiffer changes each of the world's images in another way, and adds a batch and a job.
func (c *client) makeImagesDiffer(t *testing.T) {
	t.Helper()
	ctx := asSystem(t)
	first, second, third := c.Images[0], c.Images[1], c.Images[2]
	c.db.Image.UpdateOneID(first.ID).SetPrompt("a boat").SetIsSynthetic(true).SetOriginalName("First at the Shore.png").ExecX(ctx)
	c.db.Image.UpdateOneID(second.ID).SetNegativePrompt("fog").SetDone(true).ExecX(ctx)
	c.db.Image.UpdateOneID(third.ID).SetGenerationType("inpainting").SetReviewed(true).SetBaseImageID(first.ID).ExecX(ctx)
	batch := c.db.Batch.Create().SetDatasetID(c.Dataset.ID).SetName("second").SetWorkbench(false).SaveX(ctx)
	job := c.db.Job.Create().SetDatasetID(c.Dataset.ID).SetAssigneeID(c.Users["owner"].ID).SetDone(true).
		SetCreatedAt(time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)).SaveX(ctx)
	c.names["name1"] = first.Name
	c.names["batch2"], c.names["job2"] = fmt.Sprint(batch.ID), fmt.Sprint(job.ID)
	c.names["annotation4"] = fmt.Sprint(c.Drawn[3].ID)
}

// TestMoments: filters by time take a day, a time with and without a zone, and a plus that was not escaped.
func TestMoments(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		ctx := asSystem(t)
		for i, at := range []string{"2024-05-01T00:00:00Z", "2024-05-01T12:30:00.25Z", "2024-05-02T00:00:00Z"} {
			created := testkit.Must(time.Parse(time.RFC3339, at))(t)
			batch := c.db.Batch.Create().SetDatasetID(c.Dataset.ID).SetName("b").SetCreatedAt(created).SaveX(ctx)
			c.names[fmt.Sprint("b", i+1)] = fmt.Sprint(batch.ID)
		}
		c.check(t, fact{"only these", "DELETE ~/batches/$batch/", "", `204`})
		const wrong = `400 {"created_at__gte":["Enter a valid date/time."]}`
		for query, want := range map[string]string{
			"created_at__gte=2024-05-01":                                     "$b3 $b2 $b1",
			"created_at__gt=2024-05-01":                                      "$b3 $b2",
			"created_at__lt=2024-05-02":                                      "$b2 $b1",
			"created_at__lte=2024-05-02":                                     "$b3 $b2 $b1",
			"created_at=2024-05-01":                                          "$b1",
			"created_at=2024-05-01T12:30:00.250000Z":                         "$b2",
			"created_at__gte=2024-05-01T12:30:00Z":                           "$b3 $b2",
			"created_at__gte=2024-05-01T12:31":                               "$b3",
			"created_at__gte=2024-05-01 12:31:00":                            "$b3",
			"created_at__gte=2024-05-01T14:30:00+02:00":                      "$b3 $b2",
			"created_at__gte=2024-05-02T00:00:00+00:00":                      "$b3",
			"created_at__gte=2024-05-01T22:00:00-02:00":                      "$b3",
			"created_at__gte=2024-05-01&created_at__lt=2024-05-01T12:00:00Z": "$b1",
			"created_at__gte=":                                               "$b3 $b2 $b1",
			"updated_at__gte=2024-05-03":                                     "$b3 $b2 $b1",
			"updated_at__lt=2024-05-03":                                      "",
			"created_at__gte=0001-01-01T00:00:00Z":                           "$b3 $b2 $b1",
			"created_at__gte=9999-12-31T23:59:59Z":                           "",
			"created_at__gte=yesterday":                                      wrong,
			"created_at__gte=2024-13-01":                                     wrong,
			"created_at__gte=2024-05-01T25:00":                               wrong,
			"created_at__gte=5":                                              wrong,
		} {
			escaped := url.PathEscape(query)
			for _, q := range []string{strings.ReplaceAll(query, " ", "%20"), strings.ReplaceAll(escaped, "+", "%2B")} {
				if got := c.ids(t, "~/batches/?"+q); got != c.fill(t, want) {
					t.Errorf("%s: %s, want %s", q, got, c.fill(t, want))
				}
			}
		}
	})
}
