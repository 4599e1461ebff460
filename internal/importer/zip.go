package importer

import (
	"context"
	"slices"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
)

// Report is what became of an import, and of each of its images.
type Report struct {
	Summary

	Results []*Result // at most 10,000, those of which something is not imported before the others
	More    int       // images besides
}

const (
	maxResults = 10_000
	maxTold    = 20_000 // problems, of all images together
)

// shorten leaves so many problems at most, and returns how many there are.
func (r *Result) shorten(most int) int {
	if more := len(r.Problems) - most; more > 0 {
		r.Problems = slices.Clone(r.Problems[:most])
		r.MoreProblems += more
	}
	return len(r.Problems)
}

// ImportZip imports a zip into a dataset as Import does. What is wrong with the zip as a whole is complained about under the
// path at(0). One that came in parts is deleted when it is imported.
func (im *Importer) ImportZip(ctx context.Context, dataset gid.DatasetID, in ingest.ZipInput, o Options, at fault.Places) (*Report, error) {
	if err := im.allow(ctx, dataset, o); err != nil { // before anything is read
		return nil, err
	}
	files, closed, err := im.pictures.OpenDataset(ctx, in, at)
	if err != nil {
		return nil, err
	}
	defer closed()
	var bad, good []*Result
	report, left := &Report{}, maxTold
	summary, err := im.Import(ctx, dataset, files, o, func(r *Result) error {
		list := &good
		if r.lost() {
			list = &bad
		}
		if len(*list) == maxResults {
			report.More++
			return nil
		}
		left -= r.shorten(left)
		*list = append(*list, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		im.pictures.Discard(ctx, in)
	}
	report.Summary = *summary
	report.Results = slices.Concat(bad, good)
	if more := len(report.Results) - maxResults; more > 0 {
		report.Results = report.Results[:maxResults]
		report.More += more
	}
	return report, nil
}
