package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestFloods: bodies that are large where nothing needs to be are refused at once, before they are taken apart.
func TestFloods(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const (
			n     = 2_000_000
			token = "POST /auth/token/"
			batch = "POST ~/images/$image/annotations/batch/"
		)
		escapes := strings.Repeat(`\u0041`, n)
		for _, f := range []fact{
			{"escapes of nobody", token, `{"username":"` + escapes + `","password":"x"}`, `413`},
			{"escapes of a member", "POST ~/labels/", `{"name":"` + escapes + `","color":"red"}`, `400 {"name":["Ensure this field has no more than 100 characters."]}`},
			{"a list of nothing", batch, "[" + strings.Repeat("1,", n) + "1]", `400 {"error":"The list has more than 10000 items."}`},
			{"a list of wrong items", batch, "[" + strings.Repeat("1,", 9_998) + "1]", `400`},
			{"a list of empty items", batch, "[" + strings.Repeat("{},", 9_998) + "{}]", `400`},
			{"a list of keys", "POST ~/batches/$batch/assign/", `{"images_per_task":1,"user_ids":[` + strings.Repeat("1,", n) + "1]}", `400 {"message":"user_ids: Ensure this field has no more than 10000 elements."}`},
			{"members that are not known", "POST ~/labels/", `{` + strings.Repeat(`"x":1,`, n) + `"name":"x"}`, `400 {"color":["This field is required."]}`},
		} {
			c.check(t, f)
		}
	})
}

// TestReplacedAtOnce: whoever replaces the annotations of an image is answered with what they have sent, also when
// others replace them at the same moment.
func TestReplacedAtOnce(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const savers, boxes = 40, 3
		box := c.fill(t, `{"type":"bounding_box","label":$label,"data":{"point":[0.1,0.2],"width":0.3,"height":0.4}}`)
		list := "[" + strings.Repeat(box+",", boxes-1) + box + "]"
		var savings sync.WaitGroup
		for i := range savers {
			savings.Go(func() {
				request, body, want := "POST ~/images/$image/annotations/batch/", list, boxes
				if i%4 == 0 {
					request, body = "POST ~/images/$image/annotations/", box
				}
				got := c.ask(t, request, body)
				if got.status != http.StatusCreated {
					t.Errorf("%s: %s", request, got.line())
					return
				}
				var rows []struct{ Label any }
				if i%4 != 0 && (json.Unmarshal([]byte(got.body), &rows) != nil || len(rows) != want) {
					t.Errorf("%d rows: %s", len(rows), got.line())
				}
			})
		}
		savings.Wait()
	})
}

// TestReadShapesComeBack: what clients have read can be sent as it is.
func TestReadShapesComeBack(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.check(t, fact{"", "PATCH /datasets/$dataset/", `{"description":"boats"}`, "200"})
		for _, path := range []string{
			"/datasets/$dataset/", "~/labels/$label/", "~/images/$image/", "~/images/$image/annotations/$annotation/", "~/batches/$batch/", "~/jobs/$job/",
		} {
			read := c.ask(t, "GET "+path, "")
			if got := c.ask(t, "PUT "+path, read.body); got.status != http.StatusOK {
				t.Errorf("PUT %s: %s", path, got.line())
			}
			if path != "~/jobs/$job/" {
				c.compare(t, path, c.ask(t, "GET "+path, ""), "200 "+read.body)
			}
		}
		annotations := c.annotations(t)
		if got := c.ask(t, "POST ~/images/$image/annotations/batch/", annotations); got.status != http.StatusCreated {
			t.Errorf("annotations of an image: %s", got.line())
		}
		if after := c.annotations(t); after != annotations {
			t.Errorf("annotations after they were sent back: %s, before: %s", after, annotations)
		}
	})
}

// annotations are those of an image as clients read them.
func (c *client) annotations(t *testing.T) string {
	t.Helper()
	var image struct{ Annotations json.RawMessage }
	if err := json.Unmarshal([]byte(c.ask(t, "GET ~/images/$image/", "").body), &image); err != nil {
		t.Fatal(err)
	}
	return string(image.Annotations)
}

// TestBlankInputs: what a form leaves empty and need not say is left as it is.
func TestBlankInputs(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for _, f := range []fact{
			{"a label", "POST ~/labels/", "form name=a&color=red&order=&prompt=&negative_prompt=", `201 {"order":0,"prompt":""}`},
			{"a name", "POST ~/labels/", "form name=&color=red", `400 {"name":["This field may not be blank."]}`},
			{"a name, changed", "PATCH ~/labels/$label/", "form name=&color=blue", `400 {"name":["This field may not be blank."]}`},
			{"an image", "PATCH ~/images/$image/", "form is_synthetic=&extra_information=&generation_type=&job=", `200 {"is_synthetic":false,"generation_type":"text2image","job":null}`},
		} {
			c.check(t, f)
		}
	})
}
