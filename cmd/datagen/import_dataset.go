package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
)

func importDatasetCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:      "dataset",
		Usage:     "add a dataset that was made elsewhere: pictures, labels and annotations",
		ArgsUsage: "PLACE",

		DisableSliceFlagSeparator: true,
		Description: `PLACE is a zip, a folder, or s3://BUCKET/PREFIX or gs://BUCKET/PREFIX. In what format it
is, is found out from its files; which formats there are tells: datagen import formats

Pictures that the dataset has are not added again; those that are not among the files are found by
their names. What cannot be imported is listed, and does not keep out the rest. Broken off, or
run again, it adds what is missing and nothing twice.

   datagen import dataset boats.zip --dataset 3 --create-labels --dry-run
   datagen import dataset coco/ --new "COCO 2017" --owner ana@example.com --create-labels`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dataset", Usage: "the `ID` of the dataset to add to, as the API or its address tells"},
			&cli.StringFlag{Name: "new", Usage: "add to a new dataset, called `NAME`, instead"},
			&cli.StringFlag{Name: "owner", Usage: "the `EMAIL` address of the user who is to own the new dataset"},
			&cli.StringFlag{Name: "format", Usage: "the `FORMAT`, when the files do not tell, such as yolo or coco"},
			&cli.StringSliceFlag{Name: "option", Usage: "an option of the format, as `NAME=VALUE`; can be given several times"},
			&cli.StringFlag{Name: "mode", Value: "append", Usage: "what becomes of annotations of images that the dataset has: append leaves them, upsert has those that came from the same files become what these say, and replace also deletes what the files do not have, after making a snapshot"},
			&cli.BoolFlag{Name: "create-labels", Usage: "create the labels that the dataset does not have"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only tell what would become of all"},
			&cli.BoolFlag{Name: "atomic", Usage: "import nothing unless all can be"},
			&cli.StringFlag{Name: "report", Usage: "write what became of each image to `FILE`, a JSON object a line"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return fmt.Errorf("want one PLACE to import from; see %s --help", cmd.FullName())
			}
			o, err := datasetOptions(cmd)
			if err != nil {
				return err
			}
			return s.importDataset(ctx, cmd, cmd.Args().First(), o)
		},
	}
}

func importFormatsCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "formats",
		Usage: "list the formats that datasets are imported in",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(_ context.Context, cmd *cli.Command) error {
			var list []formatLine
			for _, f := range foreign.Formats() {
				list = append(list, formatLine{f.Name, f.Title, f.Files, optionsOf(f.Options)})
			}
			return s.printFormats(list, cmd.Bool("json"))
		},
	}
}

func datasetOptions(cmd *cli.Command) (o importer.Options, err error) {
	if cmd.IsSet("dataset") == cmd.IsSet("new") {
		return o, fmt.Errorf("want one of --dataset and --new; see %s --help", cmd.FullName())
	}
	if cmd.IsSet("new") != cmd.IsSet("owner") {
		return o, errors.New("--new and --owner go together: somebody has to own the new dataset")
	}
	if o.Mode, err = choice(cmd, "mode", importer.Append, importer.Upsert, importer.Replace); err != nil {
		return o, err
	}
	for _, text := range cmd.StringSlice("option") {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return o, fmt.Errorf("--option: %q is no NAME=VALUE of an option", text)
		}
		o.FormatOptions = append(o.FormatOptions, &export.Choice{Name: name, Value: value})
	}
	o.Format, o.CreateLabels, o.DryRun, o.Atomic = cmd.String("format"), cmd.Bool("create-labels"), cmd.Bool("dry-run"), cmd.Bool("atomic")
	return o, nil
}

