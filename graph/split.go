package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/split"
)

// assignSplits divides the images of a dataset, and reads the labels that it tells of.
func (r *Resolver) assignSplits(ctx context.Context, id gid.DatasetID, in split.Input) (*split.Report, error) {
	report, err := split.Dataset(ctx, r.DB, id, in)
	places := within(ctx, "labels", "label")
	if err != nil || places == nil {
		return report, err
	}
	ids := idsOf(report.Labels, func(n *split.LabelCount) gid.LabelID { return n.LabelID })
	rows, err := collectAt(places, r.DB.Label.Query().Where(label.IDIn(ids...)), "Label")
	found := byID(rows, labelID)
	there := report.Labels[:0]
	for _, n := range report.Labels {
		if n.Label = found[n.LabelID]; n.Label != nil { // nil when it was deleted meanwhile
			there = append(there, n)
		}
	}
	report.Labels = there
	return report, err
}
