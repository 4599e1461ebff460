package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/admin"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

const (
	password  = "correct horse battery"
	another   = "staple of another kind"
	forbidden = "FORBIDDEN not allowed to manage users"
)

// world is a world with somebody who signs people in.
type world struct {
	*testkit.World
	authority *auth.Authority
}

// eachWorld runs test for each case, in a world of its own, on each of the two databases.
func eachWorld[C any](t *testing.T, cases map[string]C, test func(t *testing.T, w world, c C)) {
	t.Helper()
	testkit.Databases(t, func(t *testing.T, db *database.DB) {
		authority := auth.New(db, testkit.Must(auth.NewKeys(strings.Repeat("k3y ", 8)))(t), auth.Options{})
		for name, c := range cases {
			t.Run(name, func(t *testing.T) { test(t, world{testkit.NewWorld(t, db), authority}, c) })
		}
	})
}

func system(t *testing.T) context.Context {
	t.Helper()
	return access.System(t.Context())
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor  string
		change func(w world, in *admin.CreateUserInput)
		want   string
	}
	nothing := func(world, *admin.CreateUserInput) {}
	eachWorld(t, map[string]creation{
		"by an admin":        {"admin", nothing, ""},
		"by a superuser":     {"superuser", nothing, ""},
		"as an admin":        {"admin", func(_ world, in *admin.CreateUserInput) { in.IsAdmin = new(true) }, ""},
		"by a manager":       {"manager", nothing, forbidden},
		"by nobody":          {"anonymous", nothing, "UNAUTHENTICATED not signed in"},
		"elsewhere":          {"admin", func(w world, in *admin.CreateUserInput) { in.WorkspaceID = &w.Foreign.Workspace.ID }, "INVALID input.workspaceId: no such workspace"},
		"elsewhere, from up": {"superuser", func(w world, in *admin.CreateUserInput) { in.WorkspaceID = &w.Foreign.Workspace.ID }, ""},
		"nowhere":            {"superuser", func(_ world, in *admin.CreateUserInput) { in.WorkspaceID = new(gid.WorkspaceID(999)) }, "INVALID input.workspaceId: no such workspace"},
		"who is there":       {"admin", func(w world, in *admin.CreateUserInput) { in.Email = strings.ToUpper(w.Users["viewer"].Email) }, "INVALID input.email: is taken"},
		"who is elsewhere":   {"admin", func(w world, in *admin.CreateUserInput) { in.Email = w.Users["other workspace"].Email }, "INVALID input.email: is taken"},
		"with a long name":   {"admin", func(_ world, in *admin.CreateUserInput) { in.FirstName = new(strings.Repeat("x", 151)) }, "INVALID input.firstName: has 151 characters; at most 150 are allowed"},
	}, func(t *testing.T, w world, tt creation) {
		in := admin.CreateUserInput{Email: fmt.Sprintf("New.%d@Example.com", w.Workspace.ID), Password: password, FirstName: new("Ana")}
		tt.change(w, &in)
		before := w.DB.User.Query().CountX(system(t))
		u, err := admin.CreateUser(w.As(t.Context(), tt.actor), w.DB, w.authority, in)
		if testkit.Said(err) != tt.want {
			t.Fatalf("%v; want %s", err, tt.want)
		}
		if n := w.DB.User.Query().CountX(system(t)); (n == before+1) != (err == nil) {
			t.Errorf("%d users after %d", n, before)
		}
		if err != nil {
			return
		}
		stored := w.DB.User.GetX(system(t), u.ID)
		if stored.Email != strings.ToLower(in.Email) || stored.FirstName != "Ana" || stored.IsSuperuser || !stored.IsActive || stored.IsAdmin != (in.IsAdmin != nil) ||
			!strings.HasPrefix(stored.PasswordHash, "$argon2id$") || (in.WorkspaceID == nil) != (stored.WorkspaceID == w.Workspace.ID) {
			t.Errorf("stored %+v", stored)
		}
		if _, err := w.authority.SignIn(t.Context(), auth.Credentials{Email: in.Email, Password: password}); err != nil {
			t.Errorf("sign in: %v", err)
		}
	})
}

