package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// randomOperations is how many operations TestRandomReads asks of each database.
func randomOperations() int {
	switch {
	case testing.Short():
		return 100
	case os.Getenv("DATAGEN_REQUIRE_ALL") != "":
		return 10_000
	}
	return 1000
}

// TestRandomReads asks operations that are made up from the schema: plans answer as resolvers do, errors included. Ask compares them.
func TestRandomReads(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a api) {
		const seed = 6
		g := newGuesser(rand.New(rand.NewPCG(seed, seed)), aWorldToRead(t, a))
		before, nodes := a.Reads(), 0
		for i := range randomOperations() {
			actor, query, variables := g.operation()
			answer := a.ask(t, actor, query, variables)
			if t.Failed() {
				t.Fatalf("operation %d, asked by %s:\n%s", i, actor, query)
			}
			g.learn(answer.Data)
			nodes += strings.Count(answer.body, `"`)
		}
		after := a.Reads()
		planned, all := after.Planned-before.Planned, after.Planned+after.Resolved-before.Planned-before.Resolved
		t.Logf("plans answered %d of %d fields of Query; %d quotation marks", planned, all, nodes)
		if planned*3 < all*2 {
			t.Errorf("plans answered %d of %d fields of Query", planned, all)
		}
	})
}

// aWorldToRead fills the world and returns the ids of what is in it, by type.
func aWorldToRead(t *testing.T, a api) map[string][]string {
	t.Helper()
	w, ctx := a.world, access.System(t.Context())
	grow(t, w, 3)
	growDeep(t, w, 6, 5)
	ids := map[string][]string{}
	add := func(entity string, id any) { ids[entity] = append(ids[entity], gidOf(entity, id)) }
	snap := testkit.Must(snapshot.Create(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
	testkit.Must(snapshot.Generate(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID))(t)
	img := w.Images[0]
	frozen := func(entity string, id any) { add(entity, fmt.Sprintf("%v@%d", id, snap.ID)) }
	frozen("Image", img.ID)
	frozen("Dataset", w.Dataset.ID)
	frozen("Label", w.Labels[0].ID)
	frozen("Annotation", w.DB.Annotation.Query().FirstIDX(ctx))
	changeSome(t, a, img)
	for entity, shape := range ent.Shapes() {
		err := w.DB.Scan(ctx, "SELECT id FROM "+shape.Table+" ORDER BY id", nil, 0, func(id []byte, _ []database.Cell) error {
			add(entity, string(id))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// changeSome changes what a snapshot sees, and makes images and labels with what is hard to write.
func changeSome(t *testing.T, a api, img *ent.Image) {
	t.Helper()
	w, ctx := a.world, access.System(t.Context())
	err := w.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := w.DB.ShareDataset(ctx, tx, w.Dataset.ID); err != nil {
			return err
		}
		db := tx.Client()
		db.Image.UpdateOne(img).SetPrompt("a \"quoted\"\n\t\\ prompt \u2028 ж 🚢 \x7f").SetTags([]string{"a \"tag\"", "ж"}).
			SetPerceptualHash(-3).SetExtraInformation(rawjson.Object(`{"a":[1,{"b":null}],"ж":"\u0000"}`)).SaveX(ctx)
		db.Label.UpdateOne(w.Labels[0]).SetName("renamed").SetOrder(-7).SaveX(ctx)
		drawn(db, w.Dataset, img, w.Labels[1], 9).SetConfidence(1e-7).SaveX(ctx)
		drawn(db, w.Dataset, img, w.Labels[1], 9).SetConfidence(1).SaveX(ctx)
		db.Annotation.DeleteOne(db.Annotation.Query().FirstX(ctx)).ExecX(ctx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// guesser makes up operations.
type guesser struct {
	*rand.Rand

	schema    *ast.Schema
	ids       map[string][]string
	cursors   map[string][]string // that were answered, by entity
	texts     []string
	fragments []string
	variables map[string]any
	defined   []string // definitions of variables
	left      int      // how many fields may be selected still
	aliases   int
}

func newGuesser(r *rand.Rand, ids map[string][]string) *guesser {
	return &guesser{Rand: r, schema: graph.ClientSchema(), ids: ids, cursors: map[string][]string{}, texts: []string{"", "a", "%", "_", `\`, "é", "renamed"}}
}

// actors are who asks; people of the dataset more often.
var actors = []string{"owner", "owner", "manager", "annotator", "viewer", "assignee", "admin", "superuser", "no member", "other workspace", "anonymous"}

func (g *guesser) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *guesser, from []T) T { return from[g.IntN(len(from))] }

// operation makes one up.
func (g *guesser) operation() (actor, query string, variables map[string]any) {
	g.fragments, g.variables, g.defined, g.left, g.aliases = nil, map[string]any{}, nil, 60, 0
	var roots []*ast.FieldDefinition
	for _, f := range g.schema.Query.Fields {
		if !strings.HasPrefix(f.Name, "__") && !slices.Contains([]string{"importFormats", "exportFormats", "verifyToken", "checkExport", "exportUrl", "compareSnapshots"}, f.Name) {
			roots = append(roots, f)
		}
	}
	var b strings.Builder
	for range 1 + g.IntN(2) {
		f := pick(g, roots)
		if g.chance(70) {
			f = g.schema.Query.Fields.ForName(pick(g, []string{"dataset", "dataset", "datasets", "datasets", "image", "node", "snapshot", "workspaces"}))
		}
		g.field(&b, f, 0)
	}
	query = "query"
	if len(g.defined) > 0 {
		query += "(" + strings.Join(g.defined, ", ") + ")"
	}
	return pick(g, actors), query + " {" + b.String() + " }" + strings.Join(g.fragments, ""), g.variables
}

// field selects a field, under an alias of its own.
func (g *guesser) field(b *strings.Builder, f *ast.FieldDefinition, depth int) {
	g.left--
	def := g.schema.Types[f.Type.Name()]
	if def.IsCompositeType() || len(f.Arguments) > 0 || g.chance(15) {
		g.aliases++
		fmt.Fprintf(b, " f%d:", g.aliases)
	}
	b.WriteString(" " + f.Name)
	g.arguments(b, f)
	if g.chance(4) {
		fmt.Fprintf(b, " @%s(if: %s)", pick(g, []string{"include", "skip"}), g.value(ast.NonNullNamedType("Boolean", nil), ""))
	}
	if !def.IsCompositeType() {
		return
	}
	b.WriteString(" {")
	g.selection(b, def, depth+1)
	b.WriteString(" }")
}

// selection selects something of a type.
func (g *guesser) selection(b *strings.Builder, def *ast.Definition, depth int) {
	before := b.Len()
	if def.IsAbstractType() {
		for range 1 + g.IntN(2) {
			possible := g.schema.Types[pick(g, g.schema.PossibleTypes[def.Name]).Name]
			fmt.Fprintf(b, " ... on %s {", possible.Name)
			g.selection(b, possible, depth)
			b.WriteString(" }")
		}
	}
	chosen := map[string]bool{}
	for range 1 + g.IntN(5) {
		f := pick(g, def.Fields)
		if edges := def.Fields.ForName("edges"); edges != nil && g.chance(50) {
			f = edges
		}
		if node := def.Fields.ForName("node"); node != nil && g.chance(60) {
			f = node
		}
		if depth > 7 || g.left < 1 || g.aliases > 27 {
			break
		}
		noPlan := strings.HasPrefix(f.Name, "nearDuplicate") || chosen[f.Name] && (f.Name == "edges" || f.Name == "node")
		if noPlan && g.chance(90) {
			continue
		}
		chosen[f.Name] = true
		if g.schema.Types[f.Type.Name()].IsCompositeType() && g.chance(20) {
			continue // so that there are more leaves
		}
		g.wrapped(b, def, func(b *strings.Builder) { g.field(b, f, depth) })
	}
	if g.chance(10) || b.Len() == before {
		b.WriteString(" __typename")
	}
}

// wrapped puts what write selects of a type into a fragment, or not.
func (g *guesser) wrapped(b *strings.Builder, def *ast.Definition, write func(*strings.Builder)) {
	switch n := g.IntN(100); {
	case n < 4:
		fmt.Fprintf(b, " ... on %s {", def.Name)
		write(b)
		b.WriteString(" }")
	case n < 8:
		name := fmt.Sprintf("F%d", len(g.fragments)*100+g.left)
		var inner strings.Builder
		write(&inner)
		g.fragments = append(g.fragments, fmt.Sprintf(" fragment %s on %s {%s }", name, def.Name, inner.String()))
		b.WriteString(" ..." + name)
	default:
		write(b)
	}
}

// arguments gives a field some.
func (g *guesser) arguments(b *strings.Builder, f *ast.FieldDefinition) {
	var given []string
	unused := g.unused()
	for _, arg := range f.Arguments {
		entity, connection := strings.CutSuffix(f.Type.Name(), "Connection")
		if arg.Type.Name() == "Cursor" && len(g.cursors[entity]) == 0 || slices.Contains(unused, arg.Name) {
			continue
		}
		if !arg.Type.NonNull && g.chance(65) || arg.DefaultValue != nil && g.chance(50) {
			continue
		}
		at := f.Name + "." + arg.Name
		if connection && arg.Type.Name() == "Cursor" {
			at = entity
		}
		value := g.value(arg.Type, at)
		if g.chance(25) {
			name := fmt.Sprintf("v%d", len(g.defined))
			if parsed, ok := asJSON(value); ok {
				g.defined = append(g.defined, fmt.Sprintf("$%s: %s", name, arg.Type))
				g.variables[name], value = parsed, "$"+name
			}
		}
		given = append(given, arg.Name+": "+value)
	}
	if len(given) > 0 {
		b.WriteString("(" + strings.Join(given, ", ") + ")")
	}
}

// unused are arguments of connections that would be refused beside others, mostly.
func (g *guesser) unused() []string {
	switch g.IntN(10) {
	case 0:
		return nil
	case 1, 2:
		return []string{"first", "offset", "orderBy"}
	case 3, 4:
		return []string{"last", "offset", "orderBy"}
	case 5:
		return []string{"last", "offset"}
	}
	return []string{"last", "after", "before"}
}

// asJSON is a literal of a scalar as a variable; those of objects and enums are no JSON.
func asJSON(literal string) (v any, ok bool) {
	err := json.Unmarshal([]byte(literal), &v)
	return v, err == nil
}

// value makes up a literal for an argument or a field of an input.
func (g *guesser) value(typ *ast.Type, at string) string {
	if typ.Elem != nil {
		var items []string
		for range g.IntN(3) {
			items = append(items, g.value(typ.Elem, at))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	def := g.schema.Types[typ.Name()]
	switch def.Kind {
	case ast.Enum:
		return pick(g, def.EnumValues).Name
	case ast.InputObject:
		return g.input(def)
	}
	return g.scalar(typ.Name(), at)
}

func (g *guesser) scalar(typ, at string) string {
	switch typ {
	case "Int":
		if strings.HasSuffix(at, "width") {
			return strconv.Itoa(g.IntN(2000))
		}
		if g.chance(2) {
			return strconv.Itoa(pick(g, []int{-1, 501}))
		}
		return strconv.Itoa(g.IntN(9))
	case "Boolean":
		return strconv.FormatBool(g.chance(50))
	case "Float":
		return fmt.Sprint(g.Float64())
	case "Time":
		return fmt.Sprintf("%q", time.Now().Add(time.Duration(g.IntN(20)-10)*time.Second).UTC().Format(time.RFC3339Nano))
	case "Cursor":
		if len(g.cursors[at]) == 0 || g.chance(1) {
			return `"bm9uZQ"`
		}
		return fmt.Sprintf("%q", pick(g, g.cursors[at]))
	case "ID":
		return fmt.Sprintf("%q", g.id(at))
	}
	return fmt.Sprintf("%q", pick(g, g.texts))
}

// id is one of the type that the name of an argument tells, mostly.
func (g *guesser) id(at string) string {
	types := []string{"Dataset", "Image", "Label", "Annotation", "Batch", "Job", "Snapshot", "User", "Member", "Workspace"}
	typ := pick(g, types)
	of, name, _ := strings.Cut(strings.ToLower(at), ".")
	if strings.HasPrefix(name, "id") {
		name = of
	}
	for _, t := range types {
		if strings.Contains(name, strings.ToLower(t)) && !g.chance(2) {
			typ = t
		}
	}
	return pick(g, g.ids[typ])
}

// input makes up an object.
func (g *guesser) input(def *ast.Definition) string {
	var fields []string
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil {
			fields = append(fields, f.Name+": "+g.value(f.Type, def.Name+"."+f.Name))
		}
	}
	if strings.HasSuffix(def.Name, "WhereInput") {
		for range 1 + g.IntN(2) {
			f := pick(g, def.Fields)
			if nested := g.schema.Types[f.Type.Name()].Kind == ast.InputObject; nested && g.chance(70) {
				continue
			}
			if !slices.ContainsFunc(fields, func(s string) bool { return strings.HasPrefix(s, f.Name+":") }) {
				fields = append(fields, f.Name+": "+g.value(f.Type, def.Name+"."+f.Name))
			}
		}
	} else if g.chance(50) {
		for _, f := range def.Fields {
			if f.DefaultValue != nil {
				fields = append(fields, f.Name+": "+g.value(f.Type, f.Name))
			}
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// learn keeps the cursors and some texts of an answer.
func (g *guesser) learn(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, item := range v {
			g.learn(item)
		}
	case []any:
		for _, item := range v {
			g.learn(item)
		}
	case string:
		switch {
		case strings.HasPrefix(v, "eyJpIjoi"): // {"i":"
			g.keepCursor(v)
		case len(v) < 30:
			g.texts = append(g.texts[max(0, len(g.texts)-200):], v)
		}
	}
}

// keepCursor keeps a cursor for connections of the same entity.
func (g *guesser) keepCursor(cursor string) {
	var c ent.Cursor
	if c.UnmarshalGQL(cursor) != nil {
		return
	}
	entity, _, err := gid.Decode(c.ID)
	if err != nil {
		return
	}
	kept := g.cursors[entity]
	g.cursors[entity] = append(kept[max(0, len(kept)-100):], cursor)
}
