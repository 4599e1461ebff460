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

// session answers with the tokens of a session.
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
		p.User, err = r.entered(ctx, t)
		return p, err
	}
}

// legacySession answers with the tokens of the old sign-in.
func (r *Resolver) legacySession(ctx context.Context) func(auth.LegacyTokens, error) (*model.LegacySessionPayload, error) {
	return func(t auth.LegacyTokens, err error) (*model.LegacySessionPayload, error) {
		if err != nil {
			return nil, err
		}
		p := &model.LegacySessionPayload{
			Token:                 t.Token,
			ExpiresAt:             t.ExpiresAt,
			AccessToken:           t.AccessToken,
			AccessTokenExpiresAt:  t.AccessExpiresAt,
			RefreshToken:          t.RefreshToken,
			RefreshTokenExpiresAt: t.RefreshExpiresAt,
		}
		p.User, err = r.entered(ctx, t.Tokens)
		return p, err
	}
}

// entered is who has signed in just now, if a client selects them: they may see what is selected of them already.
func (r *Resolver) entered(ctx context.Context, t auth.Tokens) (*ent.User, error) {
	places := within(access.WithViewer(ctx, t.Viewer), "user")
	if places == nil {
		return nil, nil
	}
	return r.viewer(places...)
}

// origin is where a sign-in comes from.
func origin(ctx context.Context) auth.Origin {
	ip, _ := netip.ParseAddr(web.ClientIP(ctx))
	return auth.Origin{IP: ip, UserAgent: graphql.GetOperationContext(ctx).Headers.Get("User-Agent")}
}
