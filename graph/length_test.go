package graph_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/graph/generated"
)

// lengthRow is how a mutation takes an input: %s stands for its fields, of which needed must be there, and at is
// where its complaints are.
type lengthRow struct {
	mutation string
	needed   map[string]string
	at       string
}

// lengthRows have one or more mutations for each input type with texts.
var lengthRows = map[string][]lengthRow{
	"CreateAnnotationInput": {
		{`createAnnotation(input: {%s}) { id }`, map[string]string{"imageId": "$image", "labelId": "$label", "type": `"dot"`, "data": "{x: 1}"}, "input."},
		{`annotate(datasetId: $dataset, changes: [{create: {%s}}]) { results { id } }`, map[string]string{"imageId": "$image", "labelId": "$label", "type": `"dot"`, "data": "{x: 1}"}, "changes.0.create."},
	},
	"UpdateAnnotationInput": {
		{`updateAnnotation(input: {%s}) { id }`, map[string]string{"id": "$annotation"}, "input."},
		{`annotate(datasetId: $dataset, changes: [{update: {%s}}]) { results { id } }`, map[string]string{"id": "$annotation"}, "changes.0.update."},
	},
	"AnnotationInput": {
		{`replaceAnnotations(imageId: $image, annotations: [{%s}]) { created }`, map[string]string{"labelId": "$label", "type": `"dot"`, "data": "{x: 1}"}, "annotations.0."},
		{`replaceAnnotations(imageId: $image, annotations: [{%s}]) { created }`, map[string]string{"id": "$annotation", "labelId": "$label", "type": `"dot"`, "data": "{x: 1}"}, "annotations.0."},
	},
	"CreateApiKeyInput": {{`createApiKey(input: {%s}) { key }`, map[string]string{"name": `"a"`}, "input."}},
	"CreateDatasetInput": {
		{`createDataset(input: {%s}) { id }`, map[string]string{"name": `"a"`}, "input."},
		{`createDatasets(datasets: [{%s}]) { id }`, map[string]string{"name": `"a"`}, "datasets.0."},
	},
	"UpdateDatasetInput": {
		{`updateDataset(id: $dataset, input: {%s}) { id }`, nil, "input."},
		{`updateDatasets(ids: [$dataset], input: {%s}) { id }`, nil, "input."},
	},
	"ImageInput": {
		{`createImage(datasetId: $dataset, input: {%s}) { id }`, map[string]string{"data": "$png"}, "input."},
		{`createImages(datasetId: $dataset, images: [{%s}]) { id }`, map[string]string{"data": "$png"}, "images.0."},
	},
	"ImportOptions": {{`importImages(datasetId: $dataset, images: [{data: $png}], options: {%s}) { created }`, nil, "options."}},
	"UpdateImageInput": {
		{`updateImage(id: $image, input: {%s}) { id }`, nil, "input."},
		{`updateImages(ids: [$image], input: {%s}) { id }`, nil, "input."},
	},
	"CreateLabelInput": {
		{`createLabel(datasetId: $dataset, input: {%s}) { id }`, map[string]string{"name": `"a"`, "color": `"red"`}, "input."},
		{`createLabels(datasetId: $dataset, labels: [{%s}]) { id }`, map[string]string{"name": `"a"`, "color": `"red"`}, "labels.0."},
	},
	"UpdateLabelInput": {
		{`updateLabel(id: $label, input: {%s}) { id }`, nil, "input."},
		{`updateLabels(changes: [{id: $label, input: {%s}}]) { id }`, nil, "changes.0.input."},
	},
	"CopySnapshotInput":    {{`copySnapshot(id: $snapshot, input: {%s}) { id }`, nil, "input."}},
	"CreateSnapshotInput":  {{`createSnapshot(datasetId: $dataset, input: {%s}) { id }`, nil, "input."}},
	"UpdateSnapshotInput":  {{`updateSnapshot(id: $snapshot, input: {%s}) { id }`, nil, "input."}},
	"CreateUserInput":      {{`createUser(input: {%s}) { id }`, map[string]string{"email": "$newEmail", "password": `"an0ther-pass"`}, "input."}},
	"UpdateWorkspaceInput": {{`updateWorkspace(id: $workspace, input: {%s}) { id }`, nil, "input."}},
	"UpdateUserInput":      {{`updateUser(id: $viewer, input: {%s}) { id }`, nil, "input."}},
	"CreateBatchInput": {
		{`createBatch(input: {%s}) { id }`, map[string]string{"datasetId": "$dataset", "name": `"a"`}, "input."},
		{`createBatches(batches: [{%s}]) { id }`, map[string]string{"datasetId": "$dataset", "name": `"a"`}, "batches.0."},
	},
	"UpdateBatchInput": {
		{`updateBatch(id: $batch, input: {%s}) { id }`, nil, "input."},
		{`updateBatches(ids: [$batch], input: {%s}) { id }`, nil, "input."},
	},
}

