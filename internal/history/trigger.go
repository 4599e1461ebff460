package history

import (
	"fmt"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"github.com/datasetgen/datagen/ent/dataset"
)

// events are what triggers are on.
func events() []string { return []string{"insert", "update", "delete"} }

func nameOf(t *schema.Table, event string) string { return Of(t.Name) + "_" + event }

// DropTriggers are the statements that drop all triggers of historic tables, for a dialect. None of them need be there.
func DropTriggers(db string) (statements []string) {
	for _, t := range Historic() {
		for _, event := range events() {
			s := "DROP TRIGGER IF EXISTS " + nameOf(t, event)
			if db == dialect.Postgres {
				s += " ON " + t.Name
			}
			statements = append(statements, s)
		}
	}
	s := "DROP TRIGGER IF EXISTS " + datasetsDelete
	if db == dialect.Postgres {
		s += " ON " + dataset.Table
	}
	return append(statements, s)
}

// Triggers are the statements that make all triggers of historic tables, for a dialect, when there are none. They belong
// after each migration, since a new column has to be copied too.
func Triggers(db string) (statements []string) {
	for _, t := range Historic() {
		if db == dialect.Postgres {
			statements = append(statements, onPostgres(t)...)
		} else {
			statements = append(statements, onSQLite(t)...)
		}
	}
	return append(statements, onDatasets(db)...)
}

const datasetsDelete = dataset.Table + "_history_delete"

// onDatasets is a trigger that has histories go with their datasets. A foreign key would be looked up for each copy.
func onDatasets(db string) []string {
	var body strings.Builder
	for _, t := range Historic() {
		fmt.Fprintf(&body, "DELETE FROM %s WHERE dataset_id = OLD.id; ", Of(t.Name))
	}
	if db == dialect.SQLite {
		return []string{fmt.Sprintf("CREATE TRIGGER %s AFTER DELETE ON %s BEGIN %s END", datasetsDelete, dataset.Table, body.String())}
	}
	return []string{
		fmt.Sprintf("CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NULL; END $$", datasetsDelete, body.String()),
		fmt.Sprintf("CREATE TRIGGER %s AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %[1]s()", datasetsDelete, dataset.Table),
	}
}

// LockKey is the key of the advisory lock of the dataset with id 0; those of others follow.
const LockKey = 0x6461 << 48

// unstamped is the error of rows that are written without the present epoch. Nobody sees it, unless a writer forgets
// to share the dataset: it is a serialization failure, after which the transaction is tried again.
const unstamped = "written without the epoch of the dataset"

// columns are those of a table as SQL has them, each after a prefix.
func columns(t *schema.Table, prefix string) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = prefix + strconv.Quote(c.Name)
	}
	return strings.Join(names, ", ")
}

// onPostgres are triggers on statements, which see what cascades and bulk statements do. Each shares the datasets
// first, and then reads their epochs in a statement of its own: one that began before it had the lock may see epochs
// that have ended.
func onPostgres(t *schema.Table) []string {
	share := fmt.Sprintf("PERFORM pg_advisory_xact_lock_shared(%d + d.dataset_id) FROM (SELECT DISTINCT dataset_id FROM %%s ORDER BY 1) d;\n", LockKey)
	check := fmt.Sprintf(`	IF EXISTS (
		SELECT FROM (SELECT DISTINCT dataset_id, born FROM fresh) f JOIN datasets d ON d.id = f.dataset_id WHERE f.born <> d.epoch
	) THEN
		RAISE EXCEPTION '%s' USING ERRCODE = 'serialization_failure';
	END IF;
`, unstamped)
	copy := fmt.Sprintf(`	INSERT INTO %s (%s, died)
		SELECT %s, d.epoch FROM gone g JOIN (
			SELECT id, epoch, (SELECT max(s.epoch) FROM snapshots s WHERE s.dataset_id = datasets.id) AS seen
			FROM datasets WHERE id IN (SELECT DISTINCT dataset_id FROM gone)
		) d ON d.id = g.dataset_id WHERE g.born <= d.seen;
`, Of(t.Name), columns(t, ""), columns(t, "g."))
	const old, fresh = "OLD TABLE AS gone", "NEW TABLE AS fresh"
	return append(
		onStatement(t, "insert", fresh, fmt.Sprintf(share, "fresh")+check), append(
			onStatement(t, "update", old+" "+fresh, fmt.Sprintf(share, "gone")+check+copy),
			onStatement(t, "delete", old, fmt.Sprintf(share, "gone")+copy)...)...)
}

func onStatement(t *schema.Table, event, referencing, body string) []string {
	name := nameOf(t, event)
	return []string{
		fmt.Sprintf("CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n\t%s\tRETURN NULL;\nEND\n$$", name, body),
		fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %[1]s()", name, event, t.Name, referencing),
	}
}

// onSQLite are triggers on rows: it has no others, and its one writer needs no lock.
func onSQLite(t *schema.Table) (statements []string) {
	check := fmt.Sprintf("SELECT RAISE(ABORT, '%s') WHERE NEW.born <> %s;", unstamped, Epoch("NEW.dataset_id"))
	copy := fmt.Sprintf(`INSERT INTO %s (%s, died) SELECT %s, epoch FROM datasets WHERE id = OLD.dataset_id
		AND OLD.born <= (SELECT max(epoch) FROM snapshots WHERE dataset_id = OLD.dataset_id);`, Of(t.Name), columns(t, ""), columns(t, "OLD."))
	for i, body := range []string{check, check + copy, copy} {
		statements = append(statements,
			fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN %s END", nameOf(t, events()[i]), events()[i], t.Name, body))
	}
	return statements
}
