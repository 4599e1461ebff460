package catalog_test

import (
	"testing"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/testkit"
)

const members = "annotator ANNOTATOR, manager MANAGER, owner OWNER, reviewer REVIEWER, viewer VIEWER"

func TestCreateMembers(t *testing.T) {
	t.Parallel()
	type creation struct {
		actor string
		who   []string
		role  member.Role
		want  string
		roles string
	}
	testkit.EachWorld(t, map[string]creation{
		"one":              {"manager", []string{"no member"}, member.RoleReviewer, "", "annotator ANNOTATOR, manager MANAGER, no member REVIEWER, owner OWNER, reviewer REVIEWER, viewer VIEWER"},
		"none":             {"manager", nil, member.RoleViewer, "", members},
		"a member":         {"owner", []string{"no member", "viewer"}, member.RoleViewer, "INVALID list[1].userId: is a member already", members},
		"one twice":        {"owner", []string{"no member", "no member"}, member.RoleViewer, "INVALID list[1].userId: is named twice", members},
		"an outsider":      {"owner", []string{"other workspace"}, member.RoleViewer, "INVALID list[0].userId: no such user in the workspace", members},
		"as a superuser's": {"superuser", []string{"other workspace"}, member.RoleViewer, "INVALID list[0].userId: no such user in the workspace", members},
		"an owner":         {"owner", []string{"no member"}, member.RoleOwner, "INVALID list[0].role: OWNER is given by transferDataset", members},
		"as a reviewer":    {"reviewer", []string{"no member"}, member.RoleViewer, "FORBIDDEN not allowed to edit members", members},
		"as a stranger":    {"no member", []string{"no member"}, member.RoleOwner, "INVALID list[0].role: OWNER is given by transferDataset", members},
		"oneself":          {"no member", []string{"no member"}, member.RoleManager, "NOT_FOUND dataset not found", members},
	}, func(t *testing.T, w *testkit.World, tt creation) {
		in := make([]catalog.CreateMemberInput, len(tt.who))
		for i, actor := range tt.who {
			in[i] = catalog.CreateMemberInput{UserID: w.Users[actor].ID, Role: tt.role}
		}
		_, err := catalog.CreateMembers(w.As(t.Context(), tt.actor), w.DB, w.Dataset.ID, in, at)
		if got := roles(t, w, w.Dataset.ID); testkit.Said(err) != tt.want || got != tt.roles {
			t.Errorf("%v; want %s; roles %s", err, tt.want, got)
		}
	})
}

func memberOf(t *testing.T, w *testkit.World, actor string) gid.MemberID {
	t.Helper()
	return w.DB.Member.Query().Where(member.DatasetID(w.Dataset.ID), member.UserID(w.Users[actor].ID)).OnlyIDX(system(t))
}

func TestUpdateMember(t *testing.T) {
	t.Parallel()
	type update struct {
		actor, who string
		expected   *int
		role       member.Role
		want       string
		version    int
	}
	testkit.EachWorld(t, map[string]update{
		"to a reviewer":    {"manager", "viewer", new(1), member.RoleReviewer, "", 2},
		"to what they are": {"manager", "viewer", nil, member.RoleViewer, "", 1},
		"to an owner":      {"owner", "viewer", nil, member.RoleOwner, "INVALID role: OWNER is given by transferDataset", 1},
		"the owner":        {"owner", "owner", nil, member.RoleViewer, "INVALID ids[0]: the owner stays; OWNER is given by transferDataset", 1},
		"stale":            {"owner", "viewer", new(2), member.RoleReviewer, "CONFLICT changed since it was read", 1},
		"oneself":          {"annotator", "annotator", nil, member.RoleManager, "FORBIDDEN not allowed to edit members", 1},
		"as an outsider":   {"other workspace", "viewer", nil, member.RoleManager, "NOT_FOUND member not found", 1},
	}, func(t *testing.T, w *testkit.World, tt update) {
		id := memberOf(t, w, tt.who)
		err := catalog.UpdateMembers(w.As(t.Context(), tt.actor), w.DB, catalog.One(id, tt.expected), tt.role)
		m := w.DB.Member.GetX(system(t), id)
		if testkit.Said(err) != tt.want || m.Version != tt.version || (err == nil) != (m.Role == tt.role) {
			t.Errorf("%v; want %s; stored %v", err, tt.want, m)
		}
	})
}

func TestDeleteMembers(t *testing.T) {
	t.Parallel()
	type deletion struct {
		actor string
		who   []string
		want  string
		roles string
	}
	testkit.EachWorld(t, map[string]deletion{
		"two":              {"manager", []string{"viewer", "reviewer"}, "", "annotator ANNOTATOR, manager MANAGER, owner OWNER"},
		"oneself":          {"manager", []string{"manager"}, "", "annotator ANNOTATOR, owner OWNER, reviewer REVIEWER, viewer VIEWER"},
		"the owner too":    {"owner", []string{"viewer", "owner"}, "INVALID ids[1]: the owner stays; OWNER is given by transferDataset", members},
		"as an annotator":  {"annotator", []string{"annotator"}, "FORBIDDEN not allowed to edit members", members},
		"as a stranger":    {"no member", []string{"viewer"}, "NOT_FOUND member not found", members},
		"a viewer, by all": {"admin", []string{"viewer"}, "", "annotator ANNOTATOR, manager MANAGER, owner OWNER, reviewer REVIEWER"},
	}, func(t *testing.T, w *testkit.World, tt deletion) {
		var targets catalog.Targets[gid.MemberID]
		for _, actor := range tt.who {
			targets.IDs = append(targets.IDs, memberOf(t, w, actor))
		}
		err := catalog.DeleteMembers(w.As(t.Context(), tt.actor), w.DB, targets)
		if got := roles(t, w, w.Dataset.ID); testkit.Said(err) != tt.want || got != tt.roles {
			t.Errorf("%v; want %s; roles %s", err, tt.want, got)
		}
	})
}

func TestTargetsCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		targets catalog.Targets[int]
		want    string
	}{
		"nothing":           {catalog.Targets[int]{}, ""},
		"ids":               {catalog.Targets[int]{IDs: []int{1, 2}}, ""},
		"and versions":      {catalog.Targets[int]{IDs: []int{1, 2}, Versions: []int{1, 1}}, ""},
		"one":               {catalog.One(1, new(3)), ""},
		"versions missing":  {catalog.Targets[int]{IDs: []int{1, 2}, Versions: []int{1}}, "expectedVersions: must have as many items as ids"},
		"versions too many": {catalog.Targets[int]{Versions: []int{1}}, "expectedVersions: must have as many items as ids"},
		"twice":             {catalog.Targets[int]{IDs: []int{1, 2, 1, 1}}, "ids[2]: is named twice; ids[3]: is named twice"},
	} {
		if got := tt.targets.Check().Error(); got != tt.want {
			t.Errorf("%s: %s; want %s", name, got, tt.want)
		}
	}
}
