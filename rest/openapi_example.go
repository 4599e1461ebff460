package rest

import "github.com/datasetgen/datagen/internal/openapi"

// examples are values of fields, by their names; the others are made from their types.
var examples = map[string]any{
	"username":        "ana@example.com",
	"password":        "s3cret-pass",
	"email":           "ana@example.com",
	"first_name":      "Ana",
	"last_name":       "Silva",
	"authenticated":   true,
	"is_active":       true,
	"datasets":        "https://datagen.example/api/v1/datasets/",
	"name":            "cargo",
	"description":     "Boats in a harbour",
	"color":           "#905ef8",
	"prompt":          "a boat at dusk",
	"negative_prompt": "blurred",
	"generation_type": "text2image",
	"image":           "data:image/png;base64,iVBORw0KGgo=",
	"zip_file":        "data:application/zip;base64,UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==",
	"original_name":   "harbour.png",
	"extension":       "png",
	"total_weight":    "1.50 MB",
	"type":            "bounding_box",
	"data": openapi.Map[any]{
		{Name: "point", Value: []any{0.25, 0.25}}, {Name: "width", Value: 0.5}, {Name: "height", Value: 0.5},
	},
	"assigned_jobs":   true,
	"images_per_task": 50,
	"page_size":       pageSize,
	"range":           "1-1",
	"message":         nil,
	"next":            nil,
	"previous":        nil,
	"job":             nil,
	"batch":           nil,
	"base_image":      nil,
	"avatar":          nil,
	"snapshot_url":    "media/snapshots/dataset_1__snapshot_1.zip?s=abc",
}
