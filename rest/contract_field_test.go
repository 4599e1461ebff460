package rest_test

import (
	"strings"
	"testing"
)

var (
	tooLong     = strings.Repeat("é", 101)
	longest     = strings.Repeat("é", 100)
	farTooLong  = strings.Repeat("x", 10001)
	noPK        = `- object does not exist."]`
	isRequired  = `["This field is required."]`
	isBlank     = `["This field may not be blank."]`
	isNull      = `["This field may not be null."]`
	noText      = `["Not a valid string."]`
	noInteger   = `["A valid integer is required."]`
	noBoolean   = `["Must be a valid boolean."]`
	over100     = `["Ensure this field has no more than 100 characters."]`
	over10000   = `["Ensure this field has no more than 10000 characters."]`
	noNUL       = `["Null characters are not allowed."]`
	noFile      = `["No file was submitted."]`
	noDict      = `["Expected a dictionary of items but got type \"list\"."]`
	expectedKey = `["Incorrect type. Expected pk value, received str."]`
)

// TestWrongFields: all fields that are wrong are told at once, in the words of the old service.
func TestWrongFields(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.refused(t, []fact{
			{"no credentials", "POST /auth/token/", `{}`, `400 {"username": ` + isRequired + `, "password": ` + isRequired + `}`},
			{"blank credentials", "POST /auth/token/", `{"username": " ", "password": ""}`, `400 {"username": ` + isBlank + `, "password": ` + isBlank + `}`},
			{"null credentials", "POST /auth/token/", `{"username": null, "password": null}`, `400 {"username": ` + isNull + `, "password": ` + isNull + `}`},
			{"no text credentials", "POST /auth/token/", `{"username": [], "password": {}}`, `400 {"username": ` + noText + `, "password": ` + noText + `}`},

			{"dataset of nothing", "POST /datasets/", `{}`, `400 {"name": ` + isRequired + `, "description": ` + isRequired + `}`},
			{"blank dataset", "POST /datasets/", `{"name": " \t", "description": ""}`, `400 {"name": ` + isBlank + `, "description": ` + isBlank + `}`},
			{"null dataset", "PUT ~/", `{"name": null, "description": null}`, `400 {"name": ` + isNull + `, "description": ` + isNull + `}`},
			{"no text dataset", "PATCH ~/", `{"name": true, "description": {}}`, `400 {"name": ` + noText + `, "description": ` + noText + `}`},
			{"long dataset", "PATCH ~/", `{"name": "` + tooLong + `", "description": "` + farTooLong + `"}`, `400 {"name": ` + over100 + `, "description": ` + over10000 + `}`},
			{"NUL dataset", "PATCH ~/", `{"name": "a\u0000b", "description": "\u0000"}`, `400 {"name": ` + noNUL + `, "description": ` + noNUL + `}`},

			{"label of nothing", "POST ~/labels/", `{}`, `400 {"name": ` + isRequired + `, "color": ` + isRequired + `}`},
			{"blank label", "POST ~/labels/", `{"name": "", "color": "", "order": ""}`, `400 {"name": ` + isBlank + `, "color": ` + isBlank + `, "order": ` + noInteger + `}`},
			{
				"null label", "PATCH ~/labels/$label/", `{"name": null, "color": null, "order": null, "prompt": null, "negative_prompt": null}`,
				`400 {"name": ` + isNull + `, "color": ` + isNull + `, "order": ` + isNull + `, "prompt": ` + isNull + `, "negative_prompt": ` + isNull + `}`,
			},
			{
				"wrong label", "PUT ~/labels/$label/", `{"name": [], "color": false, "order": "first", "prompt": [], "negative_prompt": {}}`,
				`400 {"name": ` + noText + `, "color": ` + noText + `, "order": ` + noInteger + `, "prompt": ` + noText + `, "negative_prompt": ` + noText + `}`,
			},
			{
				"long label", "POST ~/labels/", `{"name": "` + tooLong + `", "color": "` + tooLong + `", "prompt": "` + farTooLong + `", "negative_prompt": "` + farTooLong + `"}`,
				`400 {"name": ` + over100 + `, "color": ` + over100 + `, "prompt": ` + over10000 + `, "negative_prompt": ` + over10000 + `}`,
			},

			{"image of nothing", "POST ~/images/", `{}`, `400 {"image": ` + noFile + `}`},
			{"blank image", "POST ~/images/", `{"image": "", "generation_type": " "}`, `400 {"image": ` + noFile + `, "generation_type": ` + isBlank + `}`},
			{
				"null image", "POST ~/images/",
				`{"image": null, "prompt": null, "negative_prompt": null, "generation_type": null, "extra_information": null, "is_synthetic": null, "done": null, "reviewed": null}`,
				`400 {"image": ` + isNull + `, "prompt": ` + isNull + `, "negative_prompt": ` + isNull + `, "generation_type": ` + isNull +
					`, "extra_information": ` + isNull + `, "is_synthetic": ` + isNull + `, "done": ` + isNull + `, "reviewed": ` + isNull + `}`,
			},
			{
				"wrong image", "POST ~/images/",
				`{"image": 5, "prompt": [], "negative_prompt": {}, "generation_type": false, "extra_information": [], "is_synthetic": "perhaps", "done": 2, "reviewed": [], "job": "x", "batch": "x", "base_image": "x"}`,
				`400 {"image": ["The submitted data was not a file. Check the encoding type on the form."], "prompt": ` + noText + `, "negative_prompt": ` + noText +
					`, "generation_type": ` + noText + `, "extra_information": ` + noDict + `, "is_synthetic": ` + noBoolean + `, "done": ` + noBoolean +
					`, "reviewed": ` + noBoolean + `, "job": ` + expectedKey + `, "batch": ` + expectedKey + `, "base_image": ` + expectedKey + `}`,
			},
			{
				"long image", "PATCH ~/images/$image/", `{"prompt": "` + farTooLong + `", "negative_prompt": "` + farTooLong + `", "generation_type": "` + tooLong + `"}`,
				`400 {"prompt": ` + over10000 + `, "negative_prompt": ` + over10000 + `, "generation_type": ` + over100 + `}`,
			},
			{"no zip", "POST ~/images/zip/", `{}`, `400 {"zip_file": ` + noFile + `}`},
			{"null zip", "POST ~/images/zip/", `{"zip_file": null}`, `400 {"zip_file": ` + isNull + `}`},

			{
				"annotation of nothing", "POST ~/images/$image/annotations/", `{}`,
				`400 {"type": ` + isRequired + `, "data": ` + isRequired + `, "label": ` + isRequired + `}`,
			},
			{
				"null annotation", "POST ~/images/$image/annotations/", `{"id": null, "type": null, "data": null, "label": null, "is_synthetic": null}`,
				`400 {"id": ` + isNull + `, "type": ` + isNull + `, "data": ` + isNull + `, "label": ` + isNull + `, "is_synthetic": ` + isNull + `}`,
			},
			{
				"wrong annotation", "POST ~/images/$image/annotations/", `{"id": "7", "type": [], "data": [], "label": "x", "is_synthetic": "x"}`,
				`400 {"id": ["Must be a valid UUID."], "type": ` + noText + `, "data": ` + noDict + `, "label": ` + expectedKey + `, "is_synthetic": ` + noBoolean + `}`,
			},
			{
				"blank annotation", "PATCH ~/images/$image/annotations/$annotation/", `{"type": "", "data": "", "label": ""}`,
				`400 {"type": ` + isBlank + `, "data": ["Expected a dictionary of items but got type \"str\"."], "label": ` + isNull + `}`,
			},
			{"long annotation", "PATCH ~/images/$image/annotations/$annotation/", `{"type": "` + tooLong + `"}`, `400 {"type": ` + over100 + `}`},

			{"batch of nothing", "POST ~/batches/", `{}`, `400 {"name": ` + isRequired + `}`},
			{"null batch", "POST ~/batches/", `{"name": null, "workbench": null}`, `400 {"name": ` + isNull + `, "workbench": ` + isNull + `}`},
			{"wrong batch", "PATCH ~/batches/$batch/", `{"name": [], "workbench": "x"}`, `400 {"name": ` + noText + `, "workbench": ` + noBoolean + `}`},
			{"long batch", "PUT ~/batches/$batch/", `{"name": "` + tooLong + `"}`, `400 {"name": ` + over100 + `}`},

			{"null job", "POST ~/jobs/", `{"done": null, "reviewed": null}`, `400 {"done": ` + isNull + `, "reviewed": ` + isNull + `}`},
			{
				"wrong job", "PATCH ~/jobs/$job/", `{"assignee": "x", "batch": [], "done": "x", "reviewed": {}}`,
				`400 {"assignee": ` + expectedKey + `, "batch": ["Incorrect type. Expected pk value, received list."], "done": ` + noBoolean + `, "reviewed": ` + noBoolean + `}`,
			},

			{"snapshot of nothing", "POST ~/snapshots/", `{}`, `400 {"dataset": ` + isRequired + `}`},
			{"null snapshot", "POST ~/snapshots/", `{"dataset": null}`, `400 {"dataset": ` + isNull + `}`},
			{"wrong snapshot", "PUT ~/snapshots/$snapshot/", `{"dataset": "x"}`, `400 {"dataset": ` + expectedKey + `}`},
			{"snapshot of another dataset", "PATCH ~/snapshots/$snapshot/", `{"dataset": $other_dataset}`, `400 {"dataset": ["Invalid pk \"$other_dataset\" ` + noPK + `}`},
			{"snapshot of a foreign dataset", "POST ~/snapshots/", `{"dataset": $foreign_dataset}`, `400 {"dataset": ["Invalid pk \"$foreign_dataset\" ` + noPK + `}`},
			{"snapshot of a missing dataset", "POST ~/snapshots/", `{"dataset": 999999}`, `400 {"dataset": ["Invalid pk \"999999\" ` + noPK + `}`},
		})
	})
}

