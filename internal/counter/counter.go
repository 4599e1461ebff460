// Package counter keeps the stats of datasets and of their labels, by triggers: who changes images, annotations or
// labels notes in stats_deltas, in the same transaction, by how much that moved them. Nothing is counted to read them,
// and the triggers see what cascades, too.
//
// The images below an annotation must be locked, or its dataset owned, by who adds, moves or deletes it: whether it was the
// first of its label on the image is what others could change meanwhile.
package counter

import (
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/ent/statsdelta"
	"github.com/datasetgen/datagen/internal/gid"
)

// Columns are the counters of a row of stats_deltas, all but what it is of.
func Columns() []string {
	return slices.DeleteFunc(slices.Clone(statsdelta.Columns), func(c string) bool {
		return slices.Contains([]string{statsdelta.FieldID, statsdelta.FieldDatasetID, statsdelta.FieldLabelID}, c)
	})
}

// trigger is a trigger of a table: after an event, unless when says something else.
type trigger struct{ table, event, when, body string }

const (
	insert = "INSERT"
	update = "UPDATE"
	remove = "DELETE"

	before = "BEFORE"
)

// removeDrawn is what removes the annotations of an image while it is there still: what it is counts for their labels.
const removeDrawn = "DELETE FROM annotations WHERE image_id = OLD.id;"

// name is made of all but the body.
func (t trigger) name() string {
	words := strings.FieldsFunc(t.table+" stats "+t.when+" "+t.event, func(r rune) bool { return r == ' ' || r == ',' })
	return strings.ToLower(strings.Join(words, "_"))
}

// DropTriggers are the statements that drop all triggers, for a dialect. None of them need be there.
func DropTriggers(db string) (statements []string) {
	for _, t := range triggers(db) {
		s := "DROP TRIGGER IF EXISTS " + t.name()
		if db == dialect.Postgres {
			s += " ON " + t.table
		}
		statements = append(statements, s)
	}
	return statements
}

// Triggers are the statements that make all triggers, for a dialect, when there are none. What was changed without them is
// counted by Recount alone.
func Triggers(db string) (statements []string) {
	for _, t := range triggers(db) {
		if db == dialect.Postgres {
			statements = append(statements, t.onPostgres()...)
		} else {
			statements = append(statements, t.onSQLite())
		}
	}
	return statements
}

func triggers(db string) []trigger {
	if db == dialect.Postgres {
		return postgresTriggers()
	}
	return sqliteTriggers()
}

// Of is the condition for what belongs to a dataset.
func Of(id gid.DatasetID) string { return fmt.Sprintf("dataset_id = %d", id) }

// Recount are the statements that count anew what meets a condition for dataset_id, or everything. Nothing of it may be
// changed meanwhile.
func Recount(where string) []string {
	return []string{
		"DELETE FROM " + statsdelta.Table + condition(where, ""),
		fmt.Sprintf("INSERT INTO %s (dataset_id, label_id, %s) %s", statsdelta.Table, list(Columns()), Counted(where)),
	}
}

// Kept is the query of what the rows of stats_deltas add up to: dataset_id, label_id and the Columns.
func Kept(where string) string { return summed(statsdelta.Table, where) }

// Counted is the query of what they should add up to. It has a row for each dataset and each label.
func Counted(where string) string {
	all := func(table, columns string) string {
		return fmt.Sprintf("SELECT dataset_id, 0 AS label_id, %s FROM %s%s GROUP BY dataset_id", columns, table, condition(where, ""))
	}
	return summed("("+strings.Join([]string{
		row("SELECT id AS dataset_id, 0 AS label_id, %s FROM "+dataset.Table, nil),
		row("SELECT dataset_id, id AS label_id, %s FROM "+label.Table, nil),
		row(all(label.Table, "%s"), counts{"labels": "COUNT(*)"}),
		row(all(image.Table, "%s"), counts{
			"images":           "COUNT(*)",
			"synthetic_images": "COUNT(*) FILTER (WHERE is_synthetic)",
			"done_images":      "COUNT(*) FILTER (WHERE done)",
			"reviewed_images":  "COUNT(*) FILTER (WHERE reviewed)",
			"size":             "SUM(size)",
		}),
		row(all(annotation.Table, "%s"), counts{
			"annotated_images":      "COUNT(DISTINCT image_id)",
			"annotations":           "COUNT(*)",
			"synthetic_annotations": "COUNT(*) FILTER (WHERE is_synthetic)",
		}),
		row("SELECT a.dataset_id, a.label_id, %s FROM annotations a JOIN images i ON i.id = a.image_id"+
			condition(where, "a.")+" GROUP BY a.dataset_id, a.label_id", counts{
			"images":                "COUNT(DISTINCT a.image_id)",
			"synthetic_images":      "COUNT(DISTINCT a.image_id) FILTER (WHERE i.is_synthetic)",
			"annotations":           "COUNT(*)",
			"synthetic_annotations": "COUNT(*) FILTER (WHERE a.is_synthetic)",
		}),
	}, " UNION ALL ")+")", where)
}

// counts are SQL expressions of counters, by their columns.
type counts map[string]string

// row completes the format of a query with all columns: those that it does not count are 0.
func row(format string, of counts) string {
	columns := Columns()
	for i, c := range columns {
		expression := "0"
		if e, ok := of[c]; ok {
			expression = e
		}
		columns[i] = expression + " AS " + c
	}
	return fmt.Sprintf(format, list(columns))
}

func summed(from, where string) string {
	columns := Columns()
	for i, c := range columns {
		columns[i] = fmt.Sprintf("CAST(SUM(%s) AS bigint) AS %[1]s", c)
	}
	return fmt.Sprintf("SELECT dataset_id, label_id, %s FROM %s AS added%s GROUP BY dataset_id, label_id", list(columns), from, condition(where, ""))
}

func condition(where, of string) string {
	if where == "" {
		return ""
	}
	return " WHERE " + of + where
}

func list(columns []string) string { return strings.Join(columns, ", ") }