func (s surroundings) importDataset(ctx context.Context, cmd *cli.Command, place string, o importer.Options) error {
	return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error {
		files, closeFiles, err := datasetIn(ctx, p.ingest, place)
		if err != nil {
			return err
		}
		defer closeFiles()
		dataset, err := a.datasetFor(ctx, cmd)
		if err != nil {
			return err
		}
		t := &datasetTally{bar: s.newProgress(picturesAmong(files))}
		closeReport, err := t.reportTo(cmd.String("report"))
		if err != nil {
			return err
		}
		summary, err := importer.New(a.db, p.ingest).Import(ctx, dataset.ID, files, o, t.add)
		err = errors.Join(err, closeReport())
		t.bar.end()
		if cmd.IsSet("new") {
			err = errors.Join(err, a.settleNew(ctx, dataset, o.DryRun || t.images == 0, err != nil))
		}
		if err != nil {
			return flagError(err)
		}
		if cmd.Bool("json") {
			return json.NewEncoder(s.out).Encode(summaryLine{dataset.ID, summary.Format, summary.Created, summary.Matched, summary.Invalid, summary.Labels, annotationsLine(summary.Annotations), snapshotID(summary.Before)})
		}
		return s.printSummary(dataset, summary, t, o.DryRun)
	})
}

// settleNew deletes a dataset that was made and is not wanted after all, or tells how an import into it that failed goes on.
func (a *app) settleNew(ctx context.Context, d *ent.Dataset, unwanted, failed bool) error {
	if unwanted {
		return catalog.DeleteDatasets(ctx, a.db, catalog.One(d.ID, nil))
	}
	if failed {
		return fmt.Errorf("what was imported is in dataset %d: go on with --dataset %d", d.ID, d.ID)
	}
	return nil
}

// flagError names the flag that a complaint about an option is about.
func flagError(err error) error {
	fields, ok := errors.AsType[fault.Fields](err)
	if ok && len(fields) == 1 && len(fields[0].Path) > 1 && fields[0].Path[0] == "options" {
		return fmt.Errorf("--%v: %s", fields[0].Path[len(fields[0].Path)-1], fields[0].Message)
	}
	return err
}

// datasetFor returns the dataset to import into, made if it is to be new.
func (a *app) datasetFor(ctx context.Context, cmd *cli.Command) (*ent.Dataset, error) {
	if cmd.IsSet("dataset") {
		return a.datasetOf(ctx, cmd.String("dataset"))
	}
	owner, err := a.db.User.Query().Where(user.EmailEqualFold(cmd.String("owner"))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("--owner: there is no user %s", cmd.String("owner"))
	}
	if err != nil {
		return nil, err
	}
	as := access.WithViewer(ctx, access.Viewer{UserID: owner.ID, WorkspaceID: owner.WorkspaceID})
	made, err := catalog.CreateDatasets(as, a.db, []catalog.CreateDatasetInput{{Name: cmd.String("new")}}, func(int) []any { return nil })
	if err != nil {
		return nil, fmt.Errorf("--new: %w", err)
	}
	return made[0], nil
}

// datasetIn returns the files of a zip, of a folder, or of a place in a bucket.
func datasetIn(ctx context.Context, pictures *ingest.Pipeline, place string) (list []ingest.File, closeFiles func(), err error) {
	if strings.EqualFold(filepath.Ext(place), ".zip") {
		return zippedIn(pictures, place)
	}
	files, _, err := filesIn(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	for f, err := range files {
		if err != nil {
			return nil, nil, err
		}
		list = append(list, f)
	}
	return list, func() {}, nil
}

func zippedIn(pictures *ingest.Pipeline, place string) ([]ingest.File, func(), error) {
	file, err := os.Open(place)
	if err != nil {
		return nil, nil, err
	}
	closeFile := func() { _ = file.Close() } // it was only read
	info, err := file.Stat()
	if err == nil {
		var files []ingest.File
		if files, err = pictures.ZippedFiles(file, info.Size(), filepath.Base(place)); err == nil {
			return files, closeFile, nil
		}
	}
	closeFile()
	return nil, nil, fmt.Errorf("%s: %s", place, err.Error())
}

// picturesAmong counts files that look like pictures: about as many images are imported.
func picturesAmong(files []ingest.File) (n int) {
	for _, f := range files {
		if foreign.IsPicture(f.Path) {
			n++
		}
	}
	return n
}

// datasetTally adds up what became of images.
type datasetTally struct {
	images   int
	problems []string // the first of them
	more     int
	report   *json.Encoder
	bar      *progress
	shapes   int
}

// annotationsLine is what became of annotations, in JSON.
type annotationsLine struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Invalid   int `json:"invalid"`
}

