package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/storage"
)

func importCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:     "import",
		Usage:    "bring in images, or whole datasets",
		Commands: []*cli.Command{importImagesCommand(s), importDatasetCommand(s), importFormatsCommand(s)},
	}
}

func importImagesCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:      "images",
		Usage:     "add the pictures in a folder or a bucket to a dataset",
		ArgsUsage: "PLACE",

		DisableSliceFlagSeparator: true, // a tag may have commas
		Description: `PLACE is a folder, or s3://BUCKET/PREFIX or gs://BUCKET/PREFIX. All that is below it
is looked at; what is no picture is listed, and left out.

Broken off, it can be run again: it adds what is missing. Files that have not changed
since an image was made of them are not even read.

   datagen import images photos --dataset 3 --folders batches`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dataset", Required: true, Usage: "the `ID` of the dataset, as the API or its address tells"},
			&cli.StringFlag{Name: "on-duplicate", Value: "skip", Usage: "what becomes of a picture whose bytes the dataset has: skip, link (into --batch and --split, with --tag) or keep"},
			&cli.StringFlag{Name: "folders", Value: "ignore", Usage: "what folders mean: ignore, batches, or splits (train, val, test)"},
			&cli.IntFlag{Name: "batch", HideDefault: true, Usage: "the `ID` of the batch that the images go to"},
			&cli.StringFlag{Name: "split", Usage: "the part of the dataset that they are for: train, val or test"},
			&cli.StringSliceFlag{Name: "tag", Usage: "a `TAG` that they get; can be given several times"},
			&cli.BoolFlag{Name: "synthetic", Usage: "mark them as generated"},
			&cli.BoolFlag{Name: "checksum", Usage: "read files that seem to be imported already too"},
			&cli.StringFlag{Name: "report", Usage: "write what became of each file to `FILE`, a JSON object a line"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return fmt.Errorf("want one PLACE to import from; see %s --help", cmd.FullName())
			}
			options, err := importOptions(cmd)
			if err != nil {
				return err
			}
			return s.importImages(ctx, cmd, cmd.Args().First(), options)
		},
	}
}

func importOptions(cmd *cli.Command) (o ingest.ImportOptions, err error) {
	if o.OnDuplicate, err = choice(cmd, "on-duplicate", ingest.SkipDuplicates, ingest.LinkDuplicates, ingest.KeepDuplicates); err != nil {
		return o, err
	}
	if o.Folders, err = choice(cmd, "folders", ingest.IgnoreFolders, ingest.FoldersAsBatches, ingest.FoldersAsSplits); err != nil {
		return o, err
	}
	if cmd.IsSet("split") {
		split, err := choice(cmd, "split", image.SplitTrain, image.SplitVal, image.SplitTest)
		if err != nil {
			return o, err
		}
		o.Split = &split
	}
	if cmd.IsSet("batch") {
		o.BatchID = new(gid.BatchID(cmd.Int("batch")))
	}
	o.Tags = cmd.StringSlice("tag")
	if cmd.Bool("synthetic") {
		o.IsSynthetic = new(true)
	}
	return o, nil
}

// choice reads a flag that takes one of a few words.
func choice[T ~string](cmd *cli.Command, flag string, choices ...T) (T, error) {
	var words []string
	for _, c := range choices {
		if strings.EqualFold(cmd.String(flag), string(c)) {
			return c, nil
		}
		words = append(words, strings.ToLower(string(c)))
	}
	return "", fmt.Errorf("--%s: want one of %s, got %q", flag, strings.Join(words, ", "), cmd.String(flag))
}

func (s surroundings) importImages(ctx context.Context, cmd *cli.Command, place string, o ingest.ImportOptions) error {
	return s.withStore(ctx, func(ctx context.Context, a *app, p *pictures) error {
		d, err := a.datasetOf(ctx, cmd.String("dataset"))
		if err != nil {
			return err
		}
		files, total, err := filesIn(ctx, place)
		if err != nil {
			return err
		}
		t := &importTally{bar: s.newProgress(total)}
		closeReport, err := t.reportTo(cmd.String("report"))
		if err != nil {
			return err
		}
		err = p.ingest.ImportFiles(ctx, d.ID, files, o, cmd.Bool("checksum"), t.add)
		err = errors.Join(err, closeReport())
		t.bar.end()
		if cmd.Bool("json") {
			return errors.Join(err, json.NewEncoder(s.out).Encode(t))
		}
		return errors.Join(err, s.printImport(t))
	})
}

