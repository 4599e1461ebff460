package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/stats"
)

func statsCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "stats",
		Usage: "look after what is counted of datasets and labels",
		Commands: []*cli.Command{{
			Name:  "verify",
			Usage: "count again, and say which counters differ",
			Description: `How many images, annotations and labels datasets have, and what carries each label,
is kept as they change, so that no list or chart has to count. This counts it all
again, a dataset at a time, and lists the counters that say something else, which
only a change past the program, such as a restore of single tables, brings about. It
fails when there are some, unless --repair sets them right. It is safe beside servers;
who changes a dataset while it is repaired waits, and is refused after ten seconds.`,
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "repair", Usage: "set counters that differ to what was counted"},
				jsonFlag(),
			},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return s.verifyStats(ctx, cmd.Bool("repair"), cmd.Bool("json"))
			},
		}},
	}
}

// recount is what stats verify prints.
type recount struct {
	Datasets    int                `json:"datasets"`
	Differences []stats.Difference `json:"differences"`
	Repaired    bool               `json:"repaired"`
}

var errStats = errors.New("counters differ from a recount; --repair sets them right")

func (s surroundings) verifyStats(ctx context.Context, repair, asJSON bool) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	total, err := a.db.Dataset.Query().Count(ctx)
	if err != nil {
		return err
	}
	bar := s.newProgress(total)
	found := recount{Differences: []stats.Difference{}}
	err = found.count(ctx, a, repair, func() { bar.show(found.Datasets, fmt.Sprintf("%d counters differ", len(found.Differences))) })
	bar.end()
	if err != nil {
		return err
	}
	return errors.Join(s.tellRecount(found, asJSON), found.err())
}

// count counts all datasets again, and calls tell after each.
func (r *recount) count(ctx context.Context, a *app, repair bool, tell func()) error {
	for after := gid.DatasetID(0); ; {
		ids, err := stats.Datasets(ctx, a.db, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			differences, err := stats.Verify(ctx, a.db, id)
			if err == nil && repair && len(differences) > 0 {
				r.Repaired = true
				err = stats.Repair(ctx, a.db, id)
			}
			if err != nil {
				return err
			}
			after = id
			r.Datasets++
			r.Differences = append(r.Differences, differences...)
			tell()
		}
	}
}

func (r *recount) err() error {
	if len(r.Differences) == 0 || r.Repaired {
		return nil
	}
	return errStats
}

func (s surroundings) tellRecount(r recount, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(s.out).Encode(r)
	}
	if len(r.Differences) > 0 {
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DATASET\tLABEL\tCOUNTER\tKEPT\tCOUNTED")
		for _, d := range r.Differences {
			label := "-"
			if d.Label != 0 {
				label = fmt.Sprint(d.Label)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\n", d.Dataset, label, d.Counter, d.Kept, d.Counted)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	said := ""
	if r.Repaired {
		said = ", now set right"
	}
	_, err := fmt.Fprintf(s.out, "%s datasets counted, %s counters differ%s\n", grouped(r.Datasets), grouped(len(r.Differences)), said)
	return err
}
