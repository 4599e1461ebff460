package rest

import (
	"strings"

	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/openapi"
)

// addExports describes the one path beside the routes: package download answers it.
func (d describer) addExports() {
	formats, options := []string{}, openapi.Map[[]string]{}
	for _, f := range export.Formats() {
		formats = append(formats, f.Name)
		for _, o := range f.Options {
			known, _ := options.Get(o.Name)
			options.Set(o.Name, append(known, o.Values...))
		}
	}
	splits := "Only images in these splits: train, val, test and none, with commas."
	parameters := append(pathParameters(strings.TrimPrefix(download.Path, Base)),
		openapi.Parameter{Name: "format", In: "query", Description: "What trainers read.", Required: true, Schema: oneOf(formats)},
		inQuery("snapshot", "The id of a snapshot; what there is now when absent.", rowKey()),
		inQuery("labels", "Only annotations of these labels: their ids, with commas.", openapi.Of("string")),
		inQuery("splits", splits, openapi.Of("string")),
		inQuery("synthetic", "Only images that were generated, or only others.", openapi.Of("boolean")),
		inQuery("reviewed", "Only images whose annotations were checked, or only others.", openapi.Of("boolean")),
		inQuery("min_confidence", "Only what a model is as sure of, 0 to 1, and what people drew.", openapi.Of("number")),
	)
	for _, o := range options {
		parameters = append(parameters, inQuery(o.Name, "An option of some formats; see exportFormats in GraphQL.", oneOf(o.Value)))
	}
	zip := &openapi.Response{Description: "The zip. It has an ETag and takes Range, so that a download which was broken off can go on."}
	zip.Content.Set("application/zip", &openapi.Media{Schema: &openapi.Schema{Type: openapi.Types{"string"}, ContentMediaType: "application/zip"}})
	op := &openapi.Operation{
		Tags: []string{"datasets"}, Summary: "Export dataset", ID: "ExportDataset", Parameters: parameters,
		Description: "Write a dataset, or a snapshot of it, in a format that models are trained from.",
	}
	op.Responses.Set("200", zip)
	for _, r := range []struct{ status, name string }{{"400", "Invalid"}, {"401", "Unauthorized"}, {"404", "NotFound"}} {
		op.Responses.Set(r.status, &openapi.Response{Ref: "#/components/responses/" + r.name})
	}
	var methods openapi.Map[*openapi.Operation]
	methods.Set("get", op)
	d.doc.Paths.Set(download.Path+"/", methods)
}
