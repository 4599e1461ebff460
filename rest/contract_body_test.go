package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

// TestBodies that are malformed, empty or not what is asked for.
func TestBodies(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		const label, batch = "~/labels/", "~/images/$image/annotations/batch/"
		type body struct{ path, contentType, body, want string }
		const (
			missing    = `400 {"color":["This field is required."],"name":["This field is required."]}`
			parseError = `400 {"detail":"JSON parse error - `
			form       = "application/x-www-form-urlencoded"
		)
		before := c.Dump(t)
		for name, tt := range map[string]body{
			"empty":                    {label, "application/json", "", missing},
			"empty, no type":           {label, "", "", missing},
			"blank":                    {label, "application/json", " \n", missing},
			"empty object":             {label, "application/json; charset=utf-8", "{}", missing},
			"empty form":               {label, form, "", missing},
			"cut off":                  {label, "application/json", `{"name": `, parseError},
			"more behind":              {label, "application/json", `{} x`, parseError},
			"single quotes":            {label, "application/json", `{'name': 'x'}`, parseError},
			"NaN":                      {label, "application/json", `{"order": NaN}`, parseError},
			"invalid UTF-8":            {label, "application/json", "{\"name\": \"\xff\"}", parseError},
			"NUL bytes":                {label, "application/json", "\x00", parseError},
			"deep":                     {label, "application/json", strings.Repeat("[", 20000), parseError},
			"a list":                   {label, "application/json", `[{}]`, `400 {"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
			"a number":                 {label, "application/json", `5`, `400 {"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}`},
			"a text":                   {label, "application/json", `"x"`, `400 {"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}`},
			"a truth":                  {label, "application/json", `true`, `400 {"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]}`},
			"null":                     {label, "application/json", `null`, `400 {"non_field_errors":["Invalid data. Expected a dictionary, but got NoneType."]}`},
			"plain text":               {label, "text/plain", `{}`, `415 {"detail":"Unsupported media type \"text/plain\" in request."}`},
			"XML":                      {label, "application/xml; charset=utf-8", `<x/>`, `415 {"detail":"Unsupported media type \"application/xml; charset=utf-8\" in request."}`},
			"no media type":            {label, "/", `{}`, `415 {"detail":"Unsupported media type \"/\" in request."}`},
			"no boundary":              {label, "multipart/form-data", `x`, `400 {"detail":"Multipart form parse error - `},
			"another boundary":         {label, "multipart/form-data; boundary=x", `y`, `400 {"detail":"Multipart form parse error - `},
			"malformed form":           {label, form, `name=%zz`, `400 {"detail":"`},
			"NUL in a form":            {label, form, `name=a%00&color=x`, `400 {"name":["Null characters are not allowed."]}`},
			"invalid UTF-8, form":      {label, form, "name=%ff&color=x", `400 {"name":["Not a valid string."]}`},
			"invalid UTF-8, multipart": {label, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=name\r\n\r\n\xff\r\n--x\r\nContent-Disposition: form-data; name=color\r\n\r\nred\r\n--x--\r\n", `400 {"name":["Not a valid string."]}`},
			"a file for a text":        {label, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=name; filename=a\r\n\r\nb\r\n--x\r\nContent-Disposition: form-data; name=color\r\n\r\nred\r\n--x--\r\n", `400 {"name":["Not a valid string."]}`},
			"no picture in a file":     {"~/images/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\nhello\r\n--x--\r\n", `400 {"image":["`},
			"an empty file":            {"~/images/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\n\r\n--x--\r\n", `400 {"image":["`},
			"no file":                  {"~/images/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=image; filename=\"\"\r\n\r\n\r\n--x--\r\n", `400 {"image":["No file was submitted."]}`},
			"replace: object":          {batch, "application/json", `{"type": "dot"}`, `400 {"error":"Data should be a list of annotations."}`},
			"replace: empty":           {batch, "application/json", ``, `400 {"error":"Data should be a list of annotations."}`},
			"replace: number":          {batch, "application/json", `5`, `400 {"error":"Data should be a list of annotations."}`},
			"replace: null":            {batch, "application/json", `null`, `400 {"error":"Data should be a list of annotations."}`},
			"replace: form":            {batch, form, `a=b`, `400 {"error":"Data should be a list of annotations."}`},
			"replace: malformed":       {batch, "application/json", `[`, `400 {"error":"JSON parse error - `},
			"replace: no objects":      {batch, "application/json", `[5, null, []]`, `400 {"error":"annotations[0]: Invalid data. Expected a dictionary, but got int.; annotations[1]: `},
			"replace: wrong fields":    {batch, "application/json", `[{"label": $label, "type": "", "data": 5}]`, `400 {"error":"annotations[0].type: This field may not be blank.; annotations[0].data: `},
			"replace: no label":        {batch, "application/json", `[{"type": "dot", "data": {}}]`, `400 {"error":"annotations[0].label: This field is required."}`},
			"assign: malformed":        {"~/batches/$batch/assign/", "application/json", `{`, `400 {"message":"JSON parse error - `},
			"assign: list":             {"~/batches/$batch/assign/", "application/json", `[]`, `400 {"message":"`},
		} {
			got := c.send(t, c.key, "POST", c.target(t, tt.path), tt.contentType, strings.NewReader(c.fill(t, tt.body)))
			if !strings.HasPrefix(got.line(), tt.want) {
				t.Errorf("%s: %s, want %s", name, got.line(), tt.want)
			}
		}
		if after := c.Dump(t); len(before) != len(after) {
			t.Errorf("%d rows have become %d", len(before), len(after))
		}
	})
}

// TestBodyOfEachKind makes and changes one of each kind of row, in JSON and in both kinds of form.
func TestBodyOfEachKind(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for request, tt := range map[string]struct {
			fields map[string]string // as forms have them
			want   string
		}{
			"POST /datasets/":                   {map[string]string{"name": "Schärenboot", "description": "é"}, `201 {"name": "Schärenboot", "description": "é"}`},
			"PUT ~/":                            {map[string]string{"name": "boats", "description": "d"}, `200 {"description": "d"}`},
			"PATCH ~/":                          {map[string]string{"name": "b"}, `200 {"name": "b"}`},
			"POST ~/labels/":                    {map[string]string{"name": "buoy", "color": "#f00", "order": "2"}, `201 {"name": "buoy", "color": "#f00", "order": 2}`},
			"PUT ~/labels/$label/":              {map[string]string{"name": "buoy", "color": "#f00"}, `200 {"name": "buoy", "color": "#f00"}`},
			"PATCH ~/labels/$label/":            {map[string]string{"order": "-5"}, `200 {"order": -5}`},
			"POST ~/images/":                    {map[string]string{"image": "$png", "extra_information": `{"_": {"seed": [7]}}`, "done": "true"}, `201 {"extra_information": {"_": {"seed": [7]}}, "done": true}`},
			"PUT ~/images/$image/":              {map[string]string{"image": "http://x/y.png", "prompt": "p"}, `200 {"prompt": "p"}`},
			"PATCH ~/images/$image/":            {map[string]string{"is_synthetic": "on", "extra_information": `{}`}, `200 {"is_synthetic": true, "extra_information": {}}`},
			"POST ~/images/zip/":                {map[string]string{"zip_file": "$zip"}, `201 {"results": [{"name": "a.png", "image": "=zipped"}]}`}, // the first made it, the others find it
			"POST ~/images/$image/annotations/": {map[string]string{"type": "dot", "label": "$label", "data": `{"x": 0.5}`}, `201 {"type": "dot", "data": {"x": 0.5}, "label": {"id": $label}}`},
			"PUT ~/images/$image/annotations/$annotation/":   {map[string]string{"type": "dot", "data": `{"_x": 0.5, "_": null}`}, `200 {"data": {"_x": 0.5, "_": null}}`},
			"PATCH ~/images/$image/annotations/$annotation/": {map[string]string{"label": "$label2"}, `200 {"label": {"id": $label2}}`},
			"POST ~/batches/":              {map[string]string{"name": "second", "workbench": "false"}, `201 {"name": "second", "workbench": false}`},
			"PUT ~/batches/$batch/":        {map[string]string{"name": "1st"}, `200 {"name": "1st"}`},
			"PATCH ~/batches/$batch/":      {map[string]string{"workbench": "0"}, `200 {"workbench": false}`},
			"POST ~/jobs/":                 {map[string]string{"assignee": "$viewer", "batch": "$batch"}, `201 {"assignee": $viewer, "batch": $batch}`},
			"PUT ~/jobs/$job/":             {map[string]string{"done": "true"}, `200 {"done": true}`},
			"PATCH ~/jobs/$job/":           {map[string]string{"reviewed": "1"}, `200 {"reviewed": true}`},
			"POST ~/snapshots/":            {map[string]string{"dataset": "$dataset"}, `201 {"dataset": $dataset}`},
			"PUT ~/snapshots/$snapshot/":   {map[string]string{"dataset": "$dataset"}, `200 {"dataset": $dataset}`},
			"PATCH ~/snapshots/$snapshot/": {map[string]string{"note": "x"}, `200 {"id": $snapshot}`},
			"POST ~/generate_snapshot/":    {map[string]string{"any": "thing"}, `200 {"dataset_id": $dataset}`},
		} {
			method, path, _ := strings.Cut(request, " ")
			fields := maps.Clone(tt.fields)
			for name, value := range fields {
				fields[name] = c.fill(t, value)
			}
			for kind, body := range map[string]func(*testing.T, map[string]string) (string, string){"JSON": jsonOf, "form": formOf, "multipart": multipartOf} {
				contentType, text := body(t, fields)
				c.compare(t, request+" "+kind, c.send(t, c.key, method, c.target(t, path), contentType, strings.NewReader(text)), tt.want)
			}
		}
	})
}

