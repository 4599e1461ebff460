package graph

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// lookUp finds the row of an id that lies in the dataset and on the image, so far as these are given. What is
// not there, or not the viewer's to see, is null. An id that names a snapshot is of the row as it was.
func lookUp[ID any, P identifier[ID], R any](
	ctx context.Context, db *database.DB, id string, dataset, image *string, read func(context.Context, ID, func(*sql.Selector)) ([]*R, error),
) (*R, error) {
	ctx, id, err := then(ctx, db, id)
	if errors.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // null is the answer
	}
	if err != nil {
		return nil, err
	}
	return with[ID, P]("id", id, func(parsed ID) (*R, error) {
		in, err := lyingIn(dataset, image)
		if err != nil {
			return nil, err
		}
		rows, err := read(ctx, parsed, in)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return rows[0], nil
	})
}

// lyingIn is the condition for rows that lie in the dataset and on the image, so far as these are given.
func lyingIn(dataset, image *string) (func(*sql.Selector), error) {
	inDataset, err := linked[gid.DatasetID](annotation.FieldDatasetID, "datasetId", dataset) // the column has the same name everywhere
	if err != nil {
		return nil, err
	}
	onImage, err := linked[gid.ImageID](annotation.FieldImageID, "imageId", image)
	return func(s *sql.Selector) { inDataset(s); onImage(s) }, err
}

// linked is the condition for rows whose column holds the id in the argument of that name, if it is given.
func linked[ID any, P identifier[ID]](column, argument string, id *string) (func(*sql.Selector), error) {
	if id == nil {
		return func(*sql.Selector) {}, nil
	}
	present, _, err := gid.Split(*id)
	if err != nil {
		return nil, fault.InvalidAt(err.Error(), argument)
	}
	parsed, err := parse[ID, P](present, argument)
	return sql.FieldEQ(column, parsed), err
}
