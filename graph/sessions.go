package graph

import (
	"context"
	"net/netip"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/graph/model"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/web"
)

// viewer is who is signed in, with what is selected of them at the places, or null.
func (r *Resolver) viewer(places ...context.Context) (*ent.User, error) {
	v, ok := access.ViewerFrom(places[0])
	if !ok {
		return nil, nil
	}
	rows, err := collectAt(places, r.DB.User.Query().Where(user.ID(v.UserID)), "User")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// session answers with the tokens of a session. Who has signed in just now may see
// what is selected of them already.
func (r *Resolver) session(ctx context.Context) func(auth.Tokens, error) (*model.SessionPayload, error) {
	return func(t auth.Tokens, err error) (*model.SessionPayload, error) {
		if err != nil {
			return nil, err
		}
		p := &model.SessionPayload{
			AccessToken:           t.AccessToken,
			AccessTokenExpiresAt:  t.AccessExpiresAt,
			RefreshToken:          t.RefreshToken,
			RefreshTokenExpiresAt: t.RefreshExpiresAt,
		}
		if places := within(access.WithViewer(ctx, t.Viewer), "user"); places != nil {
			p.User, err = r.viewer(places...)
		}
		return p, err
	}
}

// origin is where a sign-in comes from.
func origin(ctx context.Context) auth.Origin {
	ip, _ := netip.ParseAddr(web.ClientIP(ctx))
	return auth.Origin{IP: ip, UserAgent: graphql.GetOperationContext(ctx).Headers.Get("User-Agent")}
}
