package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/admin"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestUpdateWorkspace(t *testing.T) {
	t.Parallel()
	const refused = "FORBIDDEN not allowed to change the workspace so"
	type change struct {
		actor string
		in    func(w world) admin.UpdateWorkspaceInput
		want  string // what it is then, or why not
	}
	named := func(name string) func(world) admin.UpdateWorkspaceInput {
		return func(world) admin.UpdateWorkspaceInput { return admin.UpdateWorkspaceInput{Name: &name} }
	}
	images := func(n *int) func(world) admin.UpdateWorkspaceInput {
		return func(world) admin.UpdateWorkspaceInput {
			return admin.UpdateWorkspaceInput{MaxImages: graphql.OmittableOf(n)}
		}
	}
	bytes := func(n *int64) func(world) admin.UpdateWorkspaceInput {
		return func(world) admin.UpdateWorkspaceInput {
			return admin.UpdateWorkspaceInput{MaxBytes: graphql.OmittableOf(n)}
		}
	}
	taken := func(w world) admin.UpdateWorkspaceInput {
		return admin.UpdateWorkspaceInput{Name: &w.Foreign.Workspace.Name}
	}
	eachWorld(t, map[string]change{
		"renamed by an admin":      {"admin", named("new"), "new 5 50"},
		"renamed by a manager":     {"manager", named("new"), refused},
		"renamed by nobody":        {"anonymous", named("new"), "UNAUTHENTICATED not signed in"},
		"renamed from elsewhere":   {"other workspace", named("new"), "NOT_FOUND not found"},
		"a blank name":             {"admin", named(" "), "INVALID input.name: must not be blank"},
		"a long name":              {"admin", named(strings.Repeat("x", 101)), "INVALID input.name: has 101 characters; at most 100 are allowed"},
		"a name that is taken":     {"admin", taken, "INVALID input.name: is taken"},
		"limited by an admin":      {"admin", images(new(9)), refused},
		"limited by a superuser":   {"superuser", images(new(9)), "w 9 50"},
		"limited in bytes":         {"superuser", bytes(new(int64(1 << 40))), "w 5 1099511627776"},
		"to nothing":               {"superuser", images(new(0)), "w 0 50"},
		"to less than nothing":     {"superuser", bytes(new(int64(-1))), "INVALID input.maxBytes: must not be negative"},
		"no limit of its own":      {"superuser", images(nil), "w - 50"},
		"unlimited by an admin":    {"admin", bytes(nil), refused},
		"nothing is to be changed": {"admin", func(world) admin.UpdateWorkspaceInput { return admin.UpdateWorkspaceInput{} }, "w 5 50"},
		"nothing, for who may not": {"viewer", func(world) admin.UpdateWorkspaceInput { return admin.UpdateWorkspaceInput{} }, refused},
		"by a key that only reads": {"read-only superuser", named("new"), refused},
	}, func(t *testing.T, w world, tt change) {
		name := w.Workspace.Name
		w.DB.Workspace.UpdateOne(w.Workspace).SetMaxImages(5).SetMaxBytes(50).ExecX(system(t))
		actor, readOnly := strings.CutPrefix(tt.actor, "read-only ")
		ctx := w.As(t.Context(), actor)
		if v, ok := access.ViewerFrom(ctx); ok {
			v.ReadOnly = readOnly
			ctx = access.WithViewer(ctx, v)
		}

		_, err := admin.UpdateWorkspace(ctx, w.DB, w.Workspace.ID, tt.in(w))

		got := testkit.Said(err)
		if err == nil {
			is := w.DB.Workspace.GetX(system(t), w.Workspace.ID)
			got = strings.Replace(fmt.Sprint(is.Name, " ", text(is.MaxImages), " ", text(is.MaxBytes)), name, "w", 1)
		}
		if got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	})
}

func text[N any](n *N) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}
