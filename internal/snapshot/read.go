package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/yolozip"
)

// pageSize is how many images, with their annotations, are in memory at once.
const pageSize = 200

// labels are those of a dataset, used or not: the classes of others would change with the images that there are.
type labels struct {
	names   []string
	classes map[gid.LabelID]int // their places among the names
}

func labelsOf(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID) (labels, error) {
	q := tx.Label.Query().Where(label.DatasetID(dataset)).Order(label.ByOrder(), label.ByID())
	q.Select(label.FieldID, label.FieldName)
	rows, err := q.All(ctx)
	all := labels{classes: make(map[gid.LabelID]int, len(rows))}
	for i, l := range rows {
		all.names = append(all.names, l.Name)
		all.classes[l.ID] = i
	}
	return all, err
}

// reader reads the images of a dataset.
type reader struct {
	tx      *ent.Tx
	store   storage.Store
	dataset gid.DatasetID
	classes map[gid.LabelID]int
}

// images goes through all of them by their ids.
func (r reader) images(ctx context.Context) iter.Seq2[yolozip.Image, error] {
	return func(yield func(yolozip.Image, error) bool) {
		last := gid.ImageID(0)
		for {
			page, err := r.page(ctx, last)
			if err != nil {
				yield(yolozip.Image{}, err)
				return
			}
			for _, img := range page {
				if !yield(r.image(img), nil) {
					return
				}
				last = img.ID
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// page reads the images that come after one, with their annotations.
func (r reader) page(ctx context.Context, last gid.ImageID) ([]*ent.Image, error) {
	q := r.tx.Image.Query().Where(image.DatasetID(r.dataset), image.IDGT(last)).Order(image.ByID()).Limit(pageSize)
	q.WithAnnotations(func(q *ent.AnnotationQuery) {
		q.Order(annotation.ByPosition(), annotation.ByID())
		q.Select(annotation.FieldImageID, annotation.FieldLabelID, annotation.FieldType, annotation.FieldData)
	})
	q.Select(image.FieldName, image.FieldObjectSha256, image.FieldFormat)
	return q.All(ctx)
}

func (r reader) image(img *ent.Image) yolozip.Image {
	return yolozip.Image{Name: fileName(img), Boxes: r.boxes(img.Edges.Annotations), Open: r.open(img)}
}

// boxes leaves out what has no box.
func (r reader) boxes(annotations []*ent.Annotation) (boxes []yolozip.Box) {
	for _, a := range annotations {
		class, known := r.classes[a.LabelID]
		if box, ok := yolozip.NewBox(class, a.Type, a.Data); ok && known {
			boxes = append(boxes, box)
		}
	}
	return boxes
}

// extensions of file names by what the files are, which not all names of images tell.
var extensions = map[image.Format]string{
	image.FormatPNG:  ".png",
	image.FormatJPEG: ".jpg",
	image.FormatWebP: ".webp",
	image.FormatGIF:  ".gif",
}

func fileName(img *ent.Image) string {
	return strings.TrimSuffix(img.Name, path.Ext(img.Name)) + extensions[img.Format]
}

func (r reader) open(img *ent.Image) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		key, err := storage.ObjectKey(img.ObjectSha256)
		if err != nil {
			return nil, fmt.Errorf("image %d: %v", img.ID, err) //nolint:errorlint // the request is not what is invalid
		}
		content, _, err := r.store.Open(ctx, key)
		if errors.Is(err, fault.NotFound) {
			return nil, fmt.Errorf("the bytes of image %d are lost: %v", img.ID, err) //nolint:errorlint // the image is there
		}
		return content, err
	}
}
