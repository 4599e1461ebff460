// Package compare tells what has changed in a dataset between two moments.
package compare

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/sibling"
	"github.com/datasetgen/datagen/internal/snapshot"
)

// Comparison is of a dataset at two moments, of which one or both are those of snapshots. What it costs grows with what
// has changed between them.
type Comparison struct {
	Dataset  gid.DatasetID
	From, To *history.Moment // nil is the present

	db     *database.DB
	counts func(context.Context) (*Counts, error)
}

// New compares two snapshots of one dataset; the id 0 is what there is now.
func New(ctx context.Context, db *database.DB, from, to gid.SnapshotID) (*Comparison, error) {
	if from == 0 && to == 0 {
		return nil, fault.InvalidAt("at least one of from and to must be a snapshot", "from")
	}
	c := &Comparison{db: db}
	for _, side := range []struct {
		id       gid.SnapshotID
		argument string
		moment   **history.Moment
	}{{from, "from", &c.From}, {to, "to", &c.To}} {
		if side.id == 0 {
			continue
		}
		s, err := snapshot.Complete(ctx, db.Client, side.id, side.argument)
		if err != nil {
			return nil, err
		}
		if c.Dataset != 0 && s.DatasetID != c.Dataset {
			return nil, fault.InvalidAt("is of another dataset", "to")
		}
		*side.moment, c.Dataset = snapshot.MomentOf(s), s.DatasetID
	}
	c.counts = once(c.count)
	return c, nil
}

// once has a value found the first time that anybody asks for it.
func once[V any](find func(context.Context) (V, error)) func(context.Context) (V, error) {
	var do sync.Once
	var value V
	var err error
	return func(ctx context.Context) (V, error) {
		do.Do(func() { value, err = find(ctx) })
		return value, err
	}
}

// ChangeCounts are counts of what has changed of rows of a kind.
type ChangeCounts struct {
	Added   int
	Removed int
	Changed int
}

// AnnotationChangeCounts are counts of what has changed of annotations. One that was moved and relabelled counts as both.
type AnnotationChangeCounts struct {
	Added      int
	Removed    int
	Moved      int // have another shape
	Relabelled int // have another label
	Changed    int // have anything else that is another: place among others, source, confidence
}

func (a *AnnotationChangeCounts) add(b AnnotationChangeCounts) {
	a.Added += b.Added
	a.Removed += b.Removed
	a.Moved += b.Moved
	a.Relabelled += b.Relabelled
	a.Changed += b.Changed
}

// LabelChangeCounts are counts of what has changed of the annotations of a label. One that got another label counts with the
// label that it has now, and in Lost with the one that it had.
type LabelChangeCounts struct {
	LabelID     gid.LabelID
	Label       *ent.Label // nil until somebody reads it
	Annotations AnnotationChangeCounts
	Lost        int
}

// AuthorChangeCounts are counts of what has changed of the annotations that somebody drew.
type AuthorChangeCounts struct {
	AuthorID    *gid.UserID // nil when nobody is known
	Author      *ent.User   // nil as well until somebody reads it
	Annotations AnnotationChangeCounts
}

// Counts are counts of all that has changed.
type Counts struct {
	Images      ChangeCounts
	Labels      ChangeCounts
	Annotations AnnotationChangeCounts
	ByLabel     []LabelChangeCounts  // by the ids of labels, those that have changes
	ByAuthor    []AuthorChangeCounts // by the ids of authors, those that have changes, nobody first
}

// Counts counts all that has changed.
func (c *Comparison) Counts(ctx context.Context) (*Counts, error) { return c.counts(ctx) }

func (c *Comparison) count(ctx context.Context) (_ *Counts, err error) {
	defer fault.Wrap(&err, "count what has changed")

	var counts Counts
	for table, n := range map[string]*ChangeCounts{image.Table: &counts.Images, label.Table: &counts.Labels} {
		query := fmt.Sprintf(`WITH %s SELECT count(*) FILTER (WHERE old_id IS NULL), count(*) FILTER (WHERE new_id IS NULL),
			count(*) FILTER (WHERE old_id = new_id) FROM %s_pairs WHERE %s`, c.pairs(table, ""), table, differs(table))
		if err := each(ctx, c.db, query, func(scan scanner) error { return scan(&n.Added, &n.Removed, &n.Changed) }); err != nil {
			return nil, err
		}
	}
	return &counts, c.countAnnotations(ctx, &counts)
}

// countAnnotations counts by the old label, the new label and the author, of which there are few, and sums up.
func (c *Comparison) countAnnotations(ctx context.Context, counts *Counts) error {
	query := fmt.Sprintf(`WITH %s SELECT old_label_id, new_label_id, COALESCE(new_author_id, old_author_id) AS author, %s
		FROM annotations_pairs WHERE %s GROUP BY old_label_id, new_label_id, COALESCE(new_author_id, old_author_id)
		ORDER BY author NULLS FIRST`, c.pairs(annotation.Table, ""), counting, differs(annotation.Table))
	labels := map[gid.LabelID]*LabelChangeCounts{}
	of := func(id gid.LabelID) *LabelChangeCounts {
		if labels[id] == nil {
			labels[id] = &LabelChangeCounts{LabelID: id}
		}
		return labels[id]
	}
	err := each(ctx, c.db, query, func(scan scanner) error {
		var before, after *gid.LabelID
		var author *gid.UserID
		var n AnnotationChangeCounts
		if err := scan(&before, &after, &author, &n.Added, &n.Removed, &n.Moved, &n.Relabelled, &n.Changed); err != nil {
			return err
		}
		counts.Annotations.add(n)
		counts.addAuthor(author, n)
		if after == nil {
			of(*before).Annotations.add(n)
			return nil
		}
		of(*after).Annotations.add(n)
		if n.Relabelled > 0 {
			of(*before).Lost += n.Relabelled
		}
		return nil
	})
	counts.ByLabel = sortedLabels(labels)
	return err
}

