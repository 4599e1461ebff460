package graph_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/graph"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// reads are questions about rows of a dataset ($theirs) by people who have one of their own. What follows edges
// or filters comes from the schema beside them.
var reads = []string{
	`dataset(id: $theirDataset) { id name viewerRole stats { images annotations } members { totalCount } thumbnail { id } tags { tag count } }`,
	`nodes(ids: [$theirDataset]) { id }`,
	`nodes(ids: [$dataset, $theirDataset, $image, $theirImage, $theirLabel, $theirAnnotation, $theirBatch, $theirJob, $theirMember, $theirSnapshot]) { id }`,
	`a: node(id: $theirDataset) { id } b: node(id: $theirImage) { id ... on Image { url dataset { name } annotations { totalCount } } }`,
	`node(id: $theirImage) { id ... on Image { url thumbnailUrl labels { id } } }`,
	`node(id: $theirImage) { id ... on Image { perceptualHash nearDuplicates { distance image { id } } } }`,
	`dataset(id: $theirDataset) { nearDuplicateGroups { totalCount groups { count images { id } } } }`,
	`existingImages(datasetId: $theirDataset, sha256: ["0000000000000000000000000000000000000000000000000000000000000000"]) { id }`,
	`node(id: $theirLabel) { id ... on Label { name } }`,
	`node(id: $theirAnnotation) { id ... on Annotation { data } }`,
	`node(id: $theirBatch) { id ... on Batch { stats { images jobs } } }`,
	`node(id: $theirJob) { id ... on Job { stats { images } assignee { id } } }`,
	`node(id: $theirMember) { id ... on Member { role } }`,
	`node(id: $theirSnapshot) { id ... on Snapshot { name } }`,
	`node(id: $theirAssignee) { id ... on User { jobs { totalCount edges { node { id } } } apiKeys { totalCount } } }`,
	`users(orderBy: {field: EMAIL, direction: DESC}) { totalCount rows: edges { n: node { id j: jobs { c: totalCount } } } }`,
	`users { edges { node { id jobs(where: {done: false}) { totalCount } } } }`,
	`workspaces { edges { node { id d: datasets(first: 1) { c: totalCount pageInfo { hasNextPage } } } } }`,
	`list: datasets(first: 1) { p: pageInfo { hasNextPage endCursor } e: edges { n: node { id i: images(first: 2, offset: 1) { c: totalCount edges { node { id } } } } } } n: datasets { totalCount }`,
	`datasets(first: 1, offset: 1) { totalCount pageInfo { hasPreviousPage hasNextPage } edges { cursor } }`,
	`datasets(last: 1, where: {or: [{id: $theirDataset}, {not: {id: $theirDataset}}]}) { totalCount edges { node { id } } }`,
	`datasets(after: $theirDatasetsCursor) { totalCount pageInfo { hasNextPage } edges { node { id } } }`,
	`datasets(before: $theirDatasetsCursor, last: 5) { totalCount pageInfo { hasPreviousPage } edges { node { id } } }`,
	`dataset(id: $dataset) { images(after: $theirImagesCursor) { totalCount pageInfo { hasNextPage } edges { node { id } } } }`,
	`dataset(id: $dataset) { images(before: $theirImagesCursor, orderBy: {field: NAME}) { totalCount edges { node { id } } } }`,
}

// TestStrangersLearnNothing: the answers to those who may not see a dataset are the same, to the byte, while
// it is there and after it is gone. Those of its owner are not.
func TestStrangersLearnNothing(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		w.derive(t)
		schema := graph.ClientSchema()
		operations := slices.Concat(reads, filters(t, schema), crawl(schema))
		askers := map[string]*asker{
			"the owner":          w.asker(t, "owner", w.World),
			"another workspace":  w.asker(t, "other workspace", w.Foreign),
			"the same workspace": w.asker(t, "no member", w.another(t)),
		}
		for _, a := range askers {
			a.ask(t, s, operations)
		}
		w.deleteDataset(t)
		for name, a := range askers {
			before := a.replies
			a.ask(t, s, operations)
			for i, operation := range operations {
				same := a.replies[i].body == before[i].body && a.replies[i].status == before[i].status
				if name != "the owner" && !same {
					t.Errorf("%s, while the dataset is there and after:\n%s\n%s\n%s", name, operation, before[i].body, a.replies[i].body)
				}
				if name == "the owner" && same && namesTheirs.MatchString(operation) {
					t.Errorf("asks nothing about the dataset: %s\n%s", operation, before[i].body)
				}
			}
		}
	})
}

// namesTheirs tells an operation that names a row of the dataset.
var namesTheirs = regexp.MustCompile(`\$their(Dataset|Member|Label|Image|Annotation|Batch|Job|Snapshot)`)

