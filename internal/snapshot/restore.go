package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
)

// Selection is what of a dataset is restored: some images and some labels, each with all annotations on or of it. The
// zero value is all there is.
type Selection struct {
	Images []gid.ImageID
	Labels []gid.LabelID
}

func (s Selection) all() bool { return s.Images == nil && s.Labels == nil }

func (s Selection) check() error {
	if err := catalog.CheckCount(len(s.Images)+len(s.Labels), "imageIds"); err != nil {
		return err
	}
	var c fault.Check
	c.That(s.all() || len(s.Images)+len(s.Labels) > 0, "selects nothing; leave it out to restore all", "imageIds")
	return c.Err()
}

// Restored is what a restoration did.
type Restored struct {
	Before      *ent.Snapshot // of the dataset as it was just before
	Images      int           // that came back, changed back or went
	Labels      int           // likewise
	Annotations int           // likewise
}

// Restore makes a dataset, or a selection of it, what a snapshot of it sees, after it has made a snapshot of what there
// is. It takes as long as what has changed since is large, during which nobody else writes in the dataset. What was
// batched or assigned in batches and jobs that are gone is no longer. Nothing is restored when anything of the
// selection is not in the snapshot.
func Restore(ctx context.Context, db *database.DB, limits quota.Limits, id gid.SnapshotID, selection Selection) (*Restored, error) {
	if err := selection.check(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) (*Restored, error) {
		s, err := Complete(ctx, tx.Client(), id, "id")
		if err != nil {
			return nil, err
		}
		if err := access.Allow(ctx, tx.Client(), s.DatasetID, access.EditSnapshots); err != nil {
			return nil, err
		}
		freeze, err := Freeze(ctx, db, tx, s.DatasetID)
		if err != nil {
			return nil, err
		}
		before, err := freeze.SetName(beforeRestoring(s)).Save(ctx)
		if err != nil {
			return nil, err
		}
		r := restoration{db: db, tx: tx, moment: MomentOf(s), selection: selection, limits: limits}
		done, err := r.run(ctx)
		if err != nil {
			return nil, err
		}
		done.Before = before.Unwrap()
		return done, nil
	})
}

// Complete reads a snapshot of which more than an archive was kept; argument is where its id is.
func Complete(ctx context.Context, db *ent.Client, id gid.SnapshotID, argument string) (*ent.Snapshot, error) {
	s, err := db.Snapshot.Query().Where(snapshot.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("snapshot %w", fault.NotFound)
	}
	if err == nil && s.Epoch == nil {
		return nil, fault.InvalidAt("nothing but a zip was kept of it", argument)
	}
	return s, err
}

func beforeRestoring(s *ent.Snapshot) string {
	name := []rune("Before restoring " + s.Name)
	if s.Name == "" {
		name = []rune("Before restoring snapshot " + strconv.Itoa(int(s.ID)))
	}
	return string(name[:min(len(name), nameLength)])
}

// restoration is one under way. What its snapshot sees of a row that has changed or gone since is in the history.
type restoration struct {
	db        *database.DB
	tx        *ent.Tx
	moment    *history.Moment
	selection Selection
	needed    []gid.LabelID // that have gone, and that annotations have which come back
	limits    quota.Limits
}

func (r restoration) run(ctx context.Context) (*Restored, error) {
	if err := r.check(ctx); err != nil {
		return nil, err
	}
	var err error
	if r.needed, err = r.needs(ctx); err != nil {
		return nil, err
	}
	var done Restored
	if done.Annotations, err = r.removeNewAnnotations(ctx); err != nil { // some may have ids of those that come back
		return nil, err
	}
	for _, t := range []struct {
		name  string
		scope func(table string) string
		count *int
	}{
		{label.Table, r.labels, &done.Labels},
		{image.Table, r.images, &done.Images},
		{annotation.Table, r.annotations, &done.Annotations},
	} {
		n, err := r.bringBack(ctx, history.Table(t.name), t.scope)
		if err != nil {
			return nil, err
		}
		*t.count += n
	}
	n, err := r.bringBackRenamed(ctx)
	if err != nil {
		return nil, err
	}
	done.Annotations += n
	return &done, r.removeNew(ctx, &done)
}

