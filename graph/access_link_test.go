package graph_test

import (
	"bufio"
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/graph"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/testkit"
)

// accessLink is a row of testdata/access_links.txt.
type accessLink struct {
	line      int
	code      string
	asker     string
	path      string
	entity    string
	operation string
}

var accessLinkLine = regexp.MustCompile(`^(\w+) +([-.\w]+) +(\w+) +(\w+\(.*)$`)

func readAccessLinks(t *testing.T) (links []accessLink) {
	t.Helper()
	file := testkit.Must(os.Open("testdata/access_links.txt"))(t)
	defer file.Close()
	code := ""
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		switch line := lines.Text(); {
		case line == "" || strings.HasPrefix(line, "#"):
		case line == "INVALID" || line == "NOT_FOUND":
			code = line
		default:
			match := accessLinkLine.FindStringSubmatch(line)
			if match == nil {
				t.Fatalf("testdata/access_links.txt:%d is no row: %s", n, line)
			}
			links = append(links, accessLink{n, code, match[1], match[2], match[3], match[4]})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return links
}

// TestAccessLinks names, wherever a client names a row, one that is not in the dataset.
func TestAccessLinks(t *testing.T) {
	onAccessServers(t, func(t *testing.T, s *accessServer) {
		for _, link := range readAccessLinks(t) {
			t.Run(strconv.Itoa(link.line), func(t *testing.T) {
				t.Parallel()
				w := s.newWorld(t)
				strangers := w.strangers(t, link.entity)
				for actor := range strings.SplitSeq(strings.Replace(link.asker, "both", "manager superuser", 1), " ") {
					link.check(t, w, actor, strangers)
				}
			})
		}
	})
}

// check names each of the strangers.
func (link accessLink) check(t *testing.T, w *accessWorld, actor string, strangers map[string]string) {
	t.Helper()
	values := w.values(t, actor, strings.ReplaceAll(link.operation, "$id", ""))
	answers := map[string]string{}
	for kind, id := range strangers {
		values["id"] = accessValue{"ID!", id}
		w.look(t)
		reply := w.send(w.As(t.Context(), actor), t, "mutation", link.operation, values)
		w.checkChanged(t, false, reply.body)
		answers[kind] = strings.ReplaceAll(reply.body, id, "$id")
		code, path := reply.code(), strings.Join(reply.fields(), " ")
		switch {
		case kind == anotherEntity && code != "INVALID", kind != anotherEntity && code != link.code:
			t.Errorf("%s, %s: %s\n%s", actor, kind, link.operation, reply.body)
		case code == "INVALID" && link.code == "INVALID" && path != link.path && !strings.HasPrefix(path, link.path+"."):
			t.Errorf("%s, %s: complains about %s, not %s\n%s", actor, kind, path, link.path, reply.body)
		}
	}
	delete(answers, anotherEntity)
	for kind, answer := range answers {
		if answer != answers[missing] {
			t.Errorf("%s: %s gets %s, what is missing %s", actor, kind, answer, answers[missing])
		}
	}
}

// The kinds of rows that are named instead of one in the dataset.
const (
	anotherWorkspace = "another workspace's"
	anotherDataset   = "another dataset's"
	missing          = "missing"
	anotherEntity    = "another entity's"
)

// strangers are ids of rows of an entity that are not in the world's dataset.
func (w *accessWorld) strangers(t *testing.T, entity string) map[string]string {
	t.Helper()
	name := strings.ToLower(entity)
	if entity == "User" {
		name = "viewer"
	}
	other := rowsOf(w.another(t))
	other["viewer"] = w.disabled(t)
	ids := map[string]string{
		anotherWorkspace: rowsOf(w.Foreign)[name].value.(string),
		anotherDataset:   other[name].value.(string),
		missing:          gidOf(entity, noRow),
		anotherEntity:    rowsOf(w.World)["snapshot"].value.(string),
	}
	switch entity {
	case "Snapshot":
		ids[anotherEntity] = rowsOf(w.World)["dataset"].value.(string)
	case "Annotation":
		ids[missing] = gidOf(entity, "00000000-0000-7000-8000-000000000000")
	}
	return ids
}

// disabled makes a colleague who may not sign in any more.
func (w *accessWorld) disabled(t *testing.T) accessValue {
	t.Helper()
	var u *ent.User
	w.change(t, func(ctx context.Context, tx *ent.Tx) (err error) {
		u, err = tx.User.Create().SetEmail("gone." + w.Users["viewer"].Email).SetWorkspaceID(w.Workspace.ID).SetIsActive(false).Save(ctx)
		return err
	})
	return accessID("User", u.ID)
}

// linkedElsewhere are places where a client names a row that other tests look at.
var linkedElsewhere = []string{
	"createAnnotation input.id",         // TestChosenIDs
	"replaceAnnotations annotations.id", // TestChosenIDs
	"annotate changes.create.id",        // TestChosenIDs
	"annotate changes.delete.id",        // TestChosenIDs: what is not there is gone already
	"createUser input.workspaceId",      // the access table
	"updateWorkspace id",                // the access table
	"updateUser id",                     // the access table
	"disableUser id",                    // the access table
	"resetPassword id",                  // the access table
	"revokeApiKey id",                   // the access table
}

// TestAccessLinksAreWhole: there is a row for each place in a mutation where a client names a row.
func TestAccessLinksAreWhole(t *testing.T) {
	t.Parallel()
	schema := graph.ClientSchema()
	var want []string
	for _, mutation := range schema.Mutation.Fields {
		for _, argument := range mutation.Arguments {
			want = append(want, idPlaces(schema, argument.Type, mutation.Name+" "+argument.Name)...)
		}
	}
	got := slices.Clone(linkedElsewhere)
	for _, link := range readAccessLinks(t) {
		document := testkit.Must(parser.ParseQuery(&ast.Source{Input: "mutation { " + link.operation + " }"}))(t)
		field := document.Operations[0].SelectionSet[0].(*ast.Field)
		for _, argument := range field.Arguments {
			got = append(got, usesOfID(argument.Value, field.Name+" "+argument.Name)...)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("places for ids in the schema and in testdata/access_links.txt (-schema +rows):\n%s", diff)
	}
}

// idPlaces lists where values of a type name rows.
func idPlaces(schema *ast.Schema, typ *ast.Type, path string) (places []string) {
	if typ.Name() == "ID" {
		return []string{path}
	}
	if def := schema.Types[typ.Name()]; def.Kind == ast.InputObject {
		for _, f := range def.Fields {
			places = append(places, idPlaces(schema, f.Type, path+"."+f.Name)...)
		}
	}
	return places
}

// usesOfID lists where $id stands in a value.
func usesOfID(v *ast.Value, path string) (places []string) {
	if v.Kind == ast.Variable && v.Raw == "id" {
		return []string{path}
	}
	for _, child := range v.Children {
		below := path
		if child.Name != "" {
			below += "." + child.Name
		}
		places = append(places, usesOfID(child.Value, below)...)
	}
	return places
}
