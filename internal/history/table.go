package history

import (
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"

	"github.com/datasetgen/datagen/ent/migrate"
)

// Died is the column of a history with the epoch in which the content of a row was changed or deleted.
const Died = "died"

// Of is the name of a historic table's history.
func Of(table string) string { return table + "_history" }

// Historic are the tables whose rows have histories, ordered by their names.
func Historic() []*schema.Table {
	tables := slices.DeleteFunc(slices.Clone(migrate.Tables), func(t *schema.Table) bool { return columnOf(t, Born) == nil })
	slices.SortFunc(tables, func(a, b *schema.Table) int { return strings.Compare(a.Name, b.Name) })
	return tables
}

// Table is the historic table of that name, which there must be.
func Table(name string) *schema.Table {
	all := Historic()
	return all[slices.IndexFunc(all, func(t *schema.Table) bool { return t.Name == name })]
}

// Has tells whether the rows of a table have histories.
func Has(table string) bool {
	return slices.ContainsFunc(migrate.Tables, func(t *schema.Table) bool { return t.Name == table && columnOf(t, Born) != nil })
}

// columnOf is a column of a table of ent's, nil when there is none of that name. The table's own way to find one looks into
// a map that ent fills when it makes schemas, which tests do meanwhile.
func columnOf(t *schema.Table, name string) *schema.Column {
	i := slices.IndexFunc(t.Columns, func(c *schema.Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return t.Columns[i]
}

// Tables are the histories. They are derived from the tables, so that they always have the same columns.
func Tables() (all []*schema.Table) {
	for _, t := range Historic() {
		all = append(all, historyOf(t))
	}
	return all
}

func historyOf(t *schema.Table) *schema.Table {
	h := schema.NewTable(Of(t.Name)).SetComment("What snapshots see of " + t.Name + " that is no longer so.")
	for _, name := range Key(t) { // first, since Atlas takes the order of a key on SQLite for that of the columns
		c := columnOf(t, name)
		h.AddPrimary(copied(c))
	}
	for _, c := range t.Columns {
		if !h.HasColumn(c.Name) {
			h.AddColumn(copied(c))
		}
	}
	h.AddColumn(&schema.Column{Name: Died, Type: field.TypeInt})
	h.AddIndex(Of(t.Name)+"_dataset_id_died", false, []string{"dataset_id", Died})
	if h.HasColumn(object) {
		h.AddIndex(Of(t.Name)+"_"+object, false, []string{object})
	}
	return h
}

// object is the column of what keeps bytes in the store.
const object = "object_sha256"

// Key are the columns of the primary key of a history. What is on images is found by these: each index more is one to
// write with each row that is copied.
func Key(t *schema.Table) []string {
	if columnOf(t, "image_id") != nil {
		return []string{"image_id", "id", Born}
	}
	return []string{"id", Born}
}

// Same is an SQL condition: two rows, by the names that a statement has for them, are of the same thing. Neither need be
// the one in the history, and the index of its key is of use.
func Same(t *schema.Table, a, b string) string {
	var equal []string
	for _, name := range Key(t) {
		if name != Born {
			equal = append(equal, a+"."+name+" = "+b+"."+name)
		}
	}
	return strings.Join(equal, " AND ")
}

// copied is a column for copies of what is in another one, which have been given their values.
func copied(c *schema.Column) *schema.Column {
	return &schema.Column{
		Name: c.Name, Type: c.Type, SchemaType: c.SchemaType, Size: c.Size, Nullable: c.Nullable, Enums: c.Enums, Collation: c.Collation,
	}
}
