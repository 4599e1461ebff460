package ingest

import (
	"context"
	"strings"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/coalesce"
	"github.com/datasetgen/datagen/internal/gid"
)

// DuplicatePolicy is what becomes of a picture whose bytes the dataset has.
type DuplicatePolicy string

// All that can become of such a picture.
const (
	// SkipDuplicates leaves the image that is there as it is.
	SkipDuplicates DuplicatePolicy = "SKIP"
	// LinkDuplicates puts the image that is there into the batch and the split that the picture was to go to, and adds the
	// tags that it was to have.
	LinkDuplicates DuplicatePolicy = "LINK"
	// KeepDuplicates makes another image, unless the one that is there came from the same source: an import that is
	// sent again adds nothing.
	KeepDuplicates DuplicatePolicy = "KEEP"
)

// identity is what makes two pictures of a dataset the same one.
type identity struct{ sum, source string }

func (to target) identity(e *entry) identity { return to.duplicates.identity(e.picture.sum, e.source) }

func (d DuplicatePolicy) identity(sum, source string) identity {
	if d == KeepDuplicates {
		return identity{sum, source}
	}
	return identity{sum: sum}
}

func (to target) identities(entries []*entry) []identity {
	ids := make([]identity, len(entries))
	for i, e := range entries {
		ids[i] = to.identity(e)
	}
	return ids
}

// find returns the first image of the dataset that each picture is the same as, if any.
func (to target) find(ctx context.Context, db *ent.Client, pictures []identity) (map[identity]gid.ImageID, error) {
	found := make(map[identity]gid.ImageID)
	if to.duplicates == "" || len(pictures) == 0 {
		return found, nil
	}
	var sums, sources []string
	for _, p := range pictures {
		sums = append(sums, p.sum)
		sources = append(sources, p.source)
	}
	q := db.Image.Query().Where(image.DatasetID(to.dataset), image.Sha256In(sums...))
	by := []string{image.FieldSha256}
	if to.duplicates == KeepDuplicates {
		q.Where(image.SourceIn(sources...))
		by = append(by, image.FieldSource)
	}
	var rows []struct {
		Sum    string      `sql:"sha256"`
		Source string      `sql:"source"`
		ID     gid.ImageID `sql:"min"`
	}
	err := q.GroupBy(by[0], by[1:]...).Aggregate(ent.Min(image.FieldID)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		found[to.duplicates.identity(r.Sum, r.Source)] = r.ID
	}
	if to.duplicates != KeepDuplicates {
		err = to.findKept(ctx, db, sums, found)
	}
	return found, err
}

// findKept adds the first image of the dataset that each picture was made from: what is downloaded or exported of an image
// may be other bytes than those that were uploaded.
func (to target) findKept(ctx context.Context, db *ent.Client, sums []string, found map[identity]gid.ImageID) error {
	var rows []struct {
		Sum string      `sql:"object_sha256"`
		ID  gid.ImageID `sql:"min"`
	}
	err := db.Image.Query().Where(image.DatasetID(to.dataset), image.ObjectSha256In(sums...)).
		GroupBy(image.FieldObjectSha256).Aggregate(ent.Min(image.FieldID)).Scan(ctx, &rows)
	for _, r := range rows {
		if id := (identity{sum: r.Sum}); found[id] == 0 {
			found[id] = r.ID
		}
	}
	return err
}

// lookUp finds images of a dataset that pictures are the same as, before these are looked at any further. A nil one finds none.
type lookUp struct {
	db      *ent.Client
	to      target
	sources *coalesce.Caller[string, *ent.Image]
	sums    *coalesce.Caller[identity, bool]
}

func newLookUp(db *ent.Client, to target) *lookUp {
	l := &lookUp{db: db, to: to}
	l.sources, l.sums = coalesce.New(l.newest), coalesce.New(l.present)
	return l
}

// source returns the hash of the newest image that was made of an item after it last changed, and nothing if there is none.
func (l *lookUp) source(ctx context.Context, it *item) (sum string, err error) {
	if l == nil || it.modified.IsZero() {
		return "", nil
	}
	img, err := l.sources.Ask(ctx, it.source)
	if err != nil || img == nil || img.CreatedAt.Before(it.modified) {
		return "", err
	}
	return img.Sha256, nil
}

// newest finds the newest image from each source.
func (l *lookUp) newest(ctx context.Context, sources []string) (map[string]*ent.Image, error) {
	var newest []struct {
		Source string      `sql:"source"`
		ID     gid.ImageID `sql:"max"`
	}
	err := l.db.Image.Query().Where(image.DatasetID(l.to.dataset), image.SourceIn(sources...)).
		GroupBy(image.FieldSource).Aggregate(ent.Max(image.FieldID)).Scan(ctx, &newest)
	if err != nil || len(newest) == 0 {
		return nil, err
	}
	ids := make([]gid.ImageID, len(newest))
	for i, n := range newest {
		ids[i] = n.ID
	}
	images, err := l.db.Image.Query().Where(image.IDIn(ids...)).
		Select(image.FieldSource, image.FieldSha256, image.FieldCreatedAt).All(ctx)
	found := make(map[string]*ent.Image, len(images))
	for _, img := range images {
		found[img.Source] = img
	}
	return found, err
}

// has tells whether there is an image of an item whose bytes have that hash.
func (l *lookUp) has(ctx context.Context, it *item, sum string) (bool, error) {
	if l == nil {
		return false, nil
	}
	return l.sums.Ask(ctx, l.to.duplicates.identity(sum, it.source))
}

// present tells which pictures the dataset has.
func (l *lookUp) present(ctx context.Context, pictures []identity) (map[identity]bool, error) {
	found, err := l.to.find(ctx, l.db, pictures)
	present := make(map[identity]bool, len(found))
	for id := range found {
		present[id] = true
	}
	return present, err
}

// link puts images that are there to where the entries were to go, and adds their tags.
func link(ctx context.Context, tx *ent.Tx, db string, found map[*entry]gid.ImageID) error {
	type place struct {
		batch gid.BatchID
		split image.Split
	}
	places := make(map[place][]gid.ImageID)
	for e, id := range found {
		at := place{batch: e.targets().batch}
		if e.Split != nil {
			at.split = *e.Split
		}
		places[at] = append(places[at], id)
	}
	for at, ids := range places {
		if at == (place{}) {
			continue
		}
		var elsewhere []predicate.Image // those that are there stay as they are
		u := tx.Image.Update().Where(image.IDIn(ids...))
		if at.batch != 0 {
			u.SetBatchID(at.batch)
			elsewhere = append(elsewhere, image.BatchIDIsNil(), image.BatchIDNEQ(at.batch))
		}
		if at.split != "" {
			u.SetSplit(at.split)
			elsewhere = append(elsewhere, image.SplitNEQ(at.split))
		}
		u.Where(image.Or(elsewhere...))
		if err := u.Exec(ctx); err != nil {
			return err
		}
	}
	return addTags(ctx, tx, db, found)
}

// addTags adds the tags of entries to images, in one go for those that get the same ones.
func addTags(ctx context.Context, tx *ent.Tx, db string, found map[*entry]gid.ImageID) error {
	const between = "\n" // no tag has one
	tagged := make(map[string][]gid.ImageID)
	for e, id := range found {
		tags := strings.Join(catalog.Tags(e.Tags), between)
		tagged[tags] = append(tagged[tags], id)
	}
	delete(tagged, "")
	for tags, ids := range tagged {
		if err := catalog.AddTags(ctx, tx, db, ids, strings.Split(tags, between), "options", "tags"); err != nil {
			return err
		}
	}
	return nil
}
