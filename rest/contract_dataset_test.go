package rest_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestDatasets: what is read of a dataset follows what is in it.
func TestDatasets(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		weight := int64(3000) // of the three that are there
		for _, tt := range []struct {
			size int64
			want string
		}{
			{3000, "0.00 MB"}, {1_234_567, "1.23 MB"}, {999_000_000, "999.00 MB"}, {1_000_000_000, "1.00 GB"}, {12_345_678_900, "12.35 GB"},
		} {
			if tt.size > weight {
				c.Images = append(c.Images, testkit.NewImage(c.DB.Client, c.Dataset).SetSize(tt.size-weight).SaveX(asSystem(t)))
				weight = tt.size
			}
			c.check(t, fact{tt.want, "GET ~/", "", `200 {"total_weight": "` + tt.want + `"}`})
		}
		c.names["newest"] = fmt.Sprint(c.Images[len(c.Images)-1].ID)
		c.converse(t, []fact{
			{"the newest image", "GET ~/", "", `200 {"id": $dataset, "name": "$name", "description": "", "num_images": 7, "num_labels": 2, "thumbnail": {"id": $newest, "name": "~png$", "annotations": [], "labels": []}}`},
			{"an empty one", "POST /datasets/", `{"name": "a", "description": "b"}`, `201 {"id": "=empty", "num_images": 0, "num_labels": 0, "total_weight": "0.00 MB", "thumbnail": null, "labels": []}`},
			{"as many as there are", "GET /datasets/?page_size=1", "", `200 {"count": 3, "next": 2, "results": [{"id": $empty}]}`},
			{"me", "GET /auth/user/", "", `200 {"email": "~@", "first_name": "", "last_name": ""}`},
			{"the root", "GET /", "", `200 {"datasets": "http://example.com/api/v1/datasets/"}`},
		})
		users, _ := c.ask(t, "GET /auth/users/", "").json(t).([]any)
		if len(users) != len(c.Users)-1 { // all but the one of another workspace
			t.Errorf("%d users: %v", len(users), users)
		}
	})
}

// TestCharts count annotations and images, of both kinds.
func TestCharts(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const pie = `200 [{"name": "synthetic", "value": %d, "color": "#111411"}, {"name": "real", "value": %d, "color": "#905ef8"}]`
		c.db.Annotation.UpdateOneID(c.Drawn[0].ID).SetIsSynthetic(true).ExecX(asSystem(t))
		c.db.Image.UpdateOneID(c.Images[1].ID).SetIsSynthetic(true).ExecX(asSystem(t))
		c.converse(t, []fact{
			{"labels by id", "PATCH ~/labels/$label2/", `{"order": -1}`, `200`},
			{"one more on the first image", "POST ~/images/$image/annotations/", `{"label": $label, "type": "dot", "data": {}}`, `201`},
			{"a label of nothing", "POST ~/labels/", `{"name": "buoy", "color": "red"}`, `201`},
			{"annotations", "GET ~/pie_chart/", "", fmt.Sprintf(pie, 1, 4)},
			{"annotations by label", "GET ~/bar_chart/", "", `200 [{"name": "sail", "real": 2, "synthetic": 1}, {"name": "cargo", "real": 2, "synthetic": 0}, {"name": "buoy", "real": 0, "synthetic": 0}]`},
			{"images", "GET ~/image_pie_chart/", "", fmt.Sprintf(pie, 1, 2)},
			{"images by label", "GET ~/image_bar_chart/", "", `200 [{"name": "sail", "real": 1, "synthetic": 1}, {"name": "cargo", "real": 1, "synthetic": 1}, {"name": "buoy", "real": 0, "synthetic": 0}]`},
			{"an empty dataset", "POST /datasets/", `{"name": "a", "description": "b"}`, `201 {"id": "=empty"}`},
			{"its pie", "GET /datasets/$empty/pie_chart/", "", fmt.Sprintf(pie, 0, 0)},
			{"its bars", "GET /datasets/$empty/image_bar_chart/", "", `200 []`},
		})
	})
}