// TestWrongKeys: rows that are missing, foreign or of another dataset of the same owner are not there.
func TestWrongKeys(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		var facts []fact
		for _, of := range []string{"999999", "99999999999999999999", "0", "$foreign_", "$other_"} {
			id := func(row string) string {
				if strings.HasPrefix(of, "$") {
					return of + row
				}
				return of
			}
			wrong := func(field, row string) string { return `"` + field + `": ["Invalid pk \"` + id(row) + `\" ` + noPK }
			facts = append(facts, []fact{
				{
					"image to make", "POST ~/images/", `{"image": "$png", "job": ` + id("job") + `, "batch": ` + id("batch") + `, "base_image": ` + id("image") + `}`,
					`400 {` + wrong("job", "job") + `, ` + wrong("batch", "batch") + `, ` + wrong("base_image", "image") + `}`,
				},
				{
					"image", "PATCH ~/images/$image/", `{"job": "` + id("job") + `", "batch": ` + id("batch") + `, "base_image": ` + id("image") + `}`,
					`400 {` + wrong("job", "job") + `, ` + wrong("batch", "batch") + `, ` + wrong("base_image", "image") + `}`,
				},
				{"job to make", "POST ~/jobs/", `{"batch": ` + id("batch") + `}`, `400 {` + wrong("batch", "batch") + `}`},
				{"job", "PUT ~/jobs/$job/", `{"batch": ` + id("batch") + `}`, `400 {` + wrong("batch", "batch") + `}`},
				{"annotation to make", "POST ~/images/$image/annotations/", `{"type": "dot", "data": {}, "label": ` + id("label") + `}`, `400 {` + wrong("label", "label") + `}`},
				{"annotation", "PATCH ~/images/$image/annotations/$annotation/", `{"label": ` + id("label") + `}`, `400 {` + wrong("label", "label") + `}`},
				{"annotation of a form", "PATCH ~/images/$image/annotations/$annotation/", `form label=` + id("label"), `400 {` + wrong("label", "label") + `}`},
				{
					"annotations", "POST ~/images/$image/annotations/batch/", `[{"type": "dot", "data": {}, "label": ` + id("label") + `}]`,
					`400 {"error": "Invalid label ID ` + id("label") + `"}`,
				},
			}...)
			if of == "$other_" {
				continue // whose people are the same
			}
			facts = append(facts, []fact{
				{"assignee to make", "POST ~/jobs/", `{"assignee": ` + id("owner") + `}`, `400 {` + wrong("assignee", "owner") + `}`},
				{"assignee", "PATCH ~/jobs/$job/", `form assignee=` + id("owner"), `400 {` + wrong("assignee", "owner") + `}`},
			}...)
		}
		c.refused(t, facts)
	})
}