// summaryLine is what became of an import, in JSON.
type summaryLine struct {
	Dataset     gid.DatasetID   `json:"dataset"`
	Format      string          `json:"format"`
	Created     int             `json:"created"`
	Matched     int             `json:"matched"`
	Invalid     int             `json:"invalid"`
	Labels      []string        `json:"labels"`
	Annotations annotationsLine `json:"annotations"`
	Before      gid.SnapshotID  `json:"snapshot_before,omitempty"`
}

// imageLine is what became of an image, in a report.
type imageLine struct {
	Name        string          `json:"name"`
	Status      importer.Status `json:"status"`
	Image       gid.ImageID     `json:"image,omitempty"`
	Annotations annotationsLine `json:"annotations"`
	Problems    []problemLine   `json:"problems,omitempty"`
	More        int             `json:"more_problems,omitempty"`
}

type problemLine struct {
	Place   string `json:"place"`
	Message string `json:"message"`
	Lost    bool   `json:"lost"`
}

func (t *datasetTally) reportTo(name string) (closeReport func() error, err error) {
	t.report, closeReport, err = reportFile(name)
	return closeReport, err
}

func (t *datasetTally) add(r *importer.Result) error {
	t.images++
	t.shapes += r.Annotations.Created + r.Annotations.Updated + r.Annotations.Unchanged
	line := imageLine{Name: r.Name, Status: r.Status, Annotations: annotationsLine(r.Annotations), More: r.MoreProblems}
	if r.Image != nil {
		line.Image = r.Image.ID
	}
	for _, p := range r.Problems {
		line.Problems = append(line.Problems, problemLine(p))
		if len(t.problems) == maxRefused {
			t.more++
			continue
		}
		t.problems = append(t.problems, p.Place+"\t"+p.Message)
	}
	t.more += r.MoreProblems
	t.bar.show(t.images, fmt.Sprintf("images, %s annotations", grouped(t.shapes)))
	if t.report == nil {
		return nil
	}
	return t.report.Encode(line)
}

func (s surroundings) printSummary(d *ent.Dataset, sum *importer.Summary, t *datasetTally, dry bool) error {
	title := fmt.Sprintf("imported into dataset %d", d.ID)
	if dry {
		title = "dry run: what would be imported"
	}
	fmt.Fprintf(s.out, "%s, format %s\n", title, sum.Format)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tcreated\tupdated\tunchanged\tdeleted\tinvalid\t")
	fmt.Fprintf(w, "images\t%s\t\t%s\t\t%s\t\n", grouped(sum.Created), grouped(sum.Matched), grouped(sum.Invalid))
	a := sum.Annotations
	fmt.Fprintf(w, "annotations\t%s\t%s\t%s\t%s\t%s\t\n", grouped(a.Created), grouped(a.Updated), grouped(a.Unchanged), grouped(a.Deleted), grouped(a.Invalid))
	fmt.Fprintf(w, "labels\t%s\t\t\t\t\t\n", grouped(len(sum.Labels)))
	if err := w.Flush(); err != nil {
		return err
	}
	if sum.Before != nil {
		fmt.Fprintf(s.out, "snapshot %d holds what there was before\n", sum.Before.ID)
	}
	return s.printProblems(t.problems, t.more)
}

// snapshotID is the id of a snapshot that there may be none of.
func snapshotID(s *ent.Snapshot) gid.SnapshotID {
	if s == nil {
		return 0
	}
	return s.ID
}

// printProblems lists what a terminal has room for.
func (s surroundings) printProblems(first []string, more int) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, line := range first {
		fmt.Fprintln(w, "  "+line)
	}
	if more > 0 {
		fmt.Fprintf(w, "  and %s more: --report FILE lists them\n", grouped(more))
	}
	return w.Flush()
}
