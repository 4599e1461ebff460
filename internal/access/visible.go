package access

import (
	"entgo.io/ent/dialect/sql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/ent/session"
	"github.com/datasetgen/datagen/ent/snapshot"
	"github.com/datasetgen/datagen/ent/upload"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
)

// Predicate restricts a statement to some rows of the table that it selects from.
type Predicate = func(*sql.Selector)

// Visible returns the predicate that leaves, of the rows of an entity (by its type's
// name in package ent), those that v may see. Whatever reads rows for a viewer applies
// it: queries through ent by themselves, raw SQL by hand. An entity it does not
// know has no visible rows.
func Visible(v Viewer, entity string) Predicate {
	switch entity {
	case ent.TypeAPIKey:
		return own(apikey.FieldUserID, v)
	case ent.TypeSession:
		return own(session.FieldUserID, v)
	case ent.TypeUpload:
		return own(upload.FieldUserID, v)
	case ent.TypeWorkspace:
		return inWorkspace(workspace.FieldID, v)
	case ent.TypeUser:
		return inWorkspace(user.FieldWorkspaceID, v)
	case ent.TypeDataset:
		return inDatasets(dataset.FieldID, v)
	case ent.TypeSnapshot:
		return listed(inDatasets(snapshot.FieldDatasetID, v))
	case ent.TypeMember, ent.TypeLabel, ent.TypeImage, ent.TypeAnnotation, ent.TypeBatch, ent.TypeJob, ent.TypeStatsDelta:
		return inDatasets(image.FieldDatasetID, v) // the column has the same name in all of them
	}
	return func(s *sql.Selector) { s.Where(sql.False()) }
}

func own(column string, v Viewer) Predicate {
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v.UserID)) }
}

func inWorkspace(column string, v Viewer) Predicate {
	if v.Superuser {
		return everything
	}
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v.WorkspaceID)) }
}

// inDatasets leaves the rows of datasets that v is a member or an assignee in.
func inDatasets(column string, v Viewer) Predicate {
	if v.Superuser {
		return everything
	}
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		if v.Admin {
			t := d.Table(dataset.Table).As("workspace_datasets")
			s.Where(sql.In(s.C(column), d.Select(t.C(dataset.FieldID)).From(t).
				Where(sql.EQ(t.C(dataset.FieldWorkspaceID), v.WorkspaceID))))
			return
		}
		m, j := d.Table(member.Table).As("memberships"), d.Table(job.Table).As("assignments")
		s.Where(sql.In(s.C(column),
			d.Select(m.C(member.FieldDatasetID)).From(m).Where(sql.EQ(m.C(member.FieldUserID), v.UserID)).
				UnionAll(d.Select(j.C(job.FieldDatasetID)).From(j).Where(sql.EQ(j.C(job.FieldAssigneeID), v.UserID)))))
	}
}

// listed leaves, of the snapshots, those that were not taken for an export alone.
func listed(p Predicate) Predicate {
	return func(s *sql.Selector) {
		p(s)
		s.Where(sql.IsNull(s.C(snapshot.FieldExpiresAt)))
	}
}

// everything leaves all rows. It is a condition all the same: ent's update of a single row
// panics on a predicate that adds none.
func everything(s *sql.Selector) { s.Where(sql.ExprP("TRUE")) }