// TestKeysAreCleared by null, and by the empty text that forms have for it.
func TestKeysAreCleared(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.converse(t, []fact{
			{"set", "PATCH ~/images/$image/", `{"job": "$job", "batch": $batch, "base_image": $image2}`, `200 {"job": $job, "batch": $batch, "base_image": $image2}`},
			{"null", "PATCH ~/images/$image/", `{"job": null, "batch": null, "base_image": null}`, `200 {"job": null, "batch": null, "base_image": null}`},
			{"set by a form", "PATCH ~/images/$image/", `form job=$job&batch=$batch&base_image=$image2`, `200 {"job": $job, "batch": $batch, "base_image": $image2}`},
			{"empty in a form", "PATCH ~/images/$image/", `form job=&batch=&base_image=`, `200 {"job": null, "batch": null, "base_image": null}`},
			{"no derivatives any more", "GET ~/images/$image2/", "", `200 {"derivatives": []}`},
			{"a job's", "PATCH ~/jobs/$job/", `{"assignee": null, "batch": null}`, `200 {"assignee": null, "batch": null, "owner": $owner}`},
			{"seen", "GET ~/jobs/$job/", "", `200 {"assignee": null, "batch": null}`},
		})
	})
}

// TestSpellings of integers, booleans and texts.
func TestSpellings(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		var facts []fact
		for spelling, want := range map[string]string{
			`7`: "7", `-7`: "-7", `7.0`: "7", `"7"`: "7", `" 7 "`: "7", `"+7"`: "7", `"7.0"`: "7", `2147483647`: "2147483647", `-2147483648`: "-2147483648",
		} {
			facts = append(facts, fact{spelling, "PATCH ~/labels/$label/", `{"order": ` + spelling + `}`, `200 {"order": ` + want + `}`})
		}
		for spelling, want := range map[string]string{
			`7.5`: "A valid integer is required.", `"7a"`: "A valid integer is required.", `true`: "A valid integer is required.",
			`[7]`: "A valid integer is required.", `{}`: "A valid integer is required.",
			`2147483648`:           "Ensure this value is less than or equal to 2147483647.",
			`99999999999999999999`: "Ensure this value is less than or equal to 2147483647.",
			`-2147483649`:          "Ensure this value is greater than or equal to -2147483648.",
		} {
			facts = append(facts, fact{spelling, "PATCH ~/labels/$label/", `{"order": ` + spelling + `}`, `400 {"order": ["` + want + `"]}`})
		}
		for spelling, want := range map[string]string{
			`true`: "true", `"true"`: "true", `"True"`: "true", `"on"`: "true", `"t"`: "true", `"yes"`: "true", `1`: "true", `"1"`: "true",
			`false`: "false", `"false"`: "false", `"False"`: "false", `"off"`: "false", `"f"`: "false", `"no"`: "false", `0`: "false", `"0"`: "false",
		} {
			facts = append(facts, fact{spelling, "PATCH ~/batches/$batch/", `{"workbench": ` + spelling + `}`, `200 {"workbench": ` + want + `}`})
		}
		c.converse(t, append(facts, []fact{
			{"numbers are texts", "PATCH ~/", `{"name": 5, "description": -1.5}`, `200 {"name": "5", "description": "-1.5"}`},
			{"texts are trimmed", "PATCH ~/", `{"name": "  ships ", "description": "\n at sea\t"}`, `200 {"name": "ships", "description": "at sea"}`},
			{"100 letters", "PATCH ~/", `{"name": "` + longest + `"}`, `200 {"name": "` + longest + `"}`},
			{"any letters", "PATCH ~/", `{"name": "<b>\"Öł海🚢\" & co</b>"}`, `200 {"name": "<b>\"Öł海🚢\" & co</b>"}`},
			{"prompts may be blank", "PATCH ~/labels/$label/", `{"prompt": "", "negative_prompt": " "}`, `200 {"prompt": "", "negative_prompt": ""}`},
			{"any of a form", "PATCH ~/labels/$label/", `form order=+8&name=rigged+ship&color=%23ff0000`, `200 {"order": 8, "name": "rigged ship", "color": "#ff0000"}`},
		}...))
	})
}

