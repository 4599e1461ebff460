package graph_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
)

// aZip is a zip of pictures of those names, the first a pixel wide, the next two, and of what is no picture.
func aZip(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, name := range names {
		testkit.Must(testkit.Must(z.Create(name))(t).Write([]byte(aPNG(t, i+1))))(t)
	}
	testkit.Must(testkit.Must(z.Create("notes.txt"))(t).Write([]byte("hello")))(t)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestImportZip(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		operations := fmt.Sprintf(`{"query": "mutation($d: ID!, $f: Upload!) { importZip(datasetId: $d, input: {file: $f}) {
			created results { name status message image { originalName width } } } }", "variables": {"d": %q, "f": null}}`, gidOf("Dataset", a.world.Dataset.ID))
		w := a.sendForm(t, "", "operations", strings.Join(strings.Fields(operations), " "), "map", `{"0": ["variables.f"]}`, "@0", aZip(t, "a/été.png"))
		want := `{"data":{"importZip":{"created":1,"results":[` +
			`{"name":"a/été.png","status":"CREATED","message":null,"image":{"originalName":"été.png","width":1}},` +
			`{"name":"notes.txt","status":"INVALID","message":"not a PNG, JPEG, WebP or GIF picture","image":null}]}}}`
		if diff := cmp.Diff(want, w.Body.String()); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

// TestImportStatements: what is selected below the images is read for all of them at once. Each picture may take four
// statements by itself, at most: two look whether it is there, by its bytes as they came and as they are kept, and two enter
// its bytes; several may share them.
func TestImportStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		statements := func(names ...string) int64 {
			return a.mustAsk(t, "manager", `mutation($d: ID!, $z: String!) { importZip(datasetId: $d, input: {data: $z}) {
				results { image { url labels { name } dataset { name } } again: image { annotations { edges { node { type } } } } } } }`,
				map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID), "z": base64.StdEncoding.EncodeToString([]byte(aZip(t, names...)))}).statements
		}
		if one, many := statements("1.png"), statements("a.png", "b.png", "c.png", "d.png", "e.png"); many > one+4*4 {
			t.Errorf("%d statements for one picture, %d for five", one, many)
		}
	})
}

// aDataset is a zip of a dataset with boxes of a boat on pictures of those names.
func aDataset(t *testing.T, names ...string) string {
	t.Helper()
	files := map[string][]byte{"data.yaml": []byte("names: [boat]")}
	for i, name := range names {
		files["images/"+name+".png"] = []byte(aPNG(t, i+1))
		files["labels/"+name+".txt"] = []byte("0 0.5 0.5 0.5 0.5\n9 0.5 0.5 0.5 0.5\n")
	}
	return base64.StdEncoding.EncodeToString(testkit.ZipOf(files))
}

func TestImportDataset(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		const mutation = `mutation($d: ID!, $z: String!, $dry: Boolean!) { importDataset(datasetId: $d, input: {data: $z}, options: {createLabels: true, dryRun: $dry, mode: REPLACE}) {
			format created matched invalid labels annotations { created updated unchanged deleted invalid } before { name dataset { id } }
			results { name status annotations { created invalid } problems { place message lost } moreProblems image { width annotations { edges { node { source label { name } } } } } } more } }`
		variables := map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID), "z": aDataset(t, "a"), "dry": true}
		answer := func(before, image string) string {
			return `{"data":{"importDataset":{"format":"yolo","created":1,"matched":0,"invalid":0,"labels":["boat"],` +
				`"annotations":{"created":1,"updated":0,"unchanged":0,"deleted":0,"invalid":1},"before":` + before + `,` +
				`"results":[{"name":"images/a.png","status":"CREATED","annotations":{"created":1,"invalid":1},` +
				`"problems":[{"place":"labels/a.txt:2","message":"there is no class \"9\"","lost":true}],"moreProblems":0,"image":` + image + `}],"more":0}}}`
		}
		if diff := cmp.Diff(answer("null", "null"), a.mustAsk(t, "manager", mutation, variables).body); diff != "" {
			t.Errorf("dry (-want +got):\n%s", diff)
		}
		variables["dry"] = false
		before := fmt.Sprintf(`{"name":"Before replacing","dataset":{"id":%q}}`, gidOf("Dataset", a.world.Dataset.ID))
		image := `{"width":1,"annotations":{"edges":[{"node":{"source":"IMPORT","label":{"name":"boat"}}}]}}`
		if diff := cmp.Diff(answer(before, image), a.mustAsk(t, "manager", mutation, variables).body); diff != "" {
			t.Errorf("wet (-want +got):\n%s", diff)
		}
	})
}

// TestImportDatasetStatements: what is selected below the images is read for all of them at once, as for TestImportStatements.
func TestImportDatasetStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		statements := func(names ...string) int64 {
			return a.mustAsk(t, "manager", `mutation($d: ID!, $z: String!) { importDataset(datasetId: $d, input: {data: $z}) {
				results { image { url labels { name } dataset { name } } again: image { annotations { edges { node { type } } } } } } }`,
				map[string]any{"d": gidOf("Dataset", a.world.Dataset.ID), "z": aDataset(t, names...)}).statements
		}
		if one, many := statements("1"), statements("a", "b", "c", "d", "e"); many > one+4*4 {
			t.Errorf("%d statements for one picture, %d for five", one, many)
		}
	})
}