// jsonOf is a body with texts, or what is an object as one.
func jsonOf(t *testing.T, fields map[string]string) (contentType, body string) {
	t.Helper()
	members := map[string]any{}
	for name, value := range fields {
		members[name] = value
		if strings.HasPrefix(value, "{") {
			members[name] = json.RawMessage(value)
		}
	}
	return "application/json", string(testkit.Must(json.Marshal(members))(t))
}

func formOf(_ *testing.T, fields map[string]string) (contentType, body string) {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return "application/x-www-form-urlencoded; charset=UTF-8", values.Encode()
}

func multipartOf(t *testing.T, fields map[string]string) (contentType, body string) {
	t.Helper()
	contentType, reader := multipartBody(t, fields, nil)
	return contentType, string(testkit.Must(io.ReadAll(reader))(t))
}

// TestUploads in forms, under names of all sorts.
func TestUploads(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for name, want := range map[string]string{
			"photo.png":             "photo.png",
			"Öl auf Meer (1) 海.jpg": "Öl auf Meer (1) 海.jpg",
			"quay \"east\".png":     `quay \"east\".png`,
			"../../etc/passwd":      "passwd",
			`C:\Users\ana\boat.png`: "boat.png",
		} {
			var b bytes.Buffer
			form := multipart.NewWriter(&b)
			header := textproto.MIMEHeader{"Content-Type": {"image/jpeg"}}
			header.Set("Content-Disposition", `form-data; name="image"; filename="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)+`"`)
			part := testkit.Must(form.CreatePart(header))(t)
			testkit.Must(part.Write(onePixel))(t)
			for field, value := range map[string]string{"extra_information": `{"seed": 7}`, "is_synthetic": "true", "batch": c.names["batch"], "unknown": "x"} {
				if err := form.WriteField(field, value); err != nil {
					t.Fatal(err)
				}
			}
			if err := form.Close(); err != nil {
				t.Fatal(err)
			}
			got := c.send(t, c.key, "POST", c.target(t, "~/images/"), form.FormDataContentType(), &b)
			c.compare(t, name, got, `201 {"original_name": "`+want+`", "name": "~^[0-9a-f-]{36}\\.png$", "extension": "png",
				"extra_information": {"seed": 7}, "is_synthetic": true, "batch": $batch, "job": null}`)
		}
	})
}
