package counter

import (
	"cmp"
	"fmt"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
)

// sqliteTriggers are triggers on rows: it has no others. Its one writer waits for nobody, and so each dataset and each label
// has one row for good, which they change.
func sqliteTriggers() []trigger {
	ofDataset := func(row string, c changes) string { return c.of(row+".dataset_id", "= 0") }
	const turned = "NEW.is_synthetic - OLD.is_synthetic"
	return []trigger{
		{dataset.Table, insert, "", "INSERT INTO stats_deltas (dataset_id, label_id) VALUES (NEW.id, 0);"},
		{dataset.Table, remove, "", "DELETE FROM stats_deltas WHERE dataset_id = OLD.id;"},
		{label.Table, insert, "", "INSERT INTO stats_deltas (dataset_id, label_id) VALUES (NEW.dataset_id, NEW.id);" + ofDataset("NEW", changes{"labels": "1"})},
		{label.Table, remove, "", "DELETE FROM stats_deltas WHERE dataset_id = OLD.dataset_id AND label_id = OLD.id;" + ofDataset("OLD", changes{"labels": "-1"})},
		{image.Table, insert, "", ofDataset("NEW", imageMoved("NEW", ""))},
		{image.Table, remove, "", ofDataset("OLD", imageMoved("OLD", "-"))},
		{image.Table, update + " OF is_synthetic, done, reviewed, size", "", ofDataset("NEW", changes{
			"synthetic_images": turned,
			"done_images":      "NEW.done - OLD.done",
			"reviewed_images":  "NEW.reviewed - OLD.reviewed",
			"size":             "NEW.size - OLD.size",
		})},
		{image.Table, update + " OF is_synthetic", "", changes{"synthetic_images": turned}.of("NEW.dataset_id",
			"IN (SELECT label_id FROM annotations WHERE image_id = NEW.id AND NEW.is_synthetic <> OLD.is_synthetic)")},
		{image.Table, remove, before, removeDrawn},
		{annotation.Table, insert, "", annotationMoved("NEW", "")},
		{annotation.Table, remove, "", annotationMoved("OLD", "-")},
		{annotation.Table, update + " OF label_id, is_synthetic", "", annotationMoved("OLD", "-") + annotationMoved("NEW", "")},
	}
}

func (t trigger) onSQLite() string {
	return fmt.Sprintf("CREATE TRIGGER %s %s %s ON %s BEGIN %s END", t.name(), cmp.Or(t.when, "AFTER"), t.event, t.table, t.body)
}

// changes are SQL expressions of what is added to counters, by their columns.
type changes map[string]string

// of adds them to the rows of a dataset with such labels.
func (c changes) of(dataset, labels string) string {
	var set []string
	for _, column := range Columns() {
		if by, ok := c[column]; ok {
			set = append(set, fmt.Sprintf("%s = %[1]s + (%s)", column, by))
		}
	}
	return fmt.Sprintf("UPDATE stats_deltas SET %s WHERE dataset_id = %s AND label_id %s;", list(set), dataset, labels)
}

// imageMoved counts an image, NEW or OLD.
func imageMoved(row, sign string) changes {
	return changes{
		"images":           sign + "1",
		"synthetic_images": sign + row + ".is_synthetic",
		"done_images":      sign + row + ".done",
		"reviewed_images":  sign + row + ".reviewed",
		"size":             sign + row + ".size",
	}
}

// annotationMoved counts an annotation, NEW or OLD, and its image where it is the only one on it, of its label or at all.
func annotationMoved(row, sign string) string {
	others := fmt.Sprintf("SELECT 1 FROM annotations WHERE image_id = %s.image_id AND id <> %[1]s.id", row)
	only := fmt.Sprintf("NOT EXISTS (%s AND label_id = %s.label_id)", others, row)
	more, synthetic := sign+"1", sign+row+".is_synthetic"
	ofDataset := changes{
		"annotated_images":      fmt.Sprintf("%s(NOT EXISTS (%s))", sign, others),
		"annotations":           more,
		"synthetic_annotations": synthetic,
	}
	ofLabel := changes{
		"images":                fmt.Sprintf("%s(%s)", sign, only),
		"synthetic_images":      fmt.Sprintf("%s(%s AND (SELECT is_synthetic FROM images WHERE id = %s.image_id) IS TRUE)", sign, only, row),
		"annotations":           more,
		"synthetic_annotations": synthetic,
	}
	return ofDataset.of(row+".dataset_id", "= 0") + ofLabel.of(row+".dataset_id", "= "+row+".label_id")
}
