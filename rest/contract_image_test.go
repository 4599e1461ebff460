package rest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

// encoded is a picture in a format.
func encoded(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, 3, 2))
	encode := map[string]func() error{
		"jpg": func() error { return jpeg.Encode(&b, picture, nil) },
		"gif": func() error { return gif.Encode(&b, picture, nil) },
	}[format]
	if err := encode(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPictures: the bytes decide what a picture is, and its URL loads without a header.
func TestPictures(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		jpg, gif := encoded(t, "jpg"), encoded(t, "gif")
		for name, tt := range map[string]struct {
			text      string
			content   []byte
			extension string
			mime      string
		}{
			"a PNG":             {dataURL("image/png", onePixel), onePixel, "png", "image/png"},
			"a JPEG":            {dataURL("image/jpeg", jpg), jpg, "jpg", "image/jpeg"},
			"a GIF":             {dataURL("image/gif", gif), gif, "gif", "image/gif"},
			"a JPEG said a PNG": {dataURL("image/png", jpg), jpg, "jpg", "image/jpeg"},
			"said a text":       {dataURL("text/plain;charset=x", onePixel), onePixel, "png", "image/png"},
			"no type":           {dataURL("", onePixel), onePixel, "png", "image/png"},
			"bare base64":       {base64.StdEncoding.EncodeToString(onePixel), onePixel, "png", "image/png"},
			"without padding":   {base64.RawStdEncoding.EncodeToString(gif), gif, "gif", "image/gif"},
		} {
			got := c.sendJSON(t, c.key, "POST", c.target(t, "~/images/"), map[string]any{"image": tt.text})
			c.compare(t, name, got, `201 {"id": "=made", "image": "=url", "name": "~^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.`+tt.extension+`$",
				"extension": "`+tt.extension+`", "labels": [], "annotations": [], "base_image": null, "derivatives": [], "prompt": "", "negative_prompt": "",
				"generation_type": "text2image", "extra_information": {}, "is_synthetic": false, "done": false, "reviewed": false, "job": null, "batch": null,
				"total_weight": "0.00 MB"}`)
			c.loads(t, name, c.names["url"], tt.content, tt.mime)
			c.check(t, fact{name + ", read", "GET ~/images/$made/", "", `200 {"image": "=again"}`})
			c.loads(t, name, c.names["again"], tt.content, tt.mime)
		}
		for name, text := range map[string]string{
			"not a picture": dataURL("image/png", []byte("hello")), "not base64": "data:image/png;base64,***", "no base64": "data:image/png,abc",
			"cut off": dataURL("image/png", onePixel[:40]), "a URL": "https://example.com/a.png", "SVG": dataURL("image/svg+xml", []byte("<svg/>")),
		} {
			got := c.sendJSON(t, c.key, "POST", c.target(t, "~/images/"), map[string]any{"image": text})
			if !strings.HasPrefix(got.line(), `400 {"image":["`) {
				t.Errorf("%s: %s", name, got.line())
			}
		}
	})
}

// loads complains unless a URL answers with the content, to whom it is not known who asks.
func (c *client) loads(t *testing.T, name, url string, content []byte, mime string) {
	t.Helper()
	path, ok := strings.CutPrefix(url, "http://example.com/")
	if !ok {
		t.Fatalf("%s: no URL of this server: %s", name, url)
	}
	got := c.send(t, "", "GET", "/"+path, "", http.NoBody)
	if got.status != http.StatusOK || got.body != string(content) || got.header.Get("Content-Type") != mime {
		t.Errorf("%s: %s answers %d, %s and %d bytes, want %s and %d", name, url, got.status, got.header.Get("Content-Type"), len(got.body), mime, len(content))
	}
}

// TestPictureStays: it can be sent back as it was read, and is not replaced.
func TestPictureStays(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.refused(t, []fact{
			{"another", "PATCH ~/images/$image/", `{"image": "$png"}`, `400 {"image": ["The picture of an image cannot be replaced. Add another image instead."]}`},
			{"null", "PATCH ~/images/$image/", `{"image": null}`, `400 {"image": ` + isNull + `}`},
		})
	})
}

