package graph_test

import (
	"maps"
	"sync"
	"testing"
)

// TestWritersAreToldWhatTheyWrote, with all that is selected below it, also when somebody else deletes it at the
// same moment.
func TestWritersAreToldWhatTheyWrote(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		const savers, boxes = 30, 3
		const below = `{ id version label { id name stats { annotations } } image { id } dataset { id } author { id } }`
		w := a.world
		variables := map[string]any{"image": gidOf("Image", w.Images[0].ID), "list": []any{}, "create": nil}
		box := map[string]any{"labelId": gidOf("Label", w.Labels[0].ID), "type": "bounding_box", "data": map[string]any{"point": []any{0.1, 0.1}, "width": 0.1, "height": 0.1}}
		for range boxes {
			variables["list"] = append(variables["list"].([]any), box)
		}
		created := map[string]any{"imageId": variables["image"]}
		maps.Copy(created, box)
		variables["create"] = created
		var saving sync.WaitGroup
		for range savers {
			saving.Go(func() {
				got := a.ask(t, "annotator", `mutation($image: ID!, $list: [AnnotationInput!]!) { replaceAnnotations(imageId: $image, annotations: $list) { created annotations `+below+` } }`, variables)
				if len(got.Errors) > 0 || len(at(t, got.Data, "replaceAnnotations.annotations").([]any)) != boxes {
					t.Error(got.body)
				}
				got = a.ask(t, "annotator", `mutation($create: CreateAnnotationInput!) { createAnnotation(input: $create) `+below+` }`, variables)
				if len(got.Errors) > 0 || at(t, got.Data, "createAnnotation.author.id") != gidOf("User", w.Users["annotator"].ID) {
					t.Error(got.body)
				}
			})
		}
		saving.Wait()
	})
}
