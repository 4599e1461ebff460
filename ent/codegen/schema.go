package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema"
	"github.com/vektah/gqlparser/v2/ast"
)

// spelled is our spelling of a field's name: datasetId, not datasetID.
func spelled(name string) string { return strings.ReplaceAll(name, "ID", "Id") }

// shapeSchema gives the generated schema our spelling, an offset for each connection,
// the integer id of each node, and a description for whatever has none.
func shapeSchema(g *gen.Graph, s *ast.Schema) error {
	comments := commentsOf(g)
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		def := s.Types[name]
		shapeFields(def)
		describeType(def)
		def.Description = cmp.Or(def.Description, comments[strings.ToLower(def.Name)])
		for _, f := range def.Fields {
			f.Description = cmp.Or(f.Description, comments[strings.ToLower(def.Name+"."+f.Name)])
		}
	}
	for _, d := range s.Directives {
		describeDirective(d)
	}
	return frozen(s.Types["Dataset"], s.Types["Snapshot"])
}

// frozen gives a snapshot the fields of its dataset that it sees, by the same names.
func frozen(dataset, snapshot *ast.Definition) error {
	for _, name := range []string{"labels", "images", "annotations"} {
		live := dataset.Fields.ForName(name)
		if live == nil {
			return fmt.Errorf("a dataset has no %s", name)
		}
		then := *live
		then.Type = ast.NamedType(live.Type.Name(), nil)
		then.Description += " As they were; null when nothing but a zip was kept."
		snapshot.Fields = append(snapshot.Fields, &then)
	}
	return nil
}

// commentsOf are the comments of entities and of their edges, by the lower-case names of type and
// field: entgql leaves them out, and spells some types in another way than ent.
func commentsOf(g *gen.Graph) map[string]string {
	comments := map[string]string{}
	for _, n := range g.Nodes {
		if raw, ok := n.Annotations[(&schema.CommentAnnotation{}).Name()].(map[string]any); ok {
			comments[strings.ToLower(n.Name)], _ = raw["Text"].(string)
		}
		for _, e := range n.Edges {
			field := strings.ReplaceAll(e.Name, "_", "")
			comments[strings.ToLower(n.Name+"."+field)] = e.Comment()
		}
	}
	return comments
}

// describeDirective says that a directive is none for clients.
func describeDirective(d *ast.DirectiveDefinition) {
	const text = "Directs the generation of the server's code; clients have no use for it."
	d.Description = text
	for _, a := range d.Arguments {
		a.Description = text
	}
}

func shapeFields(def *ast.Definition) {
	_, role := splitRole(def.Name)
	if role == "WhereInput" {
		// A condition on the other side of an edge (hasOwnerWith and the like) would answer
		// questions about rows that the viewer may not see.
		def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool { return acrossEdge.MatchString(f.Name) })
	}
	for _, f := range def.Fields {
		f.Name = spelled(f.Name)
		switch {
		case role == "Connection" && f.Name == "edges":
			f.Type = ast.NonNullListType(ast.NonNullNamedType(f.Type.Name(), nil), nil)
		case role == "Edge" && f.Name == "node":
			f.Type = ast.NonNullNamedType(f.Type.Name(), nil)
		}
		if strings.HasSuffix(f.Type.Name(), "Connection") {
			addOffset(f)
		}
	}
	if slices.Contains(def.Interfaces, "Node") {
		def.Fields = slices.Insert(def.Fields, 1, databaseID(def.Name))
	}
}

var acrossEdge = regexp.MustCompile(`^has[A-Z]`)

func addOffset(f *ast.FieldDefinition) {
	at := slices.IndexFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Name == "last" }) + 1
	f.Arguments = slices.Insert(f.Arguments, at, &ast.ArgumentDefinition{
		Name: "offset",
		Type: ast.NamedType("Int", nil),
	})
}

func databaseID(entity string) *ast.FieldDefinition {
	typ, text := "Int", "The id that REST and scripts know."
	if entity == "Annotation" {
		typ, text = "String", "The UUID that REST and scripts know; a client may choose it."
	}
	return &ast.FieldDefinition{Name: "databaseId", Description: text, Type: ast.NonNullNamedType(typ, nil)}
}

var argumentTexts = map[string]string{
	"first":   "How many to return from the start: 50 when neither first nor last is given, at most 500.",
	"last":    "How many to return from the end, at most 500.",
	"after":   "Return those that come after this cursor.",
	"before":  "Return those that come before this cursor.",
	"offset":  "How many to skip, for page numbers; goes with first alone. Cursors stay right while rows come and go, offsets do not.",
	"orderBy": "In which order to return them; newest first when absent, except where the field says otherwise.",
	"where":   "Which of them to return.",
	"id":      "The id.",
	"ids":     "The ids; what does not exist, or is not yours to see, comes back as null.",
}

func describeType(def *ast.Definition) {
	entity, role := splitRole(def.Name)
	if text, ok := roleTexts[role]; ok {
		def.Description = fmt.Sprintf(text, entity)
	} else if def.Description == "" || strings.Contains(def.Description, "is enum for the field") {
		def.Description = typeTexts[def.Name]
	}
	for _, f := range def.Fields {
		if role == "WhereInput" {
			f.Description = filterText(f.Name)
		} else if text, ok := fieldTexts[f.Name]; ok && (f.Description == "" || role != "" || def.Name == "PageInfo") {
			f.Description = text
		}
		describeArguments(f)
	}
	for _, v := range def.EnumValues {
		v.Description = enumText(def.Name, v.Name)
	}
}