// check complains about what is selected and is not in the snapshot.
func (r restoration) check(ctx context.Context) error {
	then := history.At(ctx, r.moment)
	var c fault.Check
	images, err := r.tx.Image.Query().Where(image.IDIn(r.selection.Images...)).IDs(then)
	if err != nil {
		return err
	}
	labels, err := r.tx.Label.Query().Where(label.IDIn(r.selection.Labels...)).IDs(then)
	if err != nil {
		return err
	}
	complain(&c, "imageIds", r.selection.Images, images)
	complain(&c, "labelIds", r.selection.Labels, labels)
	return c.Err()
}

func complain[ID comparable](c *fault.Check, argument string, wanted, found []ID) {
	there := make(map[ID]bool, len(found))
	for _, id := range found {
		there[id] = true
	}
	for i, id := range wanted {
		c.That(there[id], "is not in the snapshot", argument, i)
	}
}

// needs finds the labels that selected images need and that have gone.
func (r restoration) needs(ctx context.Context) ([]gid.LabelID, error) {
	if len(r.selection.Images) == 0 {
		return nil, nil
	}
	then := history.At(ctx, r.moment)
	used, err := r.tx.Label.Query().Where(label.HasAnnotationsWith(annotation.ImageIDIn(r.selection.Images...))).IDs(then)
	if err != nil {
		return nil, err
	}
	there, err := r.tx.Label.Query().Where(label.IDIn(used...)).IDs(ctx)
	return slices.DeleteFunc(used, func(id gid.LabelID) bool { return slices.Contains(there, id) }), err
}

// The scopes are conditions on rows of a table and of its history alike.

func (r restoration) labels(table string) string {
	if r.selection.all() {
		return "TRUE"
	}
	return database.In(table+".id", slices.Concat(r.selection.Labels, r.needed))
}

func (r restoration) images(table string) string {
	if r.selection.all() {
		return "TRUE"
	}
	return database.In(table+".id", r.selection.Images)
}

func (r restoration) annotations(table string) string {
	if r.selection.all() {
		return "TRUE"
	}
	return fmt.Sprintf("(%s OR %s AND EXISTS (SELECT 1 FROM images live WHERE live.id = %s.image_id))",
		database.In(table+".image_id", r.selection.Images), database.In(table+".label_id", r.selection.Labels), table)
}

// seen is the condition on rows h of a history that the snapshot sees.
func (r restoration) seen() string {
	return fmt.Sprintf("h.dataset_id = %d AND h.born <= %[2]d AND h.died > %[2]d", r.moment.Dataset, r.moment.Epoch)
}

// bringBack makes rows again that have gone, and makes those that have changed what they were. It returns how many.
func (r restoration) bringBack(ctx context.Context, t *schema.Table, scope func(string) string) (int, error) {
	made, err := r.exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM %[4]s h WHERE %[5]s AND %[6]s
		AND NOT EXISTS (SELECT 1 FROM %[1]s live WHERE live.id = h.id)`,
		t.Name, names(t), r.copies(t), history.Of(t.Name), r.seen(), scope("h")))
	if err != nil {
		return 0, err
	}
	if t.Name == image.Table {
		if err := r.count(ctx, made); err != nil {
			return 0, err
		}
	}
	return r.exec(ctx, fmt.Sprintf(`UPDATE %s SET %s FROM %s h WHERE %s AND %s AND %s`,
		t.Name, r.changes(t), history.Of(t.Name), history.Same(t, "h", t.Name), r.seen(), scope("h")))
}

// bringBackRenamed makes annotations again whose ids were taken meanwhile, by what was imported elsewhere for example, and
// gives them others.
func (r restoration) bringBackRenamed(ctx context.Context) (int, error) {
	t := history.Table(annotation.Table)
	return r.exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM %[4]s h WHERE %[5]s AND %[6]s
		AND NOT EXISTS (SELECT 1 FROM %[1]s live WHERE %[7]s)`,
		t.Name, names(t), r.renamed(t), history.Of(t.Name), r.seen(), r.annotations("h"), history.Same(t, "h", "live")))
}

// renamed are values for rows that are made again with other ids.
func (r restoration) renamed(t *schema.Table) string {
	values := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		value := "h." + strconv.Quote(c.Name)
		switch table := referenced(t, c); {
		case c.Name == "id":
			value = r.freshID()
		case c.Name == history.Born:
			value = r.epoch()
		case c.Nullable && table != "":
			value = fmt.Sprintf("(SELECT id FROM %s target WHERE target.id = %s)", table, value)
		}
		values[i] = value
	}
	return strings.Join(values, ", ")
}