// datasetOf returns the dataset with that id, as REST or as GraphQL writes it.
func (a *app) datasetOf(ctx context.Context, id string) (*ent.Dataset, error) {
	key := id
	if typ, k, err := gid.Decode(id); err == nil && typ == ent.TypeDataset {
		key = k
	}
	n, err := strconv.Atoi(key)
	if err != nil {
		return nil, fmt.Errorf("--dataset: %q is not the id of a dataset", id)
	}
	d, err := a.db.Dataset.Query().Where(dataset.ID(gid.DatasetID(n))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("--dataset: there is no dataset %s", id)
	}
	return d, err
}

// filesIn returns the files in a place, and how many there are, or 0 when only going through all of them would tell.
func filesIn(ctx context.Context, place string) (files ingest.Files, total int, err error) {
	if u, err := url.Parse(place); err == nil && (u.Scheme == "s3" || u.Scheme == "gs") {
		bucket, err := storage.OpenPlace(ctx, *u)
		if err != nil {
			return nil, 0, err
		}
		return ingest.PlaceFiles(ctx, bucket), 0, nil
	}
	files = ingest.FolderFiles(place)
	for _, err := range files {
		if err != nil {
			return nil, 0, err
		}
		total++
	}
	return files, total, nil
}

// importTally adds up what became of files.
type importTally struct {
	Created   int `json:"created"`
	Duplicate int `json:"duplicate"`
	Invalid   int `json:"invalid"`

	refused []string // the first of those that are invalid, and why
	report  *json.Encoder
	bar     *progress
}

// maxRefused is how many files that are no pictures are listed on a terminal.
const maxRefused = 10

// importLine is what became of a file, in a report.
type importLine struct {
	Name    string              `json:"name"`
	Status  ingest.ImportStatus `json:"status"`
	Image   gid.ImageID         `json:"image,omitempty"`
	Message string              `json:"message,omitempty"`
}

// reportTo has a line for each file written to a file of that name, until what it returns is called.
func (t *importTally) reportTo(name string) (closeReport func() error, err error) {
	t.report, closeReport, err = reportFile(name)
	return closeReport, err
}

// reportFile begins a file of lines of JSON. Without a name there is none, and no encoder.
func reportFile(name string) (lines *json.Encoder, closeFile func() error, err error) {
	if name == "" {
		return nil, func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, nil, err
	}
	return json.NewEncoder(f), f.Close, nil
}

func (t *importTally) add(r *ingest.ImportResult) error {
	line := importLine{Name: r.Name, Status: r.Status}
	if r.Image != nil {
		line.Image = r.Image.ID
	}
	switch r.Status {
	case ingest.ImportCreated:
		t.Created++
	case ingest.ImportDuplicate:
		t.Duplicate++
	case ingest.ImportInvalid:
		t.Invalid++
		line.Message = *r.Message
		if len(t.refused) < maxRefused {
			t.refused = append(t.refused, r.Name+"\t"+line.Message)
		}
	}
	t.bar.show(t.Created+t.Duplicate+t.Invalid, fmt.Sprintf("%s created, %s duplicate, %s invalid",
		grouped(t.Created), grouped(t.Duplicate), grouped(t.Invalid)))
	if t.report == nil {
		return nil
	}
	return t.report.Encode(line)
}

func (s surroundings) printImport(t *importTally) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "created\t%s\t\nduplicate\t%s\t\ninvalid\t%s\t\n", grouped(t.Created), grouped(t.Duplicate), grouped(t.Invalid))
	if err := w.Flush(); err != nil || t.Invalid == 0 {
		return err
	}
	return s.printProblems(t.refused, t.Invalid-len(t.refused))
}