// TestPutAndPatch: PUT requires the required fields, PATCH none; fields left out keep their value in both, and those
// that are read-only or unknown are ignored.
func TestPutAndPatch(t *testing.T) {
	const readOnly = `"id": 999999, "created_at": "yesterday", "updated_at": 7, "timestamp": [], "owner": 999999, "slug": "x", "num_images": "many",
		"name_": null, "labels": "none", "annotations": 5, "derivatives": {}, "images": "x", "total_weight": 0, "thumbnail": 1, "extension": "exe",
		"frames": -1, "file": "x", "completed": null, "total": [], "unassigned": "x", "synthetic": "x"`
	clients(t, func(t *testing.T, c *client) {
		c.converse(t, []fact{
			{"dataset", "PUT ~/", `{"name": "x"}`, `400 {"description": ` + isRequired + `}`},
			{"label", "PUT ~/labels/$label/", `{"prompt": "x"}`, `400 {"name": ` + isRequired + `, "color": ` + isRequired + `}`},
			{"image", "PUT ~/images/$image/", `{"prompt": "x"}`, `400 {"image": ` + noFile + `}`},
			{"annotation", "PUT ~/images/$image/annotations/$annotation/", `{"is_synthetic": true}`, `400 {"type": ` + isRequired + `, "data": ` + isRequired + `}`},
			{"batch", "PUT ~/batches/$batch/", `{"workbench": false}`, `400 {"name": ` + isRequired + `}`},
			{"snapshot", "PUT ~/snapshots/$snapshot/", `{}`, `400 {"dataset": ` + isRequired + `}`},
			{"job", "PUT ~/jobs/$job/", `{}`, `200 {"id": $job, "owner": $owner, "assignee": $assignee, "batch": $batch, "done": false, "reviewed": false}`},

			{"dataset, filled", "PATCH ~/", `{"description": "at sea", ` + readOnly + `}`, `200 {"id": $dataset, "name": "$name", "description": "at sea", "num_images": 3}`},
			{"dataset, nothing", "PATCH ~/", `{}`, `200 {"name": "$name", "description": "at sea"}`},
			{"label, filled", "PATCH ~/labels/$label/", `{"order": 3, "prompt": "p", "negative_prompt": "n", ` + readOnly + `}`, `200 {"id": $label, "name": "sail", "order": 3}`},
			{
				"label, put", "PUT ~/labels/$label/", `{"name": "mast", "color": "red"}`,
				`200 {"name": "mast", "color": "red", "order": 3, "prompt": "p", "negative_prompt": "n"}`,
			},
			{
				"image, filled", "PATCH ~/images/$image/",
				`{"prompt": "p", "negative_prompt": "n", "generation_type": "g", "extra_information": {"a": 1}, "is_synthetic": true, "done": true, "name": "x", ` + readOnly + `}`,
				`200 {"id": $image, "prompt": "p", "extension": "png", "job": $job, "batch": $batch}`,
			},
			{
				"image, put", "PUT ~/images/$image/", `{"image": "https://example.com/as/read.png", "reviewed": true}`,
				`200 {"prompt": "p", "negative_prompt": "n", "generation_type": "g", "extra_information": {"a": 1}, "is_synthetic": true, "done": true, "reviewed": true, "job": $job, "batch": $batch}`,
			},
			{
				"annotation, patched", "PATCH ~/images/$image/annotations/$annotation/", `{"is_synthetic": true, "image": 5, ` + readOnly + `}`,
				`200 {"id": "$annotation", "type": "bounding_box", "is_synthetic": true, "label": {"id": $label, "name": "mast"}}`,
			},
			{
				"annotation, put", "PUT ~/images/$image/annotations/$annotation/", `{"type": "dot", "data": {"x": 1}}`,
				`200 {"id": "$annotation", "type": "dot", "data": {"x": 1}, "is_synthetic": true, "label": {"id": $label}}`,
			},
			{"batch, filled", "PATCH ~/batches/$batch/", `{"workbench": false, ` + readOnly + `}`, `200 {"id": $batch, "name": "first", "workbench": false}`},
			{"batch, put", "PUT ~/batches/$batch/", `{"name": "1st"}`, `200 {"name": "1st", "workbench": false}`},
			{"job, filled", "PATCH ~/jobs/$job/", `{"done": true, ` + readOnly + `}`, `200 {"id": $job, "owner": $owner, "done": true, "reviewed": false, "assignee": $assignee}`},
			{"job, put", "PUT ~/jobs/$job/", `{"reviewed": true}`, `200 {"done": true, "reviewed": true, "assignee": $assignee, "batch": $batch}`},
			{"snapshot, put", "PUT ~/snapshots/$snapshot/", `{"dataset": $dataset, ` + readOnly + `}`, `200 {"id": $snapshot, "dataset": $dataset, "file": null}`},
		})
	})
}
