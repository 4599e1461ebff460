package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
)

func gcCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "gc",
		Usage: "remove pixels that nothing names any more",
		Description: `Pixels stay in the store when images and snapshots are deleted. This removes those
that nothing has named for GC_KEEP, with their thumbnails, and gives what lies in the
store unknown to the database the same time to go. Uploads in parts that nobody finished
go too. Servers do all but look for what is unknown by themselves, every GC_INTERVAL;
it is safe beside them, and beside uploads.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be removed, and remove nothing"},
			&cli.DurationFlag{Name: "keep", Usage: "keep what is unnamed for `TIME` instead of GC_KEEP; 0s removes all of it"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			var keep *time.Duration
			if cmd.IsSet("keep") {
				if cmd.Duration("keep") < 0 {
					return errors.New("--keep: want 0s or more")
				}
				keep = new(cmd.Duration("keep"))
			}
			return s.gc(ctx, keep, cmd.Bool("dry-run"), cmd.Bool("json"))
		},
	}
}

// gcReport is what gc prints.
type gcReport struct {
	object.Report

	Strays object.Strays `json:"strays"`
	DryRun bool          `json:"dryRun"`
}

func (s surroundings) gc(ctx context.Context, keep *time.Duration, dryRun, asJSON bool) error {
	return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error {
		if keep == nil {
			keep = &a.config.GCKeep
		}
		report, err := collect(ctx, object.NewSweeper(a.db, p.store, *keep), dryRun)
		if !dryRun {
			err = errors.Join(err, p.uploads.Sweep(ctx), quota.Fold(ctx, a.db))
		}
		if asJSON {
			return errors.Join(err, json.NewEncoder(s.out).Encode(report))
		}
		if err != nil {
			return err
		}
		return s.printGC(report)
	})
}

func collect(ctx context.Context, sweeper *object.Sweeper, dryRun bool) (r gcReport, err error) {
	r.DryRun = dryRun
	scan, sweep := sweeper.Adopt, sweeper.Sweep
	if dryRun {
		scan, sweep = sweeper.PreviewStrays, sweeper.Preview
	}
	if r.Strays, err = scan(ctx); err != nil {
		return r, err
	}
	r.Report, err = sweep(ctx)
	return r, err
}

func (s surroundings) printGC(r gcReport) error {
	removed := "removed"
	if r.DryRun {
		removed = "would remove"
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		what  string
		n     int
		bytes int64
	}{
		{removed, r.Removed, r.RemovedBytes},
		{"unnamed, kept for now", r.Unnamed, r.UnnamedBytes},
		{"unknown to the database", r.Strays.Objects, r.Strays.Bytes},
		{"in all", r.Objects, r.Bytes},
	} {
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", row.what, grouped(row.n), bytesOf(row.bytes))
	}
	return w.Flush()
}
