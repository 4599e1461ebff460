package archive

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/storage"
)

// Filter leaves some of a dataset. What is nil leaves all.
type Filter struct {
	Labels        []gid.LabelID // the classes; images without annotations of theirs stay, as such that show none
	Splits        []image.Split
	Synthetic     *bool    // images that were generated, or those that were not
	Reviewed      *bool    // images whose annotations were checked, or those whose were not
	MinConfidence *float64 // of annotations that models made, 0 to 1; those that people drew stay
}

// Reader reads datasets out of the database.
type Reader struct {
	db    *database.DB
	store storage.Store
}

// NewReader returns a Reader of datasets whose objects are in the store.
func NewReader(db *database.DB, store storage.Store) *Reader { return &Reader{db, store} }

const (
	// idPage is how many ids of images are read at once, and imagePage for how many of these the rest is.
	idPage    = 20_000
	imagePage = 256
)

// Dataset returns a dataset as a snapshot sees it, but for what a filter leaves out. Whether anybody may read it is not asked.
func (r *Reader) Dataset(ctx context.Context, m *history.Moment, f Filter) (_ *export.Dataset, err error) {
	defer fault.Wrap(&err, "read dataset %d", m.Dataset)

	ctx = history.At(access.System(ctx), m)
	d, err := r.db.Dataset.Get(ctx, m.Dataset)
	if err != nil {
		return nil, err
	}
	reading := &reading{Reader: r, moment: m, filter: f, classes: map[gid.LabelID]int{}, authors: map[gid.UserID]string{}}
	out := &export.Dataset{Name: d.Name, Description: d.Description, Images: reading.images}
	if out.Labels, err = reading.labels(ctx); err != nil {
		return nil, err
	}
	out.Splits, err = reading.splits(ctx)
	return out, err
}

// reading is of one dataset at one moment. It is safe for concurrent use once labels were read.
type reading struct {
	*Reader

	moment  *history.Moment
	filter  Filter
	classes map[gid.LabelID]int

	drawn atomic.Int64 // how many annotations an image had, of the page before

	mu      sync.Mutex
	authors map[gid.UserID]string // email addresses of those that were asked for
}

// labels reads the classes, and notes their places.
func (r *reading) labels(ctx context.Context) (labels []export.Label, err error) {
	query := fmt.Sprintf(`SELECT id, name, color, prompt, negative_prompt FROM "labels" WHERE dataset_id = %d%s ORDER BY "order", id`,
		r.moment.Dataset, among("id", r.filter.Labels))
	err = r.each(ctx, query, func(rows *stdsql.Rows) error {
		var l export.Label
		err := rows.Scan(&l.ID, &l.Name, &l.Color, &l.Prompt, &l.NegativePrompt)
		r.classes[l.ID] = len(labels)
		labels = append(labels, l)
		return err
	})
	return labels, err
}

// splits are those that images are in, in the order in which people name them.
func (r *reading) splits(ctx context.Context) (splits []image.Split, err error) {
	there := map[image.Split]bool{}
	err = r.each(ctx, `SELECT DISTINCT split FROM "images" WHERE `+r.wanted(nil), func(rows *stdsql.Rows) error {
		var s image.Split
		err := rows.Scan(&s)
		there[s] = true
		return err
	})
	for _, s := range []image.Split{image.SplitTrain, image.SplitVal, image.SplitTest, image.SplitNone} {
		if there[s] {
			splits = append(splits, s)
		}
	}
	return splits, err
}

// wanted is the condition for images of the dataset that the filter leaves, in some splits.
func (r *reading) wanted(splits []image.Split) string {
	where := []string{fmt.Sprintf("dataset_id = %d", r.moment.Dataset)}
	for _, list := range [][]image.Split{r.filter.Splits, splits} {
		if list == nil {
			continue
		}
		names := make([]string, len(list))
		for i, s := range list {
			names[i] = "'" + string(s) + "'"
		}
		where = append(where, "split IN ("+strings.Join(names, ", ")+")")
	}
	if r.filter.Synthetic != nil {
		where = append(where, "is_synthetic = "+strconv.FormatBool(*r.filter.Synthetic))
	}
	if r.filter.Reviewed != nil {
		where = append(where, "reviewed = "+strconv.FormatBool(*r.filter.Reviewed))
	}
	return strings.Join(where, " AND ")
}

func among[ID ~int](column string, ids []ID) string {
	if ids == nil {
		return ""
	}
	return " AND " + database.In(column, ids)
}

// pagesAhead is how many pages are read while others are used. They are so many queries at once.
const pagesAhead = 2

