package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/database"
)

func migrateCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "migrate",
		Usage: "bring the database's schema up to date, or see how far it is",
		Description: `The server and every command that needs the database do this by themselves when
they start; any number of them may start at once.`,
		Commands: []*cli.Command{
			{
				Name:   "up",
				Usage:  "take all steps that are left",
				Action: func(ctx context.Context, _ *cli.Command) error { return s.migrateUp(ctx) },
			},
			{
				Name:   "status",
				Usage:  "list the steps and when each was taken",
				Flags:  []cli.Flag{jsonFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error { return s.migrateStatus(ctx, cmd.Bool("json")) },
			},
		},
	}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON, for programs"}
}

func (s surroundings) migrateUp(ctx context.Context) (err error) {
	a, err := s.configure()
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, a.config.DatabaseDirect)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	taken, err := db.Migrate(ctx)
	for _, m := range taken {
		fmt.Fprintf(s.out, "took %s %s\n", m.Version, m.Name)
	}
	if err == nil && len(taken) == 0 {
		fmt.Fprintln(s.out, "up to date")
	}
	return err
}

func (s surroundings) migrateStatus(ctx context.Context, asJSON bool) (err error) {
	a, err := s.configure()
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, a.config.DatabaseDirect)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all, err := db.Migrations(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(s.out).Encode(all)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tTAKEN")
	for _, m := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.Version, m.Name, when(m.AppliedAt))
	}
	return table.Flush()
}

// when is a moment for a person, to the minute; the zero moment has not come.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}
