package graph

import (
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/internal/gid"
)

// lookUp finds the row of an id that lies in the dataset and on the image, so far as these are given. What is
// not there, or not the viewer's to see, is null.
func lookUp[ID any, P identifier[ID], R any](id string, dataset, image *string, read func(ID, func(*sql.Selector)) ([]*R, error)) (*R, error) {
	return with[ID, P]("id", id, func(parsed ID) (*R, error) {
		in, err := lyingIn(dataset, image)
		if err != nil {
			return nil, err
		}
		rows, err := read(parsed, in)
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
	parsed, err := parse[ID, P](*id, argument)
	return sql.FieldEQ(column, parsed), err
}