// TestCreateUserChecks tells of address and password at once, before anything is hashed.
func TestCreateUserChecks(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	authority := auth.New(w.DB, testkit.Must(auth.NewKeys(strings.Repeat("k3y ", 8)))(t), auth.Options{})
	_, err := admin.CreateUser(w.As(t.Context(), "admin"), w.DB, authority, admin.CreateUserInput{Email: "nobody", Password: "x"})
	public := fault.Describe(err)
	if public.Code != "INVALID" || len(public.Fields) != 2 || fault.Path(public.Fields[0].Path...) != "input.email" || fault.Path(public.Fields[1].Path...) != "input.password" {
		t.Errorf("%v", err)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	type update struct {
		actor, who string
		expected   *int
		in         admin.UpdateUserInput
		want       string
		check      func(u *ent.User) bool // nil when nothing changes
	}
	name := admin.UpdateUserInput{FirstName: new("Ana"), LastName: new("Gil"), Avatar: graphql.OmittableOf(new("https://example.com/a.png"))}
	isNamed := func(u *ent.User) bool {
		return u.FirstName == "Ana" && u.LastName == "Gil" && *u.Avatar == "https://example.com/a.png"
	}
	up, off := admin.UpdateUserInput{IsAdmin: new(true)}, admin.UpdateUserInput{IsActive: new(false)}
	eachWorld(t, map[string]update{
		"oneself":                 {"viewer", "viewer", new(1), name, "", isNamed},
		"another one":             {"manager", "viewer", nil, name, forbidden, nil},
		"by an admin":             {"admin", "viewer", nil, name, "", isNamed},
		"somebody elsewhere":      {"admin", "other workspace", nil, name, "NOT_FOUND user not found", nil},
		"elsewhere, from up":      {"superuser", "other workspace", nil, name, "", isNamed},
		"who is above":            {"admin", "superuser", nil, name, forbidden, nil},
		"up by oneself":           {"viewer", "viewer", nil, up, forbidden, nil},
		"up by an admin":          {"admin", "viewer", nil, up, "", func(u *ent.User) bool { return u.IsAdmin && u.SessionVersion == 1 }},
		"off by an admin":         {"admin", "viewer", nil, off, "", func(u *ent.User) bool { return !u.IsActive && u.SessionVersion == 2 }},
		"off by oneself":          {"viewer", "viewer", nil, off, forbidden, nil},
		"an admin down by itself": {"admin", "admin", nil, admin.UpdateUserInput{IsAdmin: new(false)}, "INVALID input.isAdmin: you cannot end your own rights; another admin can", nil},
		"an admin off by itself":  {"admin", "admin", nil, off, "INVALID input.isActive: you cannot disable yourself", nil},
		"a script for a portrait": {"viewer", "viewer", nil, admin.UpdateUserInput{Avatar: graphql.OmittableOf(new("javascript:alert(1)"))}, "INVALID input.avatar: must be a URL of http or https", nil},
		"without a portrait":      {"viewer", "viewer", nil, admin.UpdateUserInput{Avatar: graphql.OmittableOf[*string](nil)}, "", func(u *ent.User) bool { return u.Avatar == nil }},
		"to what is too long":     {"viewer", "viewer", nil, admin.UpdateUserInput{LastName: new(strings.Repeat("x", 151))}, "INVALID input.lastName: has 151 characters; at most 150 are allowed", nil},
		"nothing":                 {"viewer", "viewer", nil, admin.UpdateUserInput{}, "", nil},
		"stale":                   {"viewer", "viewer", new(2), name, "CONFLICT changed since it was read", nil},
		"by nobody":               {"anonymous", "viewer", nil, name, "UNAUTHENTICATED not signed in", nil},
	}, func(t *testing.T, w world, tt update) {
		id := w.Users[tt.who].ID
		u, err := admin.UpdateUser(w.As(t.Context(), tt.actor), w.DB, w.authority, id, tt.expected, tt.in)
		if testkit.Said(err) != tt.want {
			t.Fatalf("%v; want %s", err, tt.want)
		}
		stored := w.DB.User.GetX(system(t), id)
		if tt.check == nil {
			if stored.Version != 1 || !stored.IsActive || stored.IsAdmin != (tt.who == "admin") {
				t.Errorf("something changed: %+v", stored)
			}
			return
		}
		if !tt.check(stored) || stored.Version != 2 || u.Version != 2 {
			t.Errorf("stored %+v", stored)
		}
	})
}

// TestEndOfAccess: whoever is disabled, or gets another password, is signed out.
func TestEndOfAccess(t *testing.T) {
	t.Parallel()
	ends := map[string]func(ctx context.Context, w world, id gid.UserID) error{
		"disabled": func(ctx context.Context, w world, id gid.UserID) error {
			_, err := admin.DisableUser(ctx, w.DB, w.authority, id, nil)
			return err
		},
		"another password": func(ctx context.Context, w world, id gid.UserID) error {
			_, err := admin.ResetPassword(ctx, w.DB, w.authority, id, another)
			return err
		},
	}
	eachWorld(t, ends, func(t *testing.T, w world, end func(context.Context, world, gid.UserID) error) {
		ctx := w.As(t.Context(), "admin")
		in := admin.CreateUserInput{Email: fmt.Sprintf("ana.%d@example.com", w.Workspace.ID), Password: password}
		u := testkit.Must(admin.CreateUser(ctx, w.DB, w.authority, in))(t)
		tokens := testkit.Must(w.authority.SignIn(t.Context(), auth.Credentials{Email: in.Email, Password: password}))(t)
		if _, err := w.authority.Authenticate(t.Context(), "Bearer "+tokens.AccessToken); err != nil {
			t.Fatal(err)
		}
		for actor, want := range map[string]string{"manager": forbidden, "other workspace": "NOT_FOUND user not found"} {
			if err := end(w.As(t.Context(), actor), w, u.ID); testkit.Said(err) != want {
				t.Errorf("by the %s: %v", actor, err)
			}
		}
		if err := end(ctx, w, u.ID); err != nil {
			t.Fatal(err)
		}
		if v, err := w.authority.Authenticate(t.Context(), "Bearer "+tokens.AccessToken); err == nil {
			t.Errorf("%+v is still signed in", v)
		}
		if _, err := w.authority.SignIn(t.Context(), auth.Credentials{Email: in.Email, Password: password}); err == nil {
			t.Error("the old password still signs in")
		}
	})
}

// TestNotToOneself: an admin who locks themselves out needs another to be let in.
func TestNotToOneself(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	authority := auth.New(w.DB, testkit.Must(auth.NewKeys(strings.Repeat("k3y ", 8)))(t), auth.Options{})
	ctx, me := w.As(t.Context(), "admin"), w.Users["admin"].ID
	if _, err := admin.DisableUser(ctx, w.DB, authority, me, nil); testkit.Said(err) != "INVALID id: you cannot disable yourself" {
		t.Errorf("disable: %v", err)
	}
	if _, err := admin.ResetPassword(ctx, w.DB, authority, me, another); testkit.Said(err) != "INVALID id: your own is changed by changePassword" {
		t.Errorf("reset: %v", err)
	}
	if !w.DB.User.Query().Where(user.ID(me)).OnlyX(system(t)).IsActive {
		t.Error("disabled")
	}
}

// TestReadOnlyKeys do not manage anybody, not even their own user.
func TestReadOnlyKeys(t *testing.T) {
	t.Parallel()
	w := testkit.NewWorld(t, testkit.SQLite(t))
	authority := auth.New(w.DB, testkit.Must(auth.NewKeys(strings.Repeat("k3y ", 8)))(t), auth.Options{})
	v, _ := access.ViewerFrom(w.As(t.Context(), "admin"))
	v.ReadOnly = true
	ctx := access.WithViewer(t.Context(), v)
	if _, err := admin.CreateUser(ctx, w.DB, authority, admin.CreateUserInput{Email: "a@example.com", Password: password}); testkit.Said(err) != forbidden {
		t.Errorf("create: %v", err)
	}
	if _, err := admin.UpdateUser(ctx, w.DB, authority, v.UserID, nil, admin.UpdateUserInput{FirstName: new("x")}); testkit.Said(err) != forbidden {
		t.Errorf("update: %v", err)
	}
}
