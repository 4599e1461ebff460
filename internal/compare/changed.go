package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
)

// Rows that have changed between two epochs are found by the epochs in which they were born or have died, for which
// there are indexes. Each row has an old side, what it was in the first, and a new side.

// sides are queries called old and new, with the rows of a table that meet a condition, if one is given.
func (c *Comparison) sides(table, where string) string {
	return fmt.Sprintf("WITH old AS (%s), new AS (%s)", c.side(table, true, where), c.side(table, false, where))
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
	live := fmt.Sprintf("SELECT %s FROM %s WHERE dataset_id = %d AND born > %d%s%s",
		columns(table), table, c.Dataset, from.Epoch, until("born", to), and(where))
	if to == nil {
		return live
	}
	return live + " UNION ALL " + c.history(table, where, fmt.Sprintf("born > %d AND born <= %d AND died > %[2]d", from.Epoch, to.Epoch))
}

func (c *Comparison) history(table, where, when string) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE dataset_id = %d AND %s%s", columns(table), history.Of(table), c.Dataset, when, and(where))
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
		any = append(any, fmt.Sprintf("CAST(old.%q AS text) IS DISTINCT FROM CAST(new.%[1]q AS text)", c.Name))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// kind is the DifferenceKind of a row that is not the same on both sides.
const kind = "CASE WHEN old.id IS NULL THEN 'ADDED' WHEN new.id IS NULL THEN 'REMOVED' ELSE 'CHANGED' END"

// moved is the condition for annotations that are there on both sides with shapes that are not the same.
const moved = "(old.id = new.id AND (old.type <> new.type OR CAST(old.data AS text) <> CAST(new.data AS text)))"

func sortedLabels(labels map[gid.LabelID]*LabelChangeCounts) []LabelChangeCounts {
	var list []LabelChangeCounts
	for _, l := range labels {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b LabelChangeCounts) int { return cmp.Compare(a.LabelID, b.LabelID) })
	return list
}
