package gid_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const drawn = "0193b1c2-7e5f-7cc0-8a3b-1234567890ab"

// ids are one of each entity: its GraphQL type, and how to read and write an id.
var ids = map[string]struct {
	key string
	new func() graphql.Unmarshaler
	id  graphql.Marshaler
}{
	"Workspace":  {"1", func() graphql.Unmarshaler { return new(gid.WorkspaceID) }, gid.WorkspaceID(1)},
	"User":       {"2", func() graphql.Unmarshaler { return new(gid.UserID) }, gid.UserID(2)},
	"Session":    {"3", func() graphql.Unmarshaler { return new(gid.SessionID) }, gid.SessionID(3)},
	"APIKey":     {"4", func() graphql.Unmarshaler { return new(gid.APIKeyID) }, gid.APIKeyID(4)},
	"Dataset":    {"5", func() graphql.Unmarshaler { return new(gid.DatasetID) }, gid.DatasetID(5)},
	"Member":     {"6", func() graphql.Unmarshaler { return new(gid.MemberID) }, gid.MemberID(6)},
	"Label":      {"7", func() graphql.Unmarshaler { return new(gid.LabelID) }, gid.LabelID(7)},
	"Image":      {"8", func() graphql.Unmarshaler { return new(gid.ImageID) }, gid.ImageID(8)},
	"Batch":      {"9", func() graphql.Unmarshaler { return new(gid.BatchID) }, gid.BatchID(9)},
	"Job":        {"10", func() graphql.Unmarshaler { return new(gid.JobID) }, gid.JobID(10)},
	"Snapshot":   {"9223372036854775807", func() graphql.Unmarshaler { return new(gid.SnapshotID) }, gid.SnapshotID(9223372036854775807)},
	"Annotation": {drawn, func() graphql.Unmarshaler { return new(gid.AnnotationID) }, annotationID(drawn)},
}

func annotationID(s string) gid.AnnotationID {
	id, err := gid.ParseAnnotationID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// TestEachTypeReadsItsOwn tries the id of each entity on the type of each.
func TestEachTypeReadsItsOwn(t *testing.T) {
	t.Parallel()
	for want, of := range ids {
		for typ, other := range ids {
			sent := gid.Encode(typ, other.key)
			read := of.new()
			err := read.UnmarshalGQL(sent)
			if typ != want {
				refused := fmt.Sprintf("%q is an id of %s, not of %s", sent, typ, want)
				if err == nil || err.Error() != refused || fault.Describe(err).Code != "INVALID" {
					t.Errorf("the id of a %s as that of a %s: %v", typ, want, err)
				}
				continue
			}
			var back bytes.Buffer
			of.id.MarshalGQL(&back)
			if err != nil || back.String() != `"`+sent+`"` || fmt.Sprint(of.id) != of.key {
				t.Errorf("%s: %v; written as %s, want %q", typ, err, &back, sent)
			}
		}
	}
}

func TestMalformedIDs(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]any{
		"empty":             "",
		"bare number":       "8",
		"number":            8,
		"JSON number":       json.Number("8"),
		"null":              nil,
		"zero":              gid.Encode("Image", "0"),
		"negative":          gid.Encode("Image", "-1"),
		"leading zero":      gid.Encode("Image", "08"),
		"plus":              gid.Encode("Image", "+8"),
		"too great":         gid.Encode("Image", "9223372036854775808"),
		"fraction":          gid.Encode("Image", "8.0"),
		"no key":            gid.Encode("Image", ""),
		"no colon":          base64.RawURLEncoding.EncodeToString([]byte("Image8")),
		"padding":           base64.URLEncoding.EncodeToString([]byte("Image:18")) + "=",
		"other alphabet":    "SW1hZ2U6+/",
		"bits left over":    "SW1hZ2U6Mh", // as SW1hZ2U6Mg, but for bits that stand for nothing
		"line break":        gid.Encode("Image", "8") + "\n",
		"lower case type":   gid.Encode("image", "8"),
		"of a snapshot":     gid.Encode("Image", "8@7"),
		"UUID of an image":  gid.Encode("Image", drawn),
		"UUID without type": drawn,
	} {
		var read gid.ImageID
		if err := read.UnmarshalGQL(id); err == nil || fault.Describe(err).Code != "INVALID" {
			t.Errorf("%s: %v was read as %d, %v", name, id, read, err)
		}
	}
}

// TestAnnotationIDs: clients choose them, and so may send them bare.
func TestAnnotationIDs(t *testing.T) {
	t.Parallel()
	for sent, ok := range map[string]bool{
		drawn:                                       true,
		strings.ToUpper(drawn):                      true,
		gid.Encode("Annotation", drawn):             true,
		gid.Encode("Annotation", "{"+drawn+"}"):     false,
		gid.Encode("Annotation", "8"):               false,
		strings.ReplaceAll(drawn, "-", ""):          false,
		"urn:uuid:" + drawn:                         false,
		gid.Encode("Annotation", drawn[:35]+"g"):    false,
		gid.Encode("Annotation", "urn:uuid:"+drawn): false,
	} {
		var read gid.AnnotationID
		err := read.UnmarshalGQL(sent)
		if ok != (err == nil) || ok && read.String() != drawn {
			t.Errorf("%s: %v, %v", sent, read, err)
		}
	}
}

// TestNewAnnotationIDsRise: that keeps the index of the primary key compact.
func TestNewAnnotationIDsRise(t *testing.T) {
	t.Parallel()
	made := make([]string, 1000)
	for i := range made {
		made[i] = gid.NewAnnotationID().String()
	}
	if !slices.IsSorted(made) || len(slices.Compact(made)) != 1000 {
		t.Error("ids do not rise")
	}
}

func TestAnnotationIDsInDatabases(t *testing.T) {
	t.Parallel()
	value, err := annotationID(drawn).Value()
	if value != drawn || err != nil {
		t.Errorf("stored as %v, %v", value, err)
	}
	for _, column := range []any{drawn, []byte(drawn)} {
		var read gid.AnnotationID
		if err := read.Scan(column); err != nil || read.String() != drawn {
			t.Errorf("%T read as %v, %v", column, read, err)
		}
	}
}

// FuzzDecode: whatever is read is written the same way, so that no two ids name one row.
func FuzzDecode(f *testing.F) {
	for typ, of := range ids {
		f.Add(gid.Encode(typ, of.key))
	}
	for _, seed := range []string{"", "8", drawn, "SW1hZ2U6Mh", "SW1hZ2U6OA==", gid.Encode("Image", "-0"), gid.Encode(":", ":")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		typ, key, err := gid.Decode(id)
		if err == nil && gid.Encode(typ, key) != id {
			t.Errorf("%q decoded is %q, %q", id, typ, key)
		}
		for want, of := range ids {
			read := of.new()
			if read.UnmarshalGQL(id) != nil || len(id) == len(drawn) && want == "Annotation" {
				continue
			}
			var back bytes.Buffer
			read.(graphql.Marshaler).MarshalGQL(&back)
			if typ != want || back.String() != `"`+id+`"` {
				t.Errorf("%q was read as a %s, and is written %s", id, want, &back)
			}
		}
	})
}