// TestCrawl follows every edge there is from every list: who may see a dataset meets all of its rows, and others none.
func TestCrawl(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		w := s.newWorld(t)
		operations := crawl(graph.ClientSchema())
		colleagues := map[string]string{"workspace": gidOf("Workspace", w.Workspace.ID), "e-mail": w.Users["viewer"].Email}
		keys := map[string]string{"API key": w.values(t, "viewer", "$viewersKey")["viewersKey"].value.(string)}
		for _, tt := range []struct {
			actor                      string
			own                        *testkit.World
			meetsRows, colleagues, key bool
		}{
			{"viewer", w.World, true, true, true},
			{"assignee", w.World, true, true, false},
			{"admin", w.World, true, true, false},
			{"no member", w.another(t), false, true, false},
			{"other workspace", w.Foreign, false, false, false},
		} {
			a := w.asker(t, tt.actor, tt.own)
			a.ask(t, s, operations)
			a.checkMeets(t, tt.meetsRows, w.secrets())
			a.checkMeets(t, tt.colleagues, colleagues)
			a.checkMeets(t, tt.key, keys)
		}
	})
}

// checkMeets complains of names that are among the replies although it is not wanted, or are not although it is.
func (a *asker) checkMeets(t *testing.T, want bool, names map[string]string) {
	t.Helper()
	var all strings.Builder
	for _, reply := range a.replies {
		if len(reply.Errors) > 0 {
			t.Error(reply.body)
		}
		all.WriteString(reply.body)
	}
	for what, name := range names {
		if strings.Contains(all.String(), `"`+name+`"`) != want {
			t.Errorf("%s meets %s: %v, want %v", a.actor, what, !want, want)
		}
	}
}

// secrets are what those alone get to know who may see the dataset.
func (w *accessWorld) secrets() map[string]string {
	secrets := map[string]string{"name of an image": w.Images[0].Name}
	rows := rowsOf(w.World)
	for _, name := range []string{"dataset", "member", "label", "label2", "image", "image2", "image3", "annotation", "batch", "job", "snapshot"} {
		secrets[name] = rows[name].value.(string)
	}
	return secrets
}

// An asker is somebody who asks, what they call rows, and what they were answered.
type asker struct {
	actor   string
	ctx     context.Context
	values  map[string]accessValue
	replies []accessReply
}

// asker returns an actor who has a dataset of their own and asks about the world's.
func (w *accessWorld) asker(t *testing.T, actor string, own *testkit.World) *asker {
	t.Helper()
	a := &asker{actor: actor, ctx: w.As(t.Context(), actor), values: rowsOf(own)}
	for name, v := range rowsOf(w.World) {
		a.values["their"+strings.ToUpper(name[:1])+name[1:]] = v
	}
	a.values["theirUser"] = a.values["theirAnnotator"] // who has drawn all annotations
	a.values["theirDatasetsCursor"] = w.cursor(t, `datasets { edges { cursor } }`)
	a.values["theirImagesCursor"] = w.cursor(t, `dataset(id: $dataset) { datasets: images { edges { cursor } } }`)
	a.values["user"] = a.values["assignee"]
	return a
}

// cursor is the first in what the owner is answered.
func (w *accessWorld) cursor(t *testing.T, operation string) accessValue {
	t.Helper()
	data := w.send(w.As(t.Context(), "owner"), t, "query", operation, rowsOf(w.World)).Data
	if d, ok := data["dataset"].(map[string]any); ok {
		data = d
	}
	edge := data["datasets"].(map[string]any)["edges"].([]any)[0]
	return accessValue{"Cursor", edge.(map[string]any)["cursor"]}
}

func (a *asker) ask(t *testing.T, s *accessServer, operations []string) {
	t.Helper()
	a.replies = make([]accessReply, len(operations))
	for i, operation := range operations {
		a.replies[i] = s.send(a.ctx, t, "query", operation, a.values)
	}
}

// derive makes an image of the world's one that was made from another.
func (w *accessWorld) derive(t *testing.T) {
	t.Helper()
	w.change(t, func(ctx context.Context, tx *ent.Tx) error {
		return tx.Image.UpdateOneID(w.Images[2].ID).SetBaseImageID(w.Images[0].ID).Exec(ctx)
	})
}

func (w *accessWorld) deleteDataset(t *testing.T) {
	t.Helper()
	w.change(t, func(ctx context.Context, tx *ent.Tx) error { return tx.Dataset.DeleteOneID(w.Dataset.ID).Exec(ctx) })
}

// change changes the database behind everybody's back.
func (w *accessWorld) change(t *testing.T, change func(context.Context, *ent.Tx) error) {
	t.Helper()
	w.seen = nil
	if err := w.DB.Write(access.System(t.Context()), change); err != nil {
		t.Fatal(err)
	}
}