// images is export.Images.
func (r *reading) images(ctx context.Context, after gid.ImageID, w export.Wanted) iter.Seq2[*export.Image, error] {
	return func(yield func(*export.Image, error) bool) {
		ctx, cancel := context.WithCancel(history.At(access.System(ctx), r.moment))
		defer cancel()
		pages := make(chan chan page, pagesAhead-1)
		go r.read(ctx, after, w, pages)
		for next := range pages {
			p := <-next
			if p.err != nil {
				yield(nil, p.err)
				return
			}
			for i := range p.images {
				if !yield(&p.images[i], nil) {
					return
				}
			}
		}
	}
}

type page struct {
	images []export.Image
	err    error
}

// read sends the pages of the images after one, which may still be on their way, and closes the channel. An error is the last.
func (r *reading) read(ctx context.Context, after gid.ImageID, w export.Wanted, to chan<- chan page) {
	defer close(to)
	for {
		ids, err := r.ids(ctx, after, w.Splits)
		if err != nil {
			ids = []gid.ImageID{0}
		}
		for chunk := range slices.Chunk(ids, imagePage) {
			next := make(chan page, 1)
			select {
			case to <- next:
			case <-ctx.Done():
				return
			}
			if err != nil {
				next <- page{err: err}
				return
			}
			go func() {
				images, err := r.page(ctx, chunk, w.Of)
				next <- page{images, err}
			}()
			after = chunk[len(chunk)-1]
		}
		if len(ids) < idPage {
			return
		}
	}
}