// freshID is a random UUID of version 4.
func (r restoration) freshID() string {
	if r.db.Dialect() == dialect.Postgres {
		return "gen_random_uuid()"
	}
	return `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
		substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`
}

// names are those of the columns of a table.
func names(t *schema.Table) string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		all[i] = strconv.Quote(c.Name)
	}
	return strings.Join(all, ", ")
}

// copies are values for rows that are made again. What they may point to, some of which may not have come back yet, is
// set by the update that follows.
func (r restoration) copies(t *schema.Table) string {
	values := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		switch {
		case c.Name == history.Born:
			values[i] = r.epoch()
		case c.Nullable && referenced(t, c) != "":
			values[i] = "NULL"
		default:
			values[i] = "h." + strconv.Quote(c.Name)
		}
	}
	return strings.Join(values, ", ")
}

// changes set all that a row was. Its version goes on, so that who has read a later one is told.
func (r restoration) changes(t *schema.Table) string {
	var sets []string
	for _, c := range t.Columns {
		value := "h." + strconv.Quote(c.Name)
		switch table := referenced(t, c); {
		case c.Name == "id" || c.Name == "dataset_id":
			continue
		case c.Name == history.Born:
			value = r.epoch()
		case c.Name == "version":
			value = t.Name + ".version + 1"
		case c.Name == "updated_at":
			value = r.now()
		case c.Nullable && table != "":
			value = fmt.Sprintf("(SELECT id FROM %s target WHERE target.id = %s)", table, value)
		}
		sets = append(sets, strconv.Quote(c.Name)+" = "+value)
	}
	return strings.Join(sets, ", ")
}

// referenced is the table that a column points to, empty when it points to none.
func referenced(t *schema.Table, c *schema.Column) string {
	for _, key := range t.ForeignKeys {
		if key.Columns[0].Name == c.Name {
			return key.RefTable.Name
		}
	}
	return ""
}

func (r restoration) epoch() string { return history.Epoch(strconv.Itoa(int(r.moment.Dataset))) }

// now is the present time as a literal that both databases take for the type of a column.
func (r restoration) now() string {
	return "'" + database.Now().Format("2006-01-02 15:04:05.999999-07:00") + "'"
}

// count counts images that are made again. Their bytes never stopped counting.
func (r restoration) count(ctx context.Context, images int) error {
	if images == 0 {
		return nil
	}
	more := quota.Size{Images: images}
	if _, err := r.limits.Check(ctx, r.db, r.tx, r.moment.Dataset, more); err != nil {
		return err
	}
	return quota.Count(ctx, r.tx, r.moment.Dataset, more)
}

// removeNewAnnotations removes annotations that the snapshot does not see.
func (r restoration) removeNewAnnotations(ctx context.Context) (int, error) {
	return r.tx.Annotation.Delete().Where(predicate.Annotation(r.isNew(annotation.Table, r.annotations))).Exec(ctx)
}

// removeNew removes images and labels that the snapshot does not see, and adds to what was done.
func (r restoration) removeNew(ctx context.Context, done *Restored) error {
	if !r.selection.all() {
		return nil // those that came since cannot be selected
	}
	fresh := predicate.Image(r.isNew(image.Table, r.images))
	ids, err := r.tx.Image.Query().Where(fresh).IDs(ctx)
	if err != nil {
		return err
	}
	done.Images += len(ids)
	if err := catalog.RemoveImages(ctx, r.tx, fresh); err != nil {
		return err
	}
	n, err := r.tx.Label.Delete().Where(predicate.Label(r.isNew(label.Table, r.labels))).Exec(ctx)
	done.Labels += n
	return err
}

// isNew finds rows of a scope that the snapshot does not see. What it saw and has changed is not new.
func (r restoration) isNew(table string, scope func(string) string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		name := s.TableName()
		s.Where(sql.ExprP(fmt.Sprintf(`%s.dataset_id = %d AND %[1]s.born > %[3]d AND %[4]s AND NOT EXISTS (SELECT 1 FROM %[5]s h WHERE %[6]s AND %[7]s)`,
			name, r.moment.Dataset, r.moment.Epoch, scope(name), history.Of(table), history.Same(history.Table(table), "h", name), r.seen())))
	}
}

func (r restoration) exec(ctx context.Context, statement string) (int, error) {
	result, err := r.tx.ExecContext(ctx, statement)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