func describeArguments(f *ast.FieldDefinition) {
	for _, a := range f.Arguments {
		if text, ok := argumentTexts[a.Name]; ok {
			a.Description = text
		}
	}
}

// splitRole tells ImageConnection apart into Image and Connection.
func splitRole(name string) (entity, role string) {
	for _, role := range []string{"WhereInput", "OrderField", "Order", "Connection", "Edge"} {
		if entity, ok := strings.CutSuffix(name, role); ok && entity != "" {
			return entity, role
		}
	}
	return name, ""
}

var roleTexts = map[string]string{
	"WhereInput": "Which rows of %s to return: those that meet every condition that is given.",
	"OrderField": "What %s connections can be ordered by.",
	"Order":      "How to order a %s connection.",
	"Connection": "A page of rows of %s.",
	"Edge":       "A row of %s in a page.",
}

var typeTexts = map[string]string{
	"AnnotationSource": "Where an annotation comes from.",
	"APIKeyScope":      "What an API key may do.",
	"ApiKeyScope":      "What an API key may do.",
	"ImageFormat":      "The format of an image file.",
	"ImageSplit":       "The part of a dataset that an image is for when a model is trained.",
	"MemberRole":       "What a member may do in a dataset; each role includes those before it.",
	"Query":            "What can be asked.",
	"JSONObject":       "A JSON object, any keys and values; what was sent comes back to the byte, but for white space between its tokens.",
	"Time":             "A moment in UTC, as RFC 3339 writes it, to the microsecond.",
	"Cursor":           "A place in a connection; opaque.",
	"Node":             "Whatever has an id.",
	"PageInfo":         "Where a page stands in its connection.",
	"OrderDirection":   "Ascending or descending.",
}

var fieldTexts = map[string]string{
	"id":         "Opaque, and unique over all types.",
	"edges":      "The rows of the page.",
	"node":       "The row.",
	"cursor":     "Its place; send it back as after or before.",
	"pageInfo":   "Where the page stands.",
	"totalCount": "How many rows there are on all pages.",
	"direction":  "Ascending or descending.",
	"field":      "What to order by.",
	"nodes":      "Fetch by ids, at most 500 of any types.",
	"datasets":   "The datasets that you may see, newest first.",

	"hasNextPage":     "Whether there are more rows after the page; with before, it is taken that there are.",
	"hasPreviousPage": "Whether there are more rows before the page; with after or offset, it is taken that there are.",
	"startCursor":     "The place of the first row of the page.",
	"endCursor":       "The place of the last row of the page; send it back as after for the next page.",
}

var enumTexts = map[string]string{
	"OrderDirection.ASC":      "From the least to the greatest.",
	"OrderDirection.DESC":     "From the greatest to the least.",
	"MemberRole.VIEWER":       "Reads.",
	"MemberRole.ANNOTATOR":    "Reads, draws, and marks images as done.",
	"MemberRole.REVIEWER":     "As ANNOTATOR, and marks images and jobs as reviewed.",
	"MemberRole.MANAGER":      "As REVIEWER, and manages images, labels, batches, jobs and members.",
	"MemberRole.OWNER":        "As MANAGER, and may delete the dataset or hand it over. There is one owner.",
	"ImageSplit.NONE":         "Not assigned.",
	"ImageSplit.TRAIN":        "For training.",
	"ImageSplit.VAL":          "For validation while training.",
	"ImageSplit.TEST":         "For the final test.",
	"ImageFormat.PNG":         "Portable Network Graphics.",
	"ImageFormat.JPEG":        "JPEG.",
	"ImageFormat.WEBP":        "WebP.",
	"ImageFormat.GIF":         "GIF; of an animation the first frame counts.",
	"AnnotationSource.MANUAL": "Drawn by a person.",
	"AnnotationSource.MODEL":  "Proposed by a model.",
	"AnnotationSource.IMPORT": "Imported from a file.",
	"APIKeyScope.READ":        "Queries only.",
	"APIKeyScope.WRITE":       "All that the user may do.",
}

func enumText(enum, value string) string {
	if text, ok := enumTexts[enum+"."+value]; ok {
		return text
	}
	words := strings.ToLower(strings.ReplaceAll(value, "_", " "))
	return "By " + words + "."
}

// filterTexts say what the suffix of a filter's name means; the longest that fits counts.
var filterTexts = []struct{ suffix, text string }{
	{"EqualFold", "%s is this, whatever the case of its letters."},
	{"ContainsFold", "%s contains this, whatever the case of its letters."},
	{"Contains", "%s contains this."},
	{"HasPrefix", "%s starts with this."},
	{"HasSuffix", "%s ends with this."},
	{"NotNil", "%s is not null."},
	{"IsNil", "%s is null."},
	{"NotIn", "%s is none of these."},
	{"NEQ", "%s is not this."},
	{"GTE", "%s is this or more."},
	{"LTE", "%s is this or less."},
	{"GT", "%s is more than this."},
	{"LT", "%s is less than this."},
	{"In", "%s is one of these."},
}

func filterText(name string) string {
	switch name {
	case "not":
		return "Does not meet this condition."
	case "and":
		return "Meets all of these conditions."
	case "or":
		return "Meets at least one of these conditions."
	}
	for _, f := range filterTexts {
		if field, ok := strings.CutSuffix(name, f.suffix); ok && field != "" {
			return fmt.Sprintf(f.text, field)
		}
	}
	return name + " is this."
}
