// Package gid holds a Go type for the id of each entity.
//
// The database and REST see an integer (a UUID for annotations). GraphQL sees
// an opaque string that also names the type, so that an id of the wrong type is
// refused before any SQL and caches of Relay and Apollo never mix two entities. Within a snapshot it
// names that too, so that they do not mix what was with what is.
package gid

import (
	"context"
	"database/sql/driver"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// One type an entity. Their names in GraphQL are those of the entities.
type (
	WorkspaceID  int
	UserID       int
	SessionID    int
	APIKeyID     int
	DatasetID    int
	MemberID     int
	LabelID      int
	ImageID      int
	BatchID      int
	JobID        int
	SnapshotID   int
	AnnotationID uuid.UUID
)

// A FormatError says what is wrong with an id that a client sent.
type FormatError string

// Error satisfies error.
func (e FormatError) Error() string { return string(e) }

// BadInput marks the error as one that the client made.
func (FormatError) BadInput() {}

func malformed(format string, args ...any) error { return FormatError(fmt.Sprintf(format, args...)) }

// Encode returns the GraphQL form of the id key of an entity of type typ.
func Encode(typ, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(typ + ":" + key))
}

// Decode returns the type and the key that a GraphQL id names.
func Decode(id string) (typ, key string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(id)
	typ, key, ok := strings.Cut(string(b), ":")
	// Base64 has more than one text for the same bytes; of an id there is one.
	if err != nil || !ok || Encode(typ, key) != id {
		return "", "", malformed("%q is not an id", id)
	}
	return typ, key, nil
}

func decodeAs(want string, v any) (string, error) {
	id, ok := v.(string)
	if !ok {
		return "", malformed("an id is a string, not a %T", v)
	}
	typ, key, err := Decode(id)
	if err != nil {
		return "", err
	}
	if typ != want {
		return "", malformed("%q is an id of %s, not of %s", id, typ, want)
	}
	if strings.Contains(key, "@") {
		return "", malformed("%q is an id of something in a snapshot, which nothing changes", id)
	}
	return key, nil
}

// unmarshal reads the id of an entity whose keys are positive integers.
func unmarshal[ID ~int](id *ID, typ string, v any) error {
	key, err := decodeAs(typ, v)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != key {
		return malformed("%q is not an id", v)
	}
	*id = ID(n)
	return nil
}

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id WorkspaceID) MarshalGQL(w io.Writer) { _ = write(w, "Workspace", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id WorkspaceID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Workspace", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *WorkspaceID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Workspace", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *WorkspaceID) UnmarshalGQL(v any) error { return unmarshal(id, "Workspace", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id UserID) MarshalGQL(w io.Writer) { _ = write(w, "User", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id UserID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "User", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *UserID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "User", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *UserID) UnmarshalGQL(v any) error { return unmarshal(id, "User", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id SessionID) MarshalGQL(w io.Writer) { _ = write(w, "Session", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id SessionID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Session", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *SessionID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Session", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *SessionID) UnmarshalGQL(v any) error { return unmarshal(id, "Session", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id APIKeyID) MarshalGQL(w io.Writer) { _ = write(w, "APIKey", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id APIKeyID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "APIKey", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *APIKeyID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "APIKey", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *APIKeyID) UnmarshalGQL(v any) error { return unmarshal(id, "APIKey", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id DatasetID) MarshalGQL(w io.Writer) { _ = write(w, "Dataset", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id DatasetID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Dataset", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *DatasetID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Dataset", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *DatasetID) UnmarshalGQL(v any) error { return unmarshal(id, "Dataset", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id MemberID) MarshalGQL(w io.Writer) { _ = write(w, "Member", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id MemberID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Member", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *MemberID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Member", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *MemberID) UnmarshalGQL(v any) error { return unmarshal(id, "Member", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id LabelID) MarshalGQL(w io.Writer) { _ = write(w, "Label", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id LabelID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Label", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *LabelID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Label", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *LabelID) UnmarshalGQL(v any) error { return unmarshal(id, "Label", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id ImageID) MarshalGQL(w io.Writer) { _ = write(w, "Image", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id ImageID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Image", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *ImageID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Image", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *ImageID) UnmarshalGQL(v any) error { return unmarshal(id, "Image", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id BatchID) MarshalGQL(w io.Writer) { _ = write(w, "Batch", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id BatchID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Batch", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *BatchID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Batch", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *BatchID) UnmarshalGQL(v any) error { return unmarshal(id, "Batch", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id JobID) MarshalGQL(w io.Writer) { _ = write(w, "Job", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id JobID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Job", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *JobID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Job", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *JobID) UnmarshalGQL(v any) error { return unmarshal(id, "Job", v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id SnapshotID) MarshalGQL(w io.Writer) { _ = write(w, "Snapshot", strconv.Itoa(int(id))) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id SnapshotID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Snapshot", strconv.Itoa(int(id)))
}

// UnmarshalGQLContext reads the GraphQL form of the id, which in a query may name a snapshot.
func (id *SnapshotID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return unmarshal(id, "Snapshot", now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id.
func (id *SnapshotID) UnmarshalGQL(v any) error { return unmarshal(id, "Snapshot", v) }

// NewAnnotationID returns a new id. Ids made one after the other sort that way
// (UUID version 7), which keeps the primary key's index compact.
func NewAnnotationID() AnnotationID { return AnnotationID(uuid.Must(uuid.NewV7())) }

// ParseAnnotationID reads a UUID.
func ParseAnnotationID(s string) (AnnotationID, error) {
	id, err := uuid.Parse(s)
	return AnnotationID(id), err
}

// String returns the UUID.
func (id AnnotationID) String() string { return uuid.UUID(id).String() }

// Value makes the id a value of a database.
func (id AnnotationID) Value() (driver.Value, error) { return uuid.UUID(id).Value() }

// Scan reads the id from a database.
func (id *AnnotationID) Scan(v any) error { return (*uuid.UUID)(id).Scan(v) }

// MarshalGQL writes the GraphQL form of the id, outside snapshots.
func (id AnnotationID) MarshalGQL(w io.Writer) { _ = write(w, "Annotation", id.String()) }

// MarshalGQLContext writes the GraphQL form of the id.
func (id AnnotationID) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return marshal(ctx, w, "Annotation", id.String())
}

// UnmarshalGQLContext reads what UnmarshalGQL does, and in a query also an id that names a snapshot.
func (id *AnnotationID) UnmarshalGQLContext(ctx context.Context, v any) error {
	return id.UnmarshalGQL(now(ctx, v))
}

// UnmarshalGQL reads the GraphQL form of the id, or a bare UUID, as clients have
// that choose the ids of their annotations.
func (id *AnnotationID) UnmarshalGQL(v any) error {
	if s, ok := v.(string); ok && len(s) == len(uuid.UUID{}.String()) {
		if u, err := uuid.Parse(s); err == nil {
			*id = AnnotationID(u)
			return nil
		}
	}
	key, err := decodeAs("Annotation", v)
	if err != nil {
		return err
	}
	u, err := uuid.Parse(key)
	if err != nil || u.String() != key {
		return malformed("%q is not an id", v)
	}
	*id = AnnotationID(u)
	return nil
}
