package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/ent/apikey"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
)

func tokenCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "token",
		Usage: "make API keys",
		Commands: []*cli.Command{{
			Name:  "create",
			Usage: "make an API key for a user, and print it once",
			Description: `Scripts send the key as a header, Authorization: Bearer KEY. It is not kept:
who loses it makes another.

   export TOKEN=$(datagen token create --email ana@example.com --name training)`,
			Flags: []cli.Flag{
				emailFlag(),
				&cli.StringFlag{Name: "name", Usage: "what the key is for: a `TEXT` to know it by", Required: true},
				&cli.BoolFlag{Name: "read-only", Usage: "allow queries only"},
				&cli.DurationFlag{Name: "expires-in", Usage: "end the key after a `TIME` such as 720h; never when absent"},
			},
			Action: s.createToken,
		}},
	}
}

func (s surroundings) createToken(ctx context.Context, cmd *cli.Command) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	u, err := a.userOf(ctx, cmd.String("email"))
	if err != nil {
		return err
	}
	if !u.IsActive {
		return fault.InvalidAt("the user is disabled; first: datagen user enable", "email")
	}
	request := auth.KeyRequest{Name: cmd.String("name"), Scope: apikey.ScopeWrite}
	if cmd.Bool("read-only") {
		request.Scope = apikey.ScopeRead
	}
	if d := cmd.Duration("expires-in"); cmd.IsSet("expires-in") {
		end := time.Now().Add(d)
		request.ExpiresAt = &end
	}
	key, _, err := a.auth.IssueAPIKey(ctx, u.ID, request)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, key)
	return nil
}