// TestSnapshots: the archive is loaded from where the answer says, and holds the dataset.
func TestSnapshots(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		jpg := encoded(t, "jpg")
		c.converse(t, []fact{
			{"a dataset", "POST /datasets/", `{"name": "a", "description": "b"}`, `201 {"id": "=dataset"}`},
			{"sail", "POST ~/labels/", `{"name": "sail \"tall\": é", "color": "red", "order": 2}`, `201 {"id": "=sail"}`},
			{"cargo", "POST ~/labels/", `{"name": "cargo", "color": "red", "order": 1}`, `201 {"id": "=cargo"}`},
			{"a PNG", "POST ~/images/", `{"image": "$png"}`, `201 {"id": "=first", "name": "=png_name"}`},
			{"a JPEG", "POST ~/images/", `{"image": "` + dataURL("image/png", jpg) + `"}`, `201 {"id": "=second", "name": "=jpg_name"}`},
			{
				"shapes", "POST ~/images/$first/annotations/batch/",
				`[{"label": $sail, "type": "bounding_box", "data": {"point": [0.1, 0.2], "width": 0.4, "height": 0.2}},
				{"label": $cargo, "type": "polygon", "data": {"left": 0.2, "top": 0.1, "points": [[0.25, 0.5], [0.75, 0.5], [0.5, 0.75]]}},
				{"label": $cargo, "type": "note", "data": {"text": "x"}}]`, `201`,
			},
			{"make", "POST ~/generate_snapshot", `{}`, `200 {"dataset_id": $dataset, "snapshot_id": "=made", "snapshot_url": "=url"}`},
			{"read", "GET ~/snapshots/$made/", "", `200 {"id": $made, "dataset": $dataset, "file": "=file", "timestamp": "~Z$"}`},
			{"list", "GET ~/snapshots/", "", `200 {"count": 1, "results": [{"id": $made, "file": "~^http://example.com/media/snapshots/"}]}`},
			{"by hand", "POST ~/snapshots/", `{"dataset": $dataset}`, `201 {"dataset": $dataset, "file": null}`},
		})
		if want := "media/snapshots/dataset_" + c.names["dataset"] + "__snapshot_" + c.names["made"] + ".zip?"; !strings.HasPrefix(c.names["url"], want) {
			t.Errorf("url %s, want %s…", c.names["url"], want)
		}
		stem := func(name string) string { return strings.TrimSuffix(strings.TrimSuffix(name, ".png"), ".jpg") }
		first, second := c.names["png_name"], c.names["jpg_name"]
		want := map[string]string{
			"data.yaml":                             "train: train/images\nval: train/images\nnc: 2\nnames:\n  0: \"cargo\"\n  1: \"sail \\\"tall\\\": é\"\n",
			"train/images/" + first:                 string(onePixel),
			"train/images/" + second:                string(jpg),
			"train/labels/" + stem(first) + ".txt":  "1 0.3 0.3 0.4 0.2\n0 0.5 0.625 0.5 0.25\n",
			"train/labels/" + stem(second) + ".txt": "",
		}
		for _, path := range []string{"/" + c.names["url"], strings.TrimPrefix(c.names["file"], "http://example.com")} {
			if diff := cmp.Diff(want, c.unzip(t, path)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		bare, _, _ := strings.Cut(c.names["url"], "?")
		if got := c.send(t, "", "GET", "/"+bare, "", http.NoBody); got.status < http.StatusBadRequest {
			t.Errorf("whoever guesses the path gets %s", got.line())
		}
	})
}

// unzip loads an archive without a header, and returns its files.
func (c *client) unzip(t *testing.T, path string) map[string]string {
	t.Helper()
	got := c.send(t, "", "GET", path, "", http.NoBody)
	archive := testkit.Must(zip.NewReader(bytes.NewReader([]byte(got.body)), int64(len(got.body))))(t)
	files := map[string]string{}
	for _, f := range archive.File {
		file := testkit.Must(f.Open())(t)
		files[f.Name] = string(testkit.Must(io.ReadAll(file))(t))
	}
	return files
}

// TestWholeLists: those that are no pages have all rows, however many there are.
func TestWholeLists(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const many = 600
		ctx := asSystem(t)
		c.db.Annotation.MapCreateBulk(make([]int, many), func(create *ent.AnnotationCreate, i int) {
			create.SetDataset(c.Dataset).SetImage(c.Images[2]).SetLabel(c.Labels[0]).SetType("dot").SetData(rawjson.Object(`{}`)).SetPosition(int64(i))
		}).ExecX(ctx)
		c.db.Label.MapCreateBulk(make([]int, many), func(create *ent.LabelCreate, i int) {
			create.SetDataset(c.Dataset).SetName(fmt.Sprint("label ", i)).SetColor("red").SetOrder(i)
		}).ExecX(ctx)
		c.db.Image.Update().SetJobID(c.Job.ID).SetBaseImageID(c.Images[0].ID).ExecX(ctx)
		dataset, _ := c.ask(t, "GET ~/", "").json(t).(map[string]any)
		image, _ := c.ask(t, "GET ~/images/$image3/", "").json(t).(map[string]any)
		bars, _ := c.ask(t, "GET ~/bar_chart/", "").json(t).([]any)
		for name, list := range map[string]any{"labels": dataset["labels"], "annotations": image["annotations"], "bars": bars} {
			if rows, _ := list.([]any); len(rows) < many {
				t.Errorf("%d %s, want %d", len(rows), name, many)
			}
		}
		c.converse(t, []fact{
			{"pages of labels", "GET ~/labels/?page=last", "", `200 {"count": 602, "previous": 15, "next": null}`},
			{"pages of annotations", "GET ~/images/$image3/annotations/?page=last", "", `200 {"count": 600, "previous": 14, "next": null}`},
			{"in lists of images too", "GET ~/images/?page_size=1", "", `200 {"results": [{"id": $image3, "labels": [{"id": $label}]}]}`},
		})
	})
}
