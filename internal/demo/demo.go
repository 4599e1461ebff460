// Package demo fills an empty database with people at work on two small datasets of drawn
// pictures, so that there is something to look at on every screen and in every query.
package demo

import (
	"context"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
)

// Deps are what the demo is made through.
type Deps struct {
	DB     *database.DB
	Auth   *auth.Authority
	Ingest *ingest.Pipeline
}

// Account is what a person needs to look around.
type Account struct {
	Email      string // of an admin of the workspace
	Password   string // known to all: the demo is for a machine that strangers do not reach
	APIKey     string // of the admin; it may write
	DatasetID  gid.DatasetID
	Colleagues []Colleague
}

// Colleague is another person of the workspace, with the same password.
type Colleague struct {
	Email string
	Role  member.Role // in the dataset
}

// Password is that of all people of the demo.
const Password = "draw-more-boxes"

// Fill makes accounts and datasets in an empty database. In one that has users it does nothing
// and returns false.
//
// What a Fill that was interrupted left behind nobody can sign in to; the next one
// removes it and begins anew. Of several processes that fill a database at once at most
// one succeeds.
func Fill(ctx context.Context, d Deps) (_ Account, filled bool, err error) {
	defer fault.Wrap(&err, "fill the database with the demo")

	t := &team{Deps: d}
	if filled, err = t.gather(ctx); err != nil || !filled {
		return Account{}, false, err
	}
	harbour, err := t.harbour(ctx)
	if err != nil {
		return Account{}, false, err
	}
	if err := t.nightSky(ctx); err != nil {
		return Account{}, false, err
	}
	key, err := t.open(ctx)
	if err != nil {
		return Account{}, false, err
	}
	a := Account{Email: people[0].email, Password: Password, APIKey: key, DatasetID: harbour}
	for _, p := range people[1:] {
		a.Colleagues = append(a.Colleagues, Colleague{p.email, p.role})
	}
	return a, true, nil
}
