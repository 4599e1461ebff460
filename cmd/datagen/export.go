package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
)

func exportCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write a dataset to a zip that trainers load",

		DisableSliceFlagSeparator: true,
		Description: `The dataset is written as it is, or as a snapshot of it is. What formats there are, and
what can be chosen of each, tells: datagen export formats

Broken off, it can be run again with the same words: it goes on where it stopped, if nothing
has changed since.

   datagen export --dataset 3 --format yolo --output boats.zip
   datagen export --dataset 3 --snapshot 7 --format coco --option masks=rle --splits train,val --output boats.zip`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dataset", Usage: "the `ID` of the dataset, as the API or its address tells"},
			&cli.StringFlag{Name: "format", Usage: "the `FORMAT`, such as yolo or coco"},
			&cli.StringFlag{Name: "output", Usage: "the `FILE` to write; - is the standard output"},
			&cli.StringFlag{Name: "snapshot", Usage: "the `ID` of the snapshot to write instead of what there is now"},
			&cli.StringSliceFlag{Name: "option", Usage: "an option of the format, as `NAME=VALUE`; can be given several times"},
			&cli.StringFlag{Name: "labels", Usage: "write annotations of these labels alone: their `IDS`, with commas"},
			&cli.StringFlag{Name: "splits", Usage: "write images in these splits alone: train, val, test or none, with commas"},
			&cli.BoolFlag{Name: "synthetic", Usage: "write generated images alone; --synthetic=false the others"},
			&cli.BoolFlag{Name: "reviewed", Usage: "write images alone whose annotations were checked; --reviewed=false the others"},
			&cli.FloatFlag{Name: "min-confidence", HideDefault: true, Usage: "of what models drew, write what they are as sure of, 0 to 1"},
			jsonFlag(),
		},
		Commands: []*cli.Command{exportFormatsCommand(s)},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			for _, name := range []string{"dataset", "format", "output"} {
				if cmd.String(name) == "" {
					return fmt.Errorf("want --%s; see %s --help", name, cmd.FullName())
				}
			}
			return s.export(ctx, cmd)
		},
	}
}

func exportFormatsCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "formats",
		Usage: "list the formats and what can be chosen of each",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(_ context.Context, cmd *cli.Command) error {
			var list []formatLine
			for _, f := range export.Formats() {
				list = append(list, formatLine{Name: f.Name, Title: f.Title, Options: optionsOf(f.Options)})
			}
			return s.printFormats(list, cmd.Bool("json"))
		},
	}
}

// formatLine is a format, in JSON.
type formatLine struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Files   string       `json:"files,omitempty"`
	Options []optionLine `json:"options"`
}

type optionLine struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
	Help   string   `json:"help"`
}

func optionsOf(options []export.Option) []optionLine {
	lines := make([]optionLine, len(options))
	for i, o := range options {
		lines[i] = optionLine(o)
	}
	return lines
}

func (s surroundings) printFormats(list []formatLine, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(s.out).Encode(list)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, f := range list {
		line := f.Name + "\t" + f.Title
		if f.Files != "" {
			line += "\t" + f.Files
		}
		fmt.Fprintln(w, line)
		for _, o := range f.Options {
			fmt.Fprintf(w, "\t  --option %s=%s: %s\n", o.Name, strings.Join(o.Values, "|"), o.Help)
		}
	}
	return w.Flush()
}

// exportQuery is what the flags ask for, as the query of an address has it.
func exportQuery(cmd *cli.Command) (url.Values, error) {
	query := url.Values{}
	for flag, parameter := range map[string]string{
		"format": "format", "snapshot": "snapshot", "labels": "labels", "splits": "splits", "synthetic": "synthetic", "reviewed": "reviewed",
		"min-confidence": "min_confidence",
	} {
		if cmd.IsSet(flag) {
			query.Set(parameter, fmt.Sprint(cmd.Value(flag)))
		}
	}
	for _, o := range cmd.StringSlice("option") {
		name, value, ok := strings.Cut(o, "=")
		if !ok || query.Has(name) {
			return nil, fmt.Errorf("--option: %q is no NAME=VALUE of an option", o)
		}
		query.Set(name, value)
	}
	return query, nil
}

func (s surroundings) export(ctx context.Context, cmd *cli.Command) error {
	query, err := exportQuery(cmd)
	if err != nil {
		return err
	}
	return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error {
		d, err := a.datasetOf(ctx, cmd.String("dataset"))
		if err != nil {
			return err
		}
		request, err := download.Parse(d.ID, query)
		if fields, ok := errors.AsType[fault.Fields](err); ok {
			return fmt.Errorf("--%v: %s", fields[0].Path[0], fields[0].Message)
		}
		if err != nil {
			return err
		}
		archive, err := p.exports.Open(access.System(ctx), request)
		if err != nil {
			return err
		}
		err = s.writeExport(archive, cmd.String("output"))
		if err := errors.Join(err, archive.Close()); err != nil {
			return err
		}
		return s.printExport(cmd, archive)
	})
}

// partial is what is at the end of the name of a file that is not all there.
const partial = ".part"

// writeExport writes an archive to a file, after what is there already of the same.
func (s surroundings) writeExport(archive *download.Archive, path string) error {
	if path == "-" {
		_, err := io.Copy(s.out, archive)
		return err
	}
	part := path + "." + archive.Tag[:8] + partial
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644) //nolint:gosec // whoever runs it names it
	if err != nil {
		return err
	}
	done, err := file.Seek(0, io.SeekEnd)
	if err == nil && done > archive.Size {
		err = fmt.Errorf("%s is longer than the export; delete it", part)
	}
	if err == nil {
		_, err = archive.Seek(done, io.SeekStart)
	}
	bar := s.newProgress(int(archive.Size))
	if err == nil {
		_, err = io.Copy(file, &watched{archive, bar, int(done)})
	}
	bar.end()
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// watched shows how far reading has come.
type watched struct {
	io.Reader

	bar  *progress
	done int
}

// Read satisfies io.Reader.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.done += n
	w.bar.show(w.done, "bytes")
	return n, err
}

func (s surroundings) printExport(cmd *cli.Command, archive *download.Archive) error {
	out := s.out
	if cmd.String("output") == "-" {
		out = s.err
	}
	if cmd.Bool("json") {
		return json.NewEncoder(out).Encode(map[string]any{"file": cmd.String("output"), "bytes": archive.Size, "tag": archive.Tag})
	}
	_, err := fmt.Fprintf(out, "%s  %s\n", cmd.String("output"), bytesOf(archive.Size))
	return err
}
