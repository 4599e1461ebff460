package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// Rows that have changed between two epochs are found by the epochs in which they were born or have died, for which
// there are indexes. Each row has an old side, what it was in the first, and a new side.

// pairs are queries, of which the last is called pairs: the rows of a table that meet a condition, if one is given, each
// with its columns on both sides, as old_ and new_. Those of a side where it is not there are NULL. A FULL JOIN would be as
// good, if SQLite did not look at all of one side for each row of the other.
func (c *Comparison) pairs(table, where string) string {
	var old, new, none []string
	for _, column := range telling(table) {
		old = append(old, fmt.Sprintf("old.%q AS \"old_%s\"", column.Name, column.Name))
		new = append(new, fmt.Sprintf("new.%q AS \"new_%s\"", column.Name, column.Name))
		none = append(none, "NULL")
	}
	return fmt.Sprintf(`%[1]s_old AS MATERIALIZED (%[2]s), %[1]s_new AS MATERIALIZED (%[3]s), %[1]s_pairs AS (
		SELECT %[4]s, %[5]s FROM %[1]s_old old LEFT JOIN %[1]s_new new ON old.id = new.id
		UNION ALL SELECT %[6]s, %[5]s FROM %[1]s_new new WHERE new.id NOT IN (SELECT id FROM %[1]s_old))`,
		table, c.side(table, true, where), c.side(table, false, where), strings.Join(old, ", "), strings.Join(new, ", "), strings.Join(none, ", "))
}

// side is a query of the one side or the other.
func (c *Comparison) side(table string, old bool, where string) string {
	from, to := c.From, c.To
	if from == nil || to != nil && to.Epoch < from.Epoch { // time runs from the later one
		from, to, old = to, from, !old
	}
	if old {
		return c.history(table, where, fmt.Sprintf("died > %d AND born <= %[1]d%s", from.Epoch, until("died", to)))
	}
	live := fmt.Sprintf("SELECT %s FROM %s WHERE %s AND born > %d%s%s",
		columns(table), table, c.within(), from.Epoch, until("born", to), and(where))
	if to == nil {
		return live
	}
	return live + " UNION ALL " + c.history(table, where, fmt.Sprintf("born > %d AND born <= %d AND died > %[2]d", from.Epoch, to.Epoch))
}

func (c *Comparison) history(table, where, when string) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s AND %s%s", columns(table), history.Of(table), c.within(), when, and(where))
}

// within is the condition for rows of the dataset. SQLite is told that there may be many, or it joins as if there were few.
func (c *Comparison) within() string {
	if c.db.Dialect() == dialect.SQLite {
		return fmt.Sprintf("likelihood(dataset_id = %d, 0.99)", c.Dataset)
	}
	return fmt.Sprintf("dataset_id = %d", c.Dataset)
}

func until(column string, to *history.Moment) string {
	if to == nil {
		return ""
	}
	return fmt.Sprintf(" AND %s <= %d", column, to.Epoch)
}

func and(where string) string {
	if where == "" {
		return ""
	}
	return " AND " + where
}

// columns are those of a historic table that say what a row is.
func columns(table string) string {
	var list []string
	for _, c := range telling(table) {
		list = append(list, strconv.Quote(c.Name))
	}
	return strings.Join(list, ", ")
}

// telling are the columns that say what a row is, and not when or how often it was written.
func telling(table string) []*schema.Column {
	return slices.DeleteFunc(slices.Clone(history.Table(table).Columns), func(c *schema.Column) bool {
		return slices.Contains([]string{"created_at", "updated_at", "version", "dataset_id", history.Born}, c.Name)
	})
}

// differs is the condition for rows that are there on one side alone, or are not the same on both.
func differs(table string) string {
	var any []string
	for _, c := range telling(table) {
		any = append(any, fmt.Sprintf("CAST(\"old_%s\" AS text) IS DISTINCT FROM CAST(\"new_%[1]s\" AS text)", c.Name))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// kind is the DifferenceKind of a row that is not the same on both sides.
const kind = "CASE WHEN old_id IS NULL THEN 'ADDED' WHEN new_id IS NULL THEN 'REMOVED' ELSE 'CHANGED' END"

// moved is the condition for annotations that are there on both sides with shapes that are not the same.
const moved = "(old_id = new_id AND (old_type <> new_type OR CAST(old_data AS text) <> CAST(new_data AS text)))"

func sortedLabels(labels map[gid.LabelID]*LabelChangeCounts) []LabelChangeCounts {
	var list []LabelChangeCounts
	for _, l := range labels {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b LabelChangeCounts) int { return cmp.Compare(a.LabelID, b.LabelID) })
	return list
}

// counting are the columns of AnnotationChangeCounts, in their order.
const counting = "count(*) FILTER (WHERE old_id IS NULL), count(*) FILTER (WHERE new_id IS NULL), count(*) FILTER (WHERE " + moved + ")," +
	" count(*) FILTER (WHERE old_label_id <> new_label_id), count(*) FILTER (WHERE NOT " + moved + " AND old_label_id = new_label_id)"