// with is the mutation with a field of its input that holds $text.
func (row lengthRow) with(field string) string {
	fields := []string{field + ": $text"}
	for name, value := range row.needed {
		if name != field {
			fields = append(fields, name+": "+value)
		}
	}
	slices.Sort(fields)
	return fmt.Sprintf(row.mutation, strings.Join(fields, ", "))
}

// withoutLength are texts of inputs that state no length, and why.
var withoutLength = map[string]string{
	"ImageInput.data":   "a picture, whose bytes count when it is decoded",
	"ImageInput.upload": "an id, which is found or is not",
	"ZipInput.data":     "a zip, whose bytes count when it is decoded",
	"ZipInput.upload":   "an id, likewise",

	"ExportInput.format":          "one of a few names",
	"ImportDatasetOptions.format": "likewise",
	"FormatOptionInput.name":      "likewise",
	"FormatOptionInput.value":     "likewise",
}

// mostOf is the number of characters that the schema allows, or 0 where it says nothing.
func mostOf(t *testing.T, f *ast.FieldDefinition) int {
	t.Helper()
	length := f.Directives.ForName("length")
	if length == nil {
		return 0
	}
	most, err := strconv.Atoi(length.Arguments.ForName("max").Value.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return most
}

// textsOf are the fields of an input type that people write by hand and that hold text.
func textsOf(def *ast.Definition) (texts []*ast.FieldDefinition) {
	if def.Kind != ast.InputObject || strings.HasSuffix(def.Name, "WhereInput") || strings.HasSuffix(def.Name, "Order") {
		return nil
	}
	for _, f := range def.Fields {
		if f.Type.Name() == "String" {
			texts = append(texts, f)
		}
	}
	return texts
}

// TestTextsHaveALength: each text of an input says how long it may be, and a mutation is tried for it.
func TestTextsHaveALength(t *testing.T) {
	t.Parallel()
	for name, def := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		for _, f := range textsOf(def) {
			if most, exempt := mostOf(t, f), withoutLength[name+"."+f.Name] != ""; exempt == (most > 0) {
				t.Errorf("%s.%s has a length of %d", name, f.Name, most)
			}
			if withoutLength[name+"."+f.Name] == "" && lengthRows[name] == nil {
				t.Errorf("no mutation is tried for %s.%s", name, f.Name)
			}
		}
	}
}

// TestLengths sends texts that are as long as the schema allows, and a character longer, which is refused.
func TestLengths(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		schema := generated.NewExecutableSchema(generated.Config{}).Schema()
		for name, rows := range lengthRows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, f := range textsOf(schema.Types[name]) {
					for _, row := range rows {
						if mostOf(t, f) > 0 {
							row.check(t, s.newWorld(t), f)
						}
					}
				}
			})
		}
	})
}

// check sends the longest text that goes through, and one that does not.
func (row lengthRow) check(t *testing.T, w *accessWorld, f *ast.FieldDefinition) {
	t.Helper()
	operation, most, at := row.with(f.Name), mostOf(t, f), row.at+f.Name
	values := w.values(t, "superuser", strings.ReplaceAll(operation, "$text", ""))
	for _, n := range []int{most + 1, most} {
		values["text"] = accessValue{"String!", textOf(f.Name, n)}
		if f.Type.Elem != nil {
			values["text"], at = accessValue{"[String!]!", []string{textOf(f.Name, n)}}, row.at+f.Name+".0"
		}
		got := w.send(w.As(t.Context(), "superuser"), t, "mutation", operation, values)
		switch {
		case n > most && (got.code() != "INVALID" || !slices.Contains(got.fields(), at)):
			t.Errorf("%s with %d characters: %s", operation, n, got.body)
		case n == most && len(got.Errors) > 0:
			t.Errorf("%s with %d characters: %s", operation, n, got.body)
		}
	}
}

// textOf is a text of n characters, of two bytes each where the field takes them.
func textOf(field string, n int) string {
	switch field {
	case "email":
		const domain = "@example.com"
		return strings.Repeat("x", n-len(domain)) + domain
	case "avatar":
		const site = "https://example.com/"
		return site + strings.Repeat("x", n-len(site))
	}
	return strings.Repeat("é", n)
}