// ids reads those of the next images. Sorting what both a table and its history have takes a look at all of it, which is
// done for many pages at once.
func (r *reading) ids(ctx context.Context, after gid.ImageID, splits []image.Split) (ids []gid.ImageID, err error) {
	query := fmt.Sprintf(`SELECT id FROM "images" WHERE %s AND id > %d ORDER BY id LIMIT %d`, r.wanted(splits), after, idPage)
	err = r.each(ctx, query, func(rows *stdsql.Rows) error {
		var id gid.ImageID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// page reads images with their annotations.
func (r *reading) page(ctx context.Context, ids []gid.ImageID, of export.Of) ([]export.Image, error) {
	images := make([]export.Image, 0, len(ids))
	places := make(map[gid.ImageID]int, len(ids))
	query := fmt.Sprintf(`SELECT i.id, i.name, i.original_name, i.source, i.sha256, i.object_sha256, i.size, i.format, i.width, i.height, i.split,
		i.prompt, i.negative_prompt, i.generation_type, i.extra_information, i.metadata, i.tags, i.is_synthetic, i.done, i.reviewed,
		i.base_image_id, i.created_at, o.crc32, o.crc32c
		FROM "images" i LEFT JOIN objects o ON o.sha256 = i.object_sha256 WHERE %s ORDER BY i.id`, between("i.id", ids))
	err := r.each(ctx, query, func(rows *stdsql.Rows) error {
		var img export.Image
		var ieee, castagnoli *int64
		var tags []byte
		err := rows.Scan(&img.ID, &img.Name, &img.OriginalName, &img.Source, &img.SHA256, &img.Object.SHA256, &img.Object.Size, &img.Format, &img.Width, &img.Height,
			&img.Split, &img.Prompt, &img.NegativePrompt, &img.GenerationType, &img.ExtraInformation, &img.Metadata, &tags, &img.IsSynthetic, &img.Done,
			&img.Reviewed, &img.BaseImageID, &img.CreatedAt, &ieee, &castagnoli)
		if err != nil {
			return err
		}
		if _, wanted := slices.BinarySearch(ids, img.ID); !wanted {
			return nil
		}
		if string(tags) != "[]" {
			if err := json.Unmarshal(tags, &img.Tags); err != nil {
				return err
			}
		}
		if ieee != nil && castagnoli != nil {
			img.Object.CRC32, img.Object.CRC32C = uint32(*ieee), uint32(*castagnoli) //nolint:gosec // as they were put
		} else {
			img.Object.CRC32, img.Object.CRC32C = unknown, unknown
		}
		places[img.ID] = len(images)
		images = append(images, img)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.findCRCs(ctx, images); err != nil {
		return nil, err
	}
	if of == export.Pictures || len(images) == 0 {
		return images, nil
	}
	return images, r.annotations(ctx, images, places, ids, of)
}

// unknown stands for both CRCs of an object while they are. That they are both right is as good as impossible, and costs no
// more than a look.
const unknown = 0xffffffff

// findCRCs looks at objects that are older than the noting of CRCs.
func (r *reading) findCRCs(ctx context.Context, images []export.Image) error {
	for i := range images {
		o := &images[i].Object
		if o.CRC32 != unknown || o.CRC32C != unknown {
			continue
		}
		crcs, err := object.FindCRCs(history.At(ctx, nil), r.db, r.store, o.SHA256)
		if err != nil {
			return err
		}
		o.CRC32, o.CRC32C = crcs.IEEE, crcs.Castagnoli
	}
	return nil
}

// annotations reads those of images. They lie in one array, by their images.
func (r *reading) annotations(ctx context.Context, images []export.Image, places map[gid.ImageID]int, ids []gid.ImageID, of export.Of) error {
	where := between("image_id", ids) + among("label_id", r.filter.Labels)
	if r.filter.MinConfidence != nil {
		where += fmt.Sprintf(" AND (confidence IS NULL OR confidence >= %s)", strconv.FormatFloat(*r.filter.MinConfidence, 'f', -1, 64))
	}
	columns := "image_id, label_id, type, data, source, confidence"
	if of == export.Annotations {
		columns += ", id, author_id, is_synthetic, created_at"
	}
	query := fmt.Sprintf(`SELECT %s FROM "annotations" WHERE %s ORDER BY image_id, position, id`, columns, where)
	row := annotationRow{page: make([]export.Annotation, 0, len(images)*int(1+r.drawn.Load()))}
	ends := make([]int, len(images))
	err := r.each(ctx, query, func(rows *stdsql.Rows) error {
		if err := row.scan(rows, of); err != nil {
			return err
		}
		if place, wanted := places[gid.ImageID(row.image)]; wanted {
			row.add(r.classes[gid.LabelID(row.label)])
			ends[place] = len(row.page)
		}
		return nil
	})
	if err != nil {
		return err
	}
	begin := 0
	for i, end := range ends {
		if end > begin {
			images[i].Annotations, begin = row.page[begin:end:end], end
		}
	}
	r.drawn.Store(int64(len(row.page) / len(images)))
	return r.name(ctx, row.page, row.authors)
}

// annotationRow reads rows of annotations into one array: into variables of types that package database/sql fills without
// looking any further, since there may be a million.
type annotationRow struct {
	page    []export.Annotation
	authors []*gid.UserID
	texts   []byte            // of data, for many annotations
	words   map[string]string // types and sources, of which there are few

	image, label      int64
	typ, data, source stdsql.RawBytes
	author            *gid.UserID
	current           export.Annotation
}

func (r *annotationRow) scan(rows *stdsql.Rows, of export.Of) error {
	r.author, r.current = nil, export.Annotation{}
	a := &r.current
	if of == export.Shapes {
		return rows.Scan(&r.image, &r.label, &r.typ, &r.data, &r.source, &a.Confidence)
	}
	return rows.Scan(&r.image, &r.label, &r.typ, &r.data, &r.source, &a.Confidence, &a.ID, &r.author, &a.IsSynthetic, &a.CreatedAt)
}

// add adds the row that was read.
func (r *annotationRow) add(class int) {
	const block = 1 << 16
	if len(r.data) > cap(r.texts)-len(r.texts) {
		r.texts = make([]byte, 0, max(block, len(r.data)))
	}
	begin := len(r.texts)
	r.texts = append(r.texts, r.data...)
	a := r.current
	a.Class, a.Type, a.Source = class, r.word(r.typ), annotation.Source(r.word(r.source))
	a.Data = r.texts[begin:len(r.texts):len(r.texts)]
	r.page, r.authors = append(r.page, a), append(r.authors, r.author)
}

// word is a text that is made once.
func (r *annotationRow) word(b []byte) string {
	word, ok := r.words[string(b)]
	if !ok {
		if r.words == nil {
			r.words = map[string]string{}
		}
		word = string(b)
		r.words[word] = word
	}
	return word
}

// between is the condition for a column with the ids of images, which are sorted. A range is read in the order of an index;
// there may be others in it, but not many.
func between(column string, ids []gid.ImageID) string {
	first, last := ids[0], ids[len(ids)-1]
	const sparse = 4
	if int(last-first) > sparse*len(ids) {
		return database.In(column, ids)
	}
	return fmt.Sprintf("%s BETWEEN %d AND %d", column, first, last)
}

// name notes the authors of annotations.
func (r *reading) name(ctx context.Context, all []export.Annotation, authors []*gid.UserID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	unknown := map[gid.UserID]bool{}
	for _, id := range authors {
		if id == nil {
			continue
		}
		if _, ok := r.authors[*id]; !ok {
			unknown[*id] = true
		}
	}
	if len(unknown) > 0 {
		query := "SELECT id, email FROM users WHERE " + database.In("id", slices.Collect(maps.Keys(unknown)))
		err := r.each(ctx, query, func(rows *stdsql.Rows) error {
			var id gid.UserID
			var email string
			err := rows.Scan(&id, &email)
			r.authors[id] = email
			return err
		})
		if err != nil {
			return err
		}
	}
	for i, id := range authors {
		if id != nil {
			all[i].Author = r.authors[*id]
		}
	}
	return nil
}

// each visits the rows that a query finds.
func (r *reading) each(ctx context.Context, query string, visit func(*stdsql.Rows) error) (err error) {
	rows, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
