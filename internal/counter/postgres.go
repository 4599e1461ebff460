package counter

import (
	"fmt"
	"strings"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
)

// postgresTriggers are triggers on statements, which see all rows of one in the tables fresh and gone, but for two.
//
// What goes with its dataset, or label, is not noted: its rows go as well.
func postgresTriggers() (all []trigger) {
	for _, event := range []string{insert, update, remove} {
		all = append(all,
			trigger{annotation.Table, event, "", annotationsMoved(event)},
			trigger{image.Table, event, "", imagesMoved(event)})
	}
	return append(
		all,
		// A million images, of which most have none, are deleted in half the time when one looks first.
		trigger{image.Table, remove, before, "IF EXISTS (SELECT FROM annotations WHERE image_id = OLD.id) THEN " + removeDrawn + " END IF;"},
		trigger{label.Table, insert, "", "INSERT INTO stats_deltas (dataset_id, label_id, labels) SELECT dataset_id, 0, count(*) FROM fresh GROUP BY dataset_id;"},
		trigger{label.Table, remove, "", `DELETE FROM stats_deltas s USING gone g WHERE s.dataset_id = g.dataset_id AND s.label_id = g.id;
	INSERT INTO stats_deltas (dataset_id, label_id, labels)
		SELECT dataset_id, 0, -count(*) FROM gone JOIN datasets d ON d.id = dataset_id GROUP BY dataset_id;`},
		trigger{dataset.Table, remove, "", "DELETE FROM stats_deltas WHERE dataset_id IN (SELECT id FROM gone);"},
	)
}

func (t trigger) onPostgres() []string {
	when := fmt.Sprintf("%s %s ON %s FOR EACH ROW", before, t.event, t.table)
	body := t.body + " RETURN OLD;"
	if t.when != before {
		seen := transition(t.event)
		tables := make([]string, len(seen))
		for i, s := range seen {
			tables[i] = s.age + " TABLE AS " + s.table
		}
		when = fmt.Sprintf("AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT", t.event, t.table, strings.Join(tables, " "))
		body = fmt.Sprintf("IF NOT EXISTS (SELECT FROM %s) THEN RETURN NULL; END IF;\n\t%s\n\tRETURN NULL;", seen[0].table, t.body)
	}
	return []string{
		fmt.Sprintf("CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql %s AS $$\nBEGIN\n\t%s\nEND\n$$", t.name(), planned, body),
		fmt.Sprintf("CREATE TRIGGER %s %s EXECUTE FUNCTION %[1]s()", t.name(), when),
	}
}

// planned has functions look rows up in indexes, however few rows a table had when their plans were made.
const planned = "SET enable_seqscan = off SET jit = off"

// side is a table with the rows that a statement has made or removed; each adds as much as its sign says.
type side struct{ table, age, sign string }

func transition(event string) []side {
	fresh, gone := side{"fresh", "NEW", ""}, side{"gone", "OLD", "-"}
	switch event {
	case insert:
		return []side{fresh}
	case remove:
		return []side{gone}
	}
	return []side{fresh, gone}
}

// annotationsMoved counts the annotations of each label on each image that the statement touched: by how much there are
// more, and how many there are now. An image carries a label more when there were none, and one less when there are none.
//
// Its plan is made once a session, maybe when tables are small: nothing is joined, and what is looked up row by row is looked
// up in an index, see planned.
func annotationsMoved(event string) string {
	var rows, images []string
	for _, s := range transition(event) {
		rows = append(rows, fmt.Sprintf("SELECT dataset_id, image_id, label_id, %s1 AS more, %[1]sis_synthetic::int AS synthetic, 0 AS there FROM %s", s.sign, s.table))
		images = append(images, "SELECT image_id FROM "+s.table)
	}
	return fmt.Sprintf(`WITH pairs AS MATERIALIZED (
		SELECT dataset_id, image_id, label_id, sum(more) AS more, sum(synthetic) AS synthetic, sum(there) AS there FROM (
			%s
			UNION ALL SELECT a.* FROM (SELECT DISTINCT image_id FROM (%s) t) t CROSS JOIN LATERAL (
				SELECT dataset_id, image_id, label_id, 0, 0, 1 FROM annotations WHERE image_id = t.image_id OFFSET 0
			) a
		) a GROUP BY dataset_id, image_id, label_id
	)
	INSERT INTO stats_deltas (dataset_id, label_id, images, synthetic_images, annotated_images, annotations, synthetic_annotations)
	SELECT * FROM (
		SELECT dataset_id, label_id, sum(drawn) AS images, COALESCE(sum(drawn * (SELECT i.is_synthetic::int FROM images i WHERE i.id = image_id)), 0) AS synthetic_images,
			0 AS annotated, sum(more) AS more, sum(synthetic) AS synthetic
			FROM (SELECT *, %[3]s AS drawn FROM pairs WHERE more <> 0 OR synthetic <> 0) p GROUP BY dataset_id, label_id
		UNION ALL
		SELECT dataset_id, 0, 0, 0, sum(drawn), sum(more), sum(synthetic)
			FROM (
				SELECT *, %[3]s AS drawn FROM (
					SELECT dataset_id, sum(more) AS more, sum(synthetic) AS synthetic, sum(there) AS there FROM pairs GROUP BY dataset_id, image_id
				) i
			) p GROUP BY dataset_id
	) moved
	WHERE (images <> 0 OR synthetic_images <> 0 OR annotated <> 0 OR more <> 0 OR synthetic <> 0)
		AND (SELECT true FROM datasets d WHERE d.id = dataset_id) AND (label_id = 0 OR (SELECT true FROM labels l WHERE l.id = label_id));`,
		strings.Join(rows, "\n\t\t\tUNION ALL "), strings.Join(images, " UNION ALL "), "(there > 0)::int - (there - more > 0)::int")
}

// imagesMoved counts images, and those that have become synthetic or real for the labels on them.
func imagesMoved(event string) string {
	var rows []string
	for _, s := range transition(event) {
		rows = append(rows, fmt.Sprintf("SELECT dataset_id, %s1 AS more, size, is_synthetic, done, reviewed FROM %s", s.sign, s.table))
	}
	moved := fmt.Sprintf(`INSERT INTO stats_deltas (dataset_id, label_id, images, synthetic_images, done_images, reviewed_images, size)
	SELECT * FROM (
		SELECT dataset_id, 0, sum(more) AS images, sum(more * is_synthetic::int) AS synthetic, sum(more * done::int) AS done,
			sum(more * reviewed::int) AS reviewed, sum(more * size) AS size
			FROM (%s) i GROUP BY dataset_id
	) moved
	WHERE (images <> 0 OR synthetic <> 0 OR done <> 0 OR reviewed <> 0 OR size <> 0) AND (SELECT true FROM datasets d WHERE d.id = dataset_id);`, strings.Join(rows, " UNION ALL "))
	if event != update {
		return moved
	}
	return moved + `
	INSERT INTO stats_deltas (dataset_id, label_id, synthetic_images)
	SELECT a.dataset_id, a.label_id, sum(CASE WHEN i.is_synthetic THEN 1 ELSE -1 END)
		FROM (SELECT id, is_synthetic FROM fresh EXCEPT SELECT id, is_synthetic FROM gone) i
		CROSS JOIN LATERAL (SELECT DISTINCT dataset_id, label_id FROM annotations WHERE image_id = i.id OFFSET 0) a GROUP BY a.dataset_id, a.label_id;`
}
