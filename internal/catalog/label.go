package catalog

import (
	"context"
	"math"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// CreateLabelInput is a label to make.
type CreateLabelInput struct {
	Name           string
	Color          string
	Order          *int
	Prompt         *string
	NegativePrompt *string
}

// UpdateLabelInput is what to change in a label; nil leaves a field alone.
type UpdateLabelInput struct {
	Name           *string
	Color          *string
	Order          *int
	Prompt         *string
	NegativePrompt *string
}

// LabelChange is a change of one label among many.
type LabelChange struct {
	ID              gid.LabelID
	ExpectedVersion *int
	Input           UpdateLabelInput
}

func (in UpdateLabelInput) check() fault.Fields {
	var c fault.Check
	c.Line(in.Name, nameLength, "name")
	c.Line(in.Color, nameLength, "color")
	c.Text(in.Prompt, textLength, "prompt")
	c.Text(in.NegativePrompt, textLength, "negativePrompt")
	if in.Order != nil {
		c.That(math.MinInt32 <= *in.Order && *in.Order <= math.MaxInt32, "is out of range", "order")
	}
	return c.Fields()
}

// CreateLabels makes labels in a dataset. Their complaints are found under at.
func CreateLabels(ctx context.Context, db *database.DB, dataset gid.DatasetID, labels []CreateLabelInput, at func(i int) []any) ([]*ent.Label, error) {
	if err := checkLabels(labels, at); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Label, error) {
		if err := access.Allow(ctx, tx.Client(), dataset, access.EditLabels); err != nil {
			return nil, err
		}
		return saveLabels(ctx, tx, dataset, labels)
	})
}

func checkLabels(labels []CreateLabelInput, at func(i int) []any) error {
	if err := CheckCount(len(labels), "labels"); err != nil {
		return err
	}
	var c fault.Check
	for i, in := range labels {
		c.Add(UpdateLabelInput{&in.Name, &in.Color, in.Order, in.Prompt, in.NegativePrompt}.check(), at(i)...)
	}
	return c.Err()
}

func saveLabels(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, labels []CreateLabelInput) ([]*ent.Label, error) {
	return database.InBulk(labels, func(labels []CreateLabelInput) ([]*ent.Label, error) {
		return tx.Label.MapCreateBulk(labels, func(create *ent.LabelCreate, i int) {
			in := labels[i]
			create.SetDatasetID(dataset).SetName(in.Name).SetColor(in.Color).
				SetNillableOrder(in.Order).SetNillablePrompt(in.Prompt).SetNillableNegativePrompt(in.NegativePrompt)
		}).Save(ctx)
	})
}

// AddLabels is CreateLabels, but that labels of the same names which were made since the caller counted those of a name stand
// for those that it would make. It returns them all, and the places of those that it made.
func AddLabels(ctx context.Context, db *database.DB, dataset gid.DatasetID, labels []CreateLabelInput, counted func(name string) int, at func(i int) []any) (all []*ent.Label, made []int, err error) {
	if err := checkLabels(labels, at); err != nil {
		return nil, nil, err
	}
	err = db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := access.Allow(ctx, tx.Client(), dataset, access.EditLabels); err != nil {
			return err
		}
		if err := db.OwnDataset(ctx, tx, dataset); err != nil {
			return err
		}
		names := make([]string, len(labels))
		for i, in := range labels {
			names[i] = in.Name
		}
		rows, err := tx.Label.Query().Where(label.DatasetID(dataset), label.NameIn(names...)).Order(label.ByOrder(), label.ByID()).All(ctx)
		if err != nil {
			return err
		}
		named := map[string][]*ent.Label{}
		for _, row := range rows {
			named[row.Name] = append(named[row.Name], row)
		}
		all, made = make([]*ent.Label, len(labels)), nil
		nth := map[string]int{}
		var missing []CreateLabelInput
		for i, in := range labels {
			n := counted(in.Name) + nth[in.Name]
			nth[in.Name]++
			if n < len(named[in.Name]) {
				all[i] = named[in.Name][n]
				continue
			}
			missing, made = append(missing, in), append(made, i)
		}
		saved, err := saveLabels(ctx, tx, dataset, missing)
		for i, row := range saved {
			all[made[i]] = row
		}
		return err
	})
	return all, made, err
}