// addAuthor adds to the author, who comes once or is the last.
func (c *Counts) addAuthor(author *gid.UserID, n AnnotationChangeCounts) {
	last := len(c.ByAuthor) - 1
	if last < 0 || !same(c.ByAuthor[last].AuthorID, author) {
		c.ByAuthor = append(c.ByAuthor, AuthorChangeCounts{AuthorID: author})
		last++
	}
	c.ByAuthor[last].Annotations.add(n)
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// DifferenceKind is what became of an image or of an annotation.
type DifferenceKind string

// All that can become of them. An image that is the same has annotations that are not.
const (
	Added   DifferenceKind = "ADDED"
	Removed DifferenceKind = "REMOVED"
	Changed DifferenceKind = "CHANGED"
	Same    DifferenceKind = "SAME"
)

// ImageDifference is an image that has changed, or on which annotations have.
type ImageDifference struct {
	ID          gid.ImageID
	Kind        DifferenceKind
	Annotations AnnotationChangeCounts
	Before      *ent.Image // nil when it was not there, or nobody has read it
	After       *ent.Image // likewise

	Comparison *Comparison
	Siblings   *sibling.Group // the differences that were found together, this one among them
}

// Images returns those of the changed images that come after one, by their ids: first of them, 1 to 100.
func (c *Comparison) Images(ctx context.Context, first int, after gid.ImageID) (differences []*ImageDifference, err error) {
	defer fault.Wrap(&err, "find changed images")

	if err := catalog.CheckFirst(first); err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`WITH %s, %s, changed AS (
			SELECT COALESCE(old_id, new_id) AS image_id, %s AS kind, 0 AS added, 0 AS removed, 0 AS moved, 0 AS relabelled, 0 AS other FROM images_pairs WHERE %s
			UNION ALL SELECT COALESCE(old_image_id, new_image_id), NULL, %s FROM annotations_pairs WHERE %s GROUP BY COALESCE(old_image_id, new_image_id))
		SELECT image_id, COALESCE(max(kind), 'SAME'), sum(added), sum(removed), sum(moved), sum(relabelled), sum(other)
		FROM changed WHERE image_id > %d GROUP BY image_id ORDER BY image_id LIMIT %d`,
		c.pairs(image.Table, ""), c.pairs(annotation.Table, ""), kind, differs(image.Table), counting, differs(annotation.Table), after, first)
	err = each(ctx, c.db, query, func(scan scanner) error {
		i := &ImageDifference{Comparison: c}
		n := &i.Annotations
		if err := scan(&i.ID, &i.Kind, &n.Added, &n.Removed, &n.Moved, &n.Relabelled, &n.Changed); err != nil {
			return err
		}
		differences = append(differences, i)
		return nil
	})
	join(ctx, differences)
	return differences, err
}

// join tells differences of each other, see package sibling.
func join(ctx context.Context, differences []*ImageDifference) {
	members := make([]any, len(differences))
	group := sibling.NewGroup(ctx, members)
	for i, d := range differences {
		members[i], d.Siblings = d, group
	}
}

// AnnotationDifference is an annotation that has changed.
type AnnotationDifference struct {
	ID         gid.AnnotationID
	Kind       DifferenceKind
	Moved      bool
	Relabelled bool
	Before     *ent.Annotation // nil when it was not there, or nobody has read it
	After      *ent.Annotation // likewise
}

// IoU is the intersection over union of the shapes before and after, nil unless both are shapes that have an area. It
// needs the types and the data of both.
func (d AnnotationDifference) IoU() *float64 {
	if d.Before == nil || d.After == nil {
		return nil
	}
	return iou(d.Before, d.After)
}

// AnnotationsOn returns what has changed of the annotations on some images: of each at most first, 1 to 100, by their ids.
func (c *Comparison) AnnotationsOn(ctx context.Context, images []gid.ImageID, first int) (_ map[gid.ImageID][]*AnnotationDifference, err error) {
	defer fault.Wrap(&err, "find changed annotations")

	if err := catalog.CheckFirst(first); err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`WITH %s SELECT id, image_id, moved, relabelled, kind FROM (
			SELECT COALESCE(old_id, new_id) AS id, COALESCE(old_image_id, new_image_id) AS image_id,
			COALESCE(%s, FALSE) AS moved, COALESCE(old_label_id <> new_label_id, FALSE) AS relabelled, %s AS kind,
			row_number() OVER (PARTITION BY COALESCE(old_image_id, new_image_id) ORDER BY COALESCE(old_id, new_id)) AS place
			FROM annotations_pairs WHERE %s) numbered WHERE place <= %d ORDER BY image_id, place`,
		c.pairs(annotation.Table, database.In("image_id", images)), moved, kind, differs(annotation.Table), first)
	found := map[gid.ImageID][]*AnnotationDifference{}
	err = each(ctx, c.db, query, func(scan scanner) error {
		var a AnnotationDifference
		var on gid.ImageID
		err := scan(&a.ID, &on, &a.Moved, &a.Relabelled, &a.Kind)
		found[on] = append(found[on], &a)
		return err
	})
	return found, err
}

type scanner = func(...any) error

// each visits the rows that a query finds.
func each(ctx context.Context, db *database.DB, query string, visit func(scanner) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