// crawl lists queries that go from each list at the root along each edge, and from there along each again.
func crawl(schema *ast.Schema) (operations []string) {
	for _, root := range schema.Query.Fields {
		if slices.ContainsFunc(root.Arguments, required) || strings.HasPrefix(root.Name, "__") || rowType(schema, root).Fields.ForName("id") == nil {
			continue // it leads to no rows by itself
		}
		for _, edge := range rowType(schema, root).Fields {
			if !isLeaf(schema, edge) {
				operations = append(operations, selection(schema, root, "id "+selection(schema, edge, everything(schema, edge))))
			}
		}
	}
	return operations
}

func required(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }

// everything selects all fields of a field's rows, and those of the rows that they lead to.
func everything(schema *ast.Schema, f *ast.FieldDefinition) string {
	var b strings.Builder
	for _, edge := range rowType(schema, f).Fields {
		b.WriteString(selection(schema, edge, leaves(schema, edge)) + " ")
	}
	return b.String()
}

// leaves names the leaves of a field's rows, none if it is a leaf itself.
func leaves(schema *ast.Schema, f *ast.FieldDefinition) string {
	if isLeaf(schema, f) {
		return ""
	}
	var names []string
	for _, leaf := range rowType(schema, f).Fields {
		if isLeaf(schema, leaf) {
			names = append(names, leaf.Name)
		}
	}
	return strings.Join(names, " ")
}

// selection writes a field with what is selected of its rows.
func selection(schema *ast.Schema, f *ast.FieldDefinition, below string) string {
	switch {
	case isLeaf(schema, f):
		return f.Name
	case isConnection(f):
		return fmt.Sprintf("%s(first: 20) { totalCount pageInfo { hasNextPage startCursor endCursor } edges { cursor node { %s } } }", f.Name, below)
	}
	return fmt.Sprintf("%s { %s }", f.Name, below)
}

func isLeaf(schema *ast.Schema, f *ast.FieldDefinition) bool {
	return schema.Types[f.Type.Name()].IsLeafType()
}

func isConnection(f *ast.FieldDefinition) bool { return strings.HasSuffix(f.Type.Name(), "Connection") }

// rowType is the type of a field's rows.
func rowType(schema *ast.Schema, f *ast.FieldDefinition) *ast.Definition {
	return schema.Types[strings.TrimSuffix(f.Type.Name(), "Connection")]
}

// filters lists, for each list that can be filtered, a query with each of its filters by an id, of their rows.
func filters(t *testing.T, schema *ast.Schema) (operations []string) {
	t.Helper()
	for _, typ := range schema.Types {
		for _, f := range typ.Fields {
			where := f.Arguments.ForName("where")
			if where == nil {
				continue
			}
			var asked []string
			for _, condition := range conditions(t, schema.Types[where.Type.Name()]) {
				asked = append(asked, fmt.Sprintf("f%d: %s(where: {%s}) { totalCount edges { node { id } } }", len(asked), f.Name, condition))
			}
			operation := strings.Join(asked, " ")
			if typ != schema.Query {
				self := strings.ToLower(typ.Name[:1]) + typ.Name[1:]
				operation = fmt.Sprintf("node(id: $%s) { ... on %s { %s } }", self, typ.Name, operation)
			}
			operations = append(operations, operation)
		}
	}
	slices.Sort(operations)
	return operations
}

// conditions are those that name the id of a row of theirs. A filter must be by a column of the row itself:
// one that looks at other rows would tell of what the viewer may not see.
func conditions(t *testing.T, where *ast.Definition) (list []string) {
	t.Helper()
	for _, f := range where.Fields {
		name := f.Name
		switch {
		case f.Type.Name() == where.Name: // not, and, or
			continue
		case f.Type.Name() != "ID":
			if strings.HasPrefix(name, "has") && !strings.HasPrefix(name, "hasTag") {
				t.Errorf("%s.%s looks at other rows", where.Name, name)
			}
			continue
		}
		for _, operator := range []string{"NEQ", "NotIn", "In", "IsNil", "NotNil"} {
			name = strings.TrimSuffix(name, operator)
		}
		entity, known := referents[name]
		if name == "id" {
			entity, known = strings.TrimSuffix(where.Name, "WhereInput"), true
		}
		switch {
		case strings.HasSuffix(name, "GT"), strings.HasSuffix(name, "GTE"), strings.HasSuffix(name, "LT"), strings.HasSuffix(name, "LTE"):
		case !known:
			t.Errorf("whose id does %s.%s name?", where.Name, f.Name)
		case entity == "ApiKey": // only their owner has any
		case f.Type.Elem != nil:
			list = append(list, fmt.Sprintf("%s: [$their%s]", f.Name, entity))
		default:
			list = append(list, fmt.Sprintf("%s: $their%s", f.Name, entity))
		}
	}
	return list
}

// referents are the entities whose ids filters name.
var referents = map[string]string{
	"workspaceId": "Workspace", "datasetId": "Dataset", "imageId": "Image", "labelId": "Label", "batchId": "Batch", "jobId": "Job",
	"baseImageId": "Image", "authorId": "User", "ownerId": "User", "assigneeId": "User", "userId": "User", "hasLabel": "Label",
}
