package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/object"
)

func storageCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "storage",
		Usage: "look after the store of pixels",
		Commands: []*cli.Command{{
			Name:  "verify",
			Usage: "read all pixels and say which are lost, damaged or unreadable",
			Description: `Reads everything in the store, compares it with the hashes in the database, and
lists what is lost, damaged, unreadable, or unknown to the database. It changes
nothing, and fails when something is lost, damaged or unreadable. Where the store
is down, which ten objects in a row that cannot be read are a sign of, it ends.

Put a lost or damaged object back by copying it from a backup to its key, or by
uploading the file again: its SHA-256 is in the list.`,
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "repair-list", Usage: "print one JSON object a line for each object with something wrong: its key, and the images that it is of"},
				jsonFlag(),
			},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return s.verifyStorage(ctx, cmd.Bool("repair-list"), cmd.Bool("json"))
			},
		}},
	}
}

// verification is what storage verify prints.
type verification struct {
	Objects    int   `json:"objects"`
	Bytes      int64 `json:"bytes"` // that were read
	Lost       int   `json:"lost"`
	Damaged    int   `json:"damaged"`
	Unreadable int   `json:"unreadable"`
	Strays     int   `json:"strays"`
}

var errStorage = errors.New("objects are lost, damaged or unreadable")

func (s surroundings) verifyStorage(ctx context.Context, asList, asJSON bool) error {
	return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error {
		total, err := a.db.Object.Query().Count(ctx)
		if err != nil {
			return err
		}
		bar := s.newProgress(total)
		var v verification
		err = object.NewSweeper(a.db, p.store, a.config.GCKeep).Verify(ctx, func(state object.Verification) {
			v.Objects, v.Bytes = state.Checked, state.Bytes
			bar.show(state.Checked, bytesOf(state.Bytes)+" read")
		}, func(problem object.Problem) error {
			v.count(problem.Trouble)
			return tellProblem(s.out, problem, asList, asJSON)
		})
		bar.end()
		if err != nil {
			return err
		}
		return errors.Join(s.tellVerification(v, asList, asJSON), v.err())
	})
}

func (v *verification) count(trouble object.Trouble) {
	switch trouble {
	case object.Lost:
		v.Lost++
	case object.Damaged:
		v.Damaged++
	case object.Unreadable:
		v.Unreadable++
	case object.Stray:
		v.Strays++
	}
}

func (v *verification) err() error {
	if v.Lost+v.Damaged+v.Unreadable == 0 {
		return nil
	}
	return errStorage
}

func tellProblem(w io.Writer, p object.Problem, asList, asJSON bool) error {
	switch {
	case asList:
		return json.NewEncoder(w).Encode(p)
	case asJSON:
		return nil
	}
	_, err := fmt.Fprintf(w, "%-10s %s  %s\n", p.Trouble, p.Key, namers(p))
	return err
}

// namers says what names an object.
func namers(p object.Problem) string {
	said := []string{p.Found}
	if n := len(p.Images); n > 0 {
		said = append(said, fmt.Sprintf("image %d", p.Images[0].ID))
		if n > 1 {
			said = append(said, fmt.Sprintf("and %d more", n-1))
		}
	}
	for _, id := range p.Snapshots {
		said = append(said, fmt.Sprintf("snapshot %d", id))
	}
	return strings.TrimSpace(strings.Join(said, " "))
}

func (s surroundings) tellVerification(v verification, asList, asJSON bool) error {
	switch {
	case asJSON:
		return json.NewEncoder(s.out).Encode(v)
	case asList:
		return nil
	}
	_, err := fmt.Fprintf(s.out, "%s objects, %s read: %d lost, %d damaged, %d unreadable, %d unknown to the database\n",
		grouped(v.Objects), bytesOf(v.Bytes), v.Lost, v.Damaged, v.Unreadable, v.Strays)
	return err
}