// UpdateLabels changes labels, each in its own way. Complaints about them are found under at.
func UpdateLabels(ctx context.Context, db *database.DB, changes []LabelChange, at func(i int) []any) ([]*ent.Label, error) {
	if err := CheckCount(len(changes), "changes"); err != nil {
		return nil, err
	}
	var c fault.Check
	targets := Targets[gid.LabelID]{IDs: make([]gid.LabelID, len(changes))}
	for i, u := range changes {
		c.Add(u.Input.check(), at(i)...)
		targets.IDs[i] = u.ID
	}
	for i := range targets.repeated() {
		c.That(false, namedTwice, "changes", i, "id")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return database.Result(ctx, db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Label, error) {
		labels, err := lockLabels(ctx, tx, targets)
		if err != nil {
			return nil, err
		}
		var changed []*ent.Label
		for i, u := range changes {
			if err := database.Fresh(labels[i].Version, u.ExpectedVersion, labels[i]); err != nil {
				return nil, err
			}
			if u.Input.onto(labels[i]) {
				changed = append(changed, labels[i])
			}
		}
		return labels, database.UpdateRows(ctx, tx, db.Dialect(), label.Table, labelColumns(), changed)
	})
}

// onto makes a label what the input says, and tells whether that is a change.
func (in UpdateLabelInput) onto(l *ent.Label) bool {
	before := *l
	set(&l.Name, in.Name)
	set(&l.Color, in.Color)
	set(&l.Order, in.Order)
	set(&l.Prompt, in.Prompt)
	set(&l.NegativePrompt, in.NegativePrompt)
	if l.Name == before.Name && l.Color == before.Color && l.Order == before.Order &&
		l.Prompt == before.Prompt && l.NegativePrompt == before.NegativePrompt {
		return false
	}
	l.Version++
	l.UpdatedAt = database.Now()
	return true
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// labelColumns are the key of labels and what may change of them.
func labelColumns() []database.Column[*ent.Label] {
	return []database.Column[*ent.Label]{
		{Name: label.FieldID, Type: "bigint", Of: func(l *ent.Label) any { return l.ID }},
		{Name: label.FieldVersion, Type: "bigint", Of: func(l *ent.Label) any { return l.Version }},
		{Name: label.FieldUpdatedAt, Type: "timestamptz", Of: func(l *ent.Label) any { return l.UpdatedAt }},
		{Name: label.FieldName, Type: "text", Of: func(l *ent.Label) any { return l.Name }},
		{Name: label.FieldColor, Type: "text", Of: func(l *ent.Label) any { return l.Color }},
		{Name: label.FieldOrder, Type: "bigint", Of: func(l *ent.Label) any { return l.Order }},
		{Name: label.FieldPrompt, Type: "text", Of: func(l *ent.Label) any { return l.Prompt }},
		{Name: label.FieldNegativePrompt, Type: "text", Of: func(l *ent.Label) any { return l.NegativePrompt }},
	}
}

// DeleteLabels deletes labels and the annotations that carry them, which is a change
// of the images that those are drawn on.
func DeleteLabels(ctx context.Context, db *database.DB, targets Targets[gid.LabelID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := lockLabels(ctx, tx, targets); err != nil {
			return err
		}
		// The images in the order in which all lock them, and after the labels, as those do who annotate.
		q := tx.Image.Query().Where(carries(targets.IDs)).Order(image.ByID())
		q.Modify(database.Lock)
		if _, err := q.IDs(ctx); err != nil {
			return err
		}
		if err := tx.Image.Update().Where(carries(targets.IDs)).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.Label.Delete().Where(label.IDIn(targets.IDs...)).Exec(ctx)
		return err
	})
}

// carries finds the images with annotations of the labels.
func carries(labels []gid.LabelID) predicate.Image {
	return image.HasAnnotationsWith(annotation.LabelIDIn(labels...))
}

func lockLabels(ctx context.Context, tx *ent.Tx, targets Targets[gid.LabelID]) ([]*ent.Label, error) {
	if err := database.ShareDatasetsOf(ctx, tx, label.Table, targets.IDs); err != nil {
		return nil, err
	}
	q := tx.Label.Query().Where(label.IDIn(targets.IDs...)).Order(label.ByID())
	q.Modify(database.Lock)
	labels, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return Hold(ctx, tx, "label", targets, labels, func(l *ent.Label) Held[gid.LabelID] {
		return Held[gid.LabelID]{l.ID, l.DatasetID, l.Version}
	}, access.EditLabels)
}
