package download

import (
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Input is a Request as GraphQL has it; what is nil leaves all.
type Input struct {
	Format        string
	SnapshotID    *gid.SnapshotID
	Options       []*export.Choice
	LabelIDs      []gid.LabelID
	Splits        []image.Split
	IsSynthetic   *bool
	Reviewed      *bool
	MinConfidence *float64
}

// Request is what the input asks for, of a dataset.
func (in Input) Request(dataset gid.DatasetID) (Request, error) {
	format, err := export.FormatOf(in.Format)
	if err != nil {
		return Request{}, err
	}
	r := Request{Dataset: dataset, Format: format, Filter: archive.Filter{
		Labels: in.LabelIDs, Splits: in.Splits, Synthetic: in.IsSynthetic, Reviewed: in.Reviewed, MinConfidence: in.MinConfidence,
	}}
	var c fault.Check
	c.That(in.MinConfidence == nil || *in.MinConfidence >= 0 && *in.MinConfidence <= 1, "is not between 0 and 1", "minConfidence")
	if err := c.Err(); err != nil {
		return Request{}, err
	}
	asked, err := export.Asked(in.Options)
	if err != nil {
		return Request{}, err
	}
	if in.SnapshotID != nil {
		r.Snapshot = *in.SnapshotID
	}
	r.Options, err = format.Choose(asked)
	return r, err
}