// TestDeletions, and what becomes of what hangs on the rows.
func TestDeletions(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.converse(t, []fact{
			{"a derivative", "POST ~/images/", `{"image": "$png", "base_image": $image3}`, `201 {"id": "=derived", "base_image": $image3}`},
			{"of the base", "GET ~/images/$image3/", "", `200 {"derivatives": [$derived]}`},
			{"delete the base", "DELETE ~/images/$image3/", "", `204`},
			{"gone", "GET ~/images/$image3/", "", notFound},
			{"gone twice", "DELETE ~/images/$image3/", "", notFound},
			{"the derivative stays", "GET ~/images/$derived/", "", `200 {"base_image": null}`},

			{"delete a label", "DELETE ~/labels/$label/", "", `204`},
			{"its annotations are gone", "GET ~/images/$image/", "", `200 {"annotations": [{"label": {"id": $label2}}], "labels": [{"id": $label2}]}`},
			{"one of them", "GET ~/images/$image/annotations/$annotation/", "", notFound},
			{"the other label stays", "GET ~/", "", `200 {"labels": [{"id": $label2}], "num_labels": 1, "num_images": 3}`},

			{"delete a job", "DELETE ~/jobs/$job/", "", `204`},
			{"its images are free", "GET ~/images/$image/", "", `200 {"job": null, "batch": $batch}`},
			{"and unassigned", "GET ~/batches/$batch/", "", `200 {"total": 0, "unassigned": 2}`},

			{"a job of the batch", "POST ~/jobs/", `{"batch": $batch}`, `201 {"id": "=job2"}`},
			{"delete the batch", "DELETE ~/batches/$batch/", "", `204`},
			{"its images are gone", "GET ~/images/", "", `200 {"count": 1, "results": [{"id": $derived}]}`},
			{"its jobs too", "GET ~/jobs/$job2/", "", notFound},

			{"delete an annotation", "POST ~/images/$derived/annotations/", `{"label": $label2, "type": "dot", "data": {}}`, `201 {"id": "=dot"}`},
			{"that is there", "DELETE ~/images/$derived/annotations/$dot", "", `204`},
			{"and is not any more", "GET ~/images/$derived/annotations/", "", `200 {"count": 0}`},
			{"delete a snapshot", "DELETE ~/snapshots/$snapshot/", "", `204`},
			{"delete the dataset", "DELETE ~/", "", `204`},
			{"with all that is in it", "GET ~/images/", "", emptyPage},
		})
	})
}

// TestZip of pictures, in base64 and as a file.
func TestZip(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for name, send := range map[string]func(archive []byte) reply{
			"base64": func(archive []byte) reply {
				return c.sendJSON(t, c.key, "POST", c.target(t, "~/images/zip/"), map[string]any{"zip_file": base64.StdEncoding.EncodeToString(archive)})
			},
			"data URL": func(archive []byte) reply {
				return c.sendJSON(t, c.key, "POST", c.target(t, "~/images/zip/"), map[string]any{"zip_file": dataURL("application/zip", archive)})
			},
			"multipart": func(archive []byte) reply {
				contentType, body := multipartBody(t, nil, map[string][]byte{"zip_file": archive})
				return c.send(t, c.key, "POST", c.target(t, "~/images/zip"), contentType, body)
			},
		} {
			archive := testkit.Zip(name+"/été.png", onePixel)
			const result = `{"name": "%s/été.png", "status": "%s", "message": null, "image": "=made"}`
			c.compare(t, name, send(archive), fmt.Sprintf(`201 {"created": 1, "results": [`+result+`]}`, name, "CREATED"))
			c.compare(t, name+" again", send(archive), fmt.Sprintf(`201 {"created": 0, "results": [`+result+`]}`, name, "DUPLICATE"))
			c.check(t, fact{name, "GET ~/images/$made/", "", `200 {"extension": "png", "original_name": "été.png"}`})
		}
		c.names["mixed"] = base64.StdEncoding.EncodeToString(testkit.Zip("note.png", []byte("hello")))
		c.converse(t, []fact{
			{"no picture in it", "POST ~/images/zip/", `{"zip_file": "$mixed"}`, `201 {"created": 0, "results": [{"name": "note.png", "status": "INVALID", "message": "~.", "image": null}]}`},
			{"no zip", "POST ~/images/zip/", `{"zip_file": "aGVsbG8="}`, `400`},
		})
	})
}
