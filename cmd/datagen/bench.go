package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/bench"
)

func benchCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "measure how fast this machine and database answer",
		Description: `Makes a workspace with images and annotations in the configured database, asks for them over HTTP
with 1, 4 and 64 connections, and deletes them again; the few pictures among them go with what
nothing names any more, see datagen gc --help. Over PostgreSQL most operations are measured beside
a floor: the same answer from one statement written by hand, served as it comes. A ratio of 1 is
as many requests a second as that.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "images", Value: 10_000, Usage: "make `N` images"},
			&cli.IntFlag{Name: "annotations", Value: 20, Usage: "draw `N` annotations on each"},
			&cli.IntFlag{Name: "children", Value: 100_000, Usage: "make `N` images in each of three more datasets"},
			&cli.DurationFlag{Name: "time", Value: 4 * time.Second, Usage: "measure each operation for that `LONG`, at each number of connections"},
			&cli.StringFlag{Name: "only", Usage: "measure operations alone whose names have this `TEXT`"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error { return s.bench(ctx, cmd, a, p) })
		},
	}
}

func (s surroundings) bench(ctx context.Context, cmd *cli.Command, a *app, p *pictures) error {
	a.log = slog.New(slog.DiscardHandler) // a line a request would be measured too
	handler, err := a.handler(p, false)
	if err != nil {
		return err
	}
	asJSON := cmd.Bool("json")
	bar := s.newProgress(0)
	defer bar.end()
	if !asJSON {
		fmt.Fprintf(s.out, "%-52s %4s %9s %9s %9s %9s %9s %6s\n", "operation", "conn", "p50", "p99", "req/s", "allocs", "bytes", "ratio")
	}
	return bench.Run(ctx, bench.Config{
		DB: a.db, Auth: a.auth, Handler: handler,
		Images: cmd.Int("images"), Annotations: cmd.Int("annotations"), Children: cmd.Int("children"), Time: cmd.Duration("time"),
		Only:     func(name string) bool { return strings.Contains(name, cmd.String("only")) },
		Progress: bar.tell,
	}, func(r bench.Result) error {
		bar.end()
		if asJSON {
			return json.NewEncoder(s.out).Encode(r)
		}
		ratio := ""
		if r.Floor != nil {
			ratio = fmt.Sprintf("%.2f", r.Ratio())
		}
		_, err := fmt.Fprintf(s.out, "%-52s %4d %9s %9s %9.0f %9.0f %9d %6s\n", r.Operation, r.Connections, short(r.P50), short(r.P99), r.PerSecond, r.Allocations, r.Bytes, ratio)
		return err
	})
}

// short is a time in three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
