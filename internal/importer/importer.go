// Package importer brings datasets in that were made elsewhere: their pictures, labels and annotations. Files are read by
// package foreign, pictures taken in by package ingest, and shapes drawn by package annotate. An import that is broken
// off, or sent again, adds what is missing and nothing twice.
package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/snapshot"
)

// Mode is what becomes of the annotations of images that the dataset has.
type Mode string

// All that can become of them.
const (
	// Append adds what is not there, and changes nothing.
	Append Mode = "APPEND"
	// Upsert is Append, but that an annotation which came from the same files, or which they name by its id, becomes what
	// they say now, and that images get the splits and tags that these say.
	Upsert Mode = "UPSERT"
	// Replace is Upsert, and deletes what the files do not have, after it has made a snapshot of what there is.
	Replace Mode = "REPLACE"
)

// Options say how a dataset is imported.
type Options struct {
	Format        string           // the name of a foreign.Format; empty when the files tell
	FormatOptions []*export.Choice // what of the format is chosen
	Mode          Mode
	CreateLabels  bool // that the files have and the dataset has not
	DryRun        bool // only tell what would become of each
	Atomic        bool // import nothing unless all can be
}

// Status is what became of an image that was to be imported.
type Status string

// All that can become of such an image.
const (
	Created Status = "CREATED"
	Matched Status = "MATCHED" // the dataset has it
	Invalid Status = "INVALID"
)

// Result is what became of one image and what is drawn on it.
type Result struct {
	Name         string // of its file, or the place where the files tell of it
	Status       Status
	Image        *ent.Image // of which only the ID is set; nil when it is INVALID, and for one that would be CREATED
	Annotations  Counts
	Problems     []foreign.Problem // at most 100
	MoreProblems int
}

// maxProblems is how many problems of one image are told.
const maxProblems = 100

func (r *Result) add(problems ...foreign.Problem) {
	for _, p := range problems {
		if p.Lost && r.Status != Invalid {
			r.Annotations.Invalid++
		}
		if len(r.Problems) == maxProblems {
			r.MoreProblems++
			continue
		}
		r.Problems = append(r.Problems, p)
	}
}

// lost tells whether something of the image is not imported.
func (r *Result) lost() bool { return r.Status == Invalid || r.Annotations.Invalid > 0 }

// Counts are of annotations.
type Counts struct {
	Created   int
	Updated   int
	Unchanged int // that were there
	Deleted   int
	Invalid   int // that are not imported
}

func (c *Counts) plus(more Counts) {
	c.Created += more.Created
	c.Updated += more.Updated
	c.Unchanged += more.Unchanged
	c.Deleted += more.Deleted
	c.Invalid += more.Invalid
}

// Summary is what became of an import.
type Summary struct {
	Format      string
	Created     int // images
	Matched     int
	Invalid     int
	Labels      []string // that were made, or in a dry run would be
	Annotations Counts
	Before      *ent.Snapshot // of the dataset as it was, made by Replace
}

func (s *Summary) count(r *Result) {
	switch r.Status {
	case Created:
		s.Created++
	case Matched:
		s.Matched++
	case Invalid:
		s.Invalid++
	}
	s.Annotations.plus(r.Annotations)
}

// Importer imports datasets.
type Importer struct {
	db       *database.DB
	pictures *ingest.Pipeline
}

// New returns an Importer whose pictures go through the pipeline.
func New(db *database.DB, pictures *ingest.Pipeline) *Importer { return &Importer{db, pictures} }

// Import imports files into a dataset, and calls tell with what became of each image, in an order that the files alone
// decide. Images are imported in groups: those of which it told stay, whatever happens later. When the import is to be
// atomic, all is looked at first, and unless all can be imported a fault.Invalid says what cannot; should the server
// fail after that, the import can be sent again.
func (im *Importer) Import(ctx context.Context, dataset gid.DatasetID, files []ingest.File, o Options, tell func(*Result) error) (_ *Summary, err error) {
	defer fault.Wrap(&err, "import files into dataset %d", dataset)

	if err := im.allow(ctx, dataset, o); err != nil {
		return nil, err
	}
	tree, pictures, err := treeOf(files)
	if err != nil {
		return nil, err
	}
	format, err := formatOf(ctx, tree, o.Format)
	if err != nil {
		return nil, err
	}
	choices, err := export.Asked(o.FormatOptions)
	if err != nil {
		return nil, below(err, "options", "formatOptions")
	}
	once := func(o Options, tell func(*Result) error) (*Summary, error) {
		r := &run{Importer: im, dataset: dataset, options: o, files: pictures, format: format, choices: choices, tell: tell, summary: Summary{Format: format.Name, Labels: []string{}}}
		return r.run(ctx, tree)
	}
	if o.Atomic && !o.DryRun {
		if err := rehearse(o, once); err != nil {
			return nil, err
		}
	}
	return once(o, tell)
}

// allow returns nil when the viewer may do all that the import is to do.
func (im *Importer) allow(ctx context.Context, dataset gid.DatasetID, o Options) error {
	actions := []access.Action{access.EditImages, access.Annotate}
	if o.Mode == Replace {
		actions = append(actions, access.EditSnapshots)
	}
	if o.CreateLabels {
		actions = append(actions, access.EditLabels)
	}
	for _, action := range actions {
		if err := access.Allow(ctx, im.db.Client, dataset, action); err != nil {
			return err
		}
	}
	return nil
}

// treeOf returns the files as a tree, and by their paths.
func treeOf(files []ingest.File) (*foreign.Tree, map[string]ingest.File, error) {
	list := make([]*foreign.File, len(files))
	byPath := make(map[string]ingest.File, len(files))
	for i, f := range files {
		list[i] = &foreign.File{Path: f.Path, Size: f.Size, Stream: f.Stream}
		if _, twice := byPath[f.Path]; !twice {
			byPath[f.Path] = f
		}
	}
	tree, err := foreign.NewTree(list)
	return tree, byPath, err
}

func formatOf(ctx context.Context, tree *foreign.Tree, name string) (foreign.Format, error) {
	find := foreign.FormatOf
	if name == "" {
		find = func(string) (foreign.Format, error) { return foreign.Detect(ctx, tree) }
	}
	f, err := find(name)
	return f, below(err, "options")
}

// below puts complaints about options under the path where these are. Complaints without a path are about files.
func below(err error, path ...any) error {
	fields, ok := errors.AsType[fault.Fields](err)
	if !ok || slices.ContainsFunc(fields, func(f fault.Field) bool { return len(f.Path) == 0 }) {
		return err
	}
	var c fault.Check
	c.Add(fields, path...)
	return c.Err()
}

// rehearse runs an import dry, and complains about what cannot be imported.
func rehearse(o Options, once func(Options, func(*Result) error) (*Summary, error)) error {
	o.DryRun = true
	var c fault.Check
	_, err := once(o, func(r *Result) error {
		for _, p := range r.Problems {
			c.That(!p.Lost, p.Message, "files", p.Place)
		}
		if len(c.Fields()) >= enoughProblems {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return c.Err()
}

// errEnough ends a rehearsal that has found enoughProblems: nothing is imported then, whatever else there is.
var errEnough = errors.New("there are enough problems")

const enoughProblems = 1000

// run is an import that goes on.
type run struct {
	*Importer

	dataset gid.DatasetID
	options Options
	format  foreign.Format
	choices map[string]string
	files   map[string]ingest.File
	labels  *labels
	authors map[string]*gid.UserID      // by their email addresses
	images  map[gid.ImageID]gid.ImageID // those of the dataset by what the files call them
	based   map[gid.ImageID]gid.ImageID // images that were made, by what the files call those that they were made from
	touched map[gid.ImageID]bool        // whose annotations were replaced
	spoilt  bool                        // something that cannot be read may be of any image
	size    quota.Size                  // of what a dry run would make
	tell    func(*Result) error
	summary Summary
}

// An import goes on in groups of images, which have few enough shapes to be drawn in one transaction unless one image alone has more.
// So little is known of them that they fit in memory together.
const (
	groupImages = 100
	groupShapes = 5000
	groupBytes  = 16 << 20
)

func (r *run) run(ctx context.Context, tree *foreign.Tree) (*Summary, error) {
	told, err := r.format.Read(ctx, tree, r.choices)
	if err != nil {
		return nil, below(err, "options", "formatOptions")
	}
	defer told.Close()
	if r.labels, err = r.readLabels(ctx, told.Labels); err != nil {
		return nil, err
	}
	r.authors = map[string]*gid.UserID{}
	r.images, r.based = map[gid.ImageID]gid.ImageID{}, map[gid.ImageID]gid.ImageID{}
	r.touched = map[gid.ImageID]bool{}
	if err := r.keepBefore(ctx); err != nil {
		return nil, err
	}
	if err := r.each(ctx, told.Images); err != nil {
		return nil, err
	}
	if err := r.linkBases(ctx); err != nil {
		return nil, err
	}
	if r.options.DryRun {
		if err := r.pictures.Room(ctx, r.dataset, r.size); err != nil {
			return nil, err
		}
	}
	r.summary.Labels = append(r.summary.Labels, r.labels.created...)
	return &r.summary, nil
}

// keepBefore makes a snapshot of the dataset if the import may delete anything.
func (r *run) keepBefore(ctx context.Context) (err error) {
	if r.options.Mode != Replace || r.options.DryRun {
		return nil
	}
	name, note := "Before replacing", "Before annotations were replaced by an import of "+r.format.Title
	r.summary.Before, err = snapshot.Create(ctx, r.db, r.dataset, snapshot.CreateInput{Name: &name, Note: &note})
	return err
}

// each imports images in groups.
func (r *run) each(ctx context.Context, images foreign.Images) error {
	var group []*item
	shapes, bytes := 0, 0
	for img, err := range images {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		group = append(group, newItem(img))
		r.spoilt = r.spoilt || img.Spoils
		shapes += len(img.Shapes)
		if bytes += img.Weight(); len(group) < groupImages && shapes < groupShapes && bytes < groupBytes {
			continue
		}
		if err := r.importGroup(ctx, group); err != nil {
			return err
		}
		clear(group) // which nothing is kept of
		group, shapes, bytes = group[:0], 0, 0
	}
	return r.importGroup(ctx, group)
}

// item is an image that is imported.
type item struct {
	*foreign.Image

	result Result
	row    *ent.Image // of which some columns were read
}

func newItem(img *foreign.Image) *item {
	it := &item{Image: img, result: Result{Name: shownOf(img.Name, maxShownName)}}
	switch {
	case img.File != nil:
		it.result.Name = img.File.Path
	case img.Name == "":
		it.result.Name = img.Place
	}
	return it
}

// refuse notes that the image is not imported.
func (it *item) refuse(message string) {
	it.result.Status = Invalid
	it.lose(it.Place, message)
}

// lose notes that something at a place is not imported.
func (it *item) lose(place, message string) {
	it.Problems = append(it.Problems, foreign.Problem{Place: place, Message: message, Lost: true})
}

// note notes something that whoever imports the image should know.
func (it *item) note(message string) {
	it.Problems = append(it.Problems, foreign.Problem{Place: it.Place, Message: message})
}

func (r *run) importGroup(ctx context.Context, group []*item) error {
	if err := r.addPictures(ctx, group); err != nil {
		return err
	}
	if err := r.matchNames(ctx, group); err != nil {
		return err
	}
	if err := r.readRows(ctx, group); err != nil {
		return err
	}
	if err := r.draw(ctx, group); err != nil {
		return err
	}
	for _, it := range group {
		result := it.result // of the item nothing else is kept
		result.add(it.Problems...)
		result.Annotations.Invalid += it.Unlisted
		result.MoreProblems += it.Unlisted
		r.summary.count(&result)
		if err := r.tell(&result); err != nil {
			return err
		}
	}
	return nil
}

// identified are the items whose images the dataset has.
func identified(group []*item) []*item {
	return slices.DeleteFunc(slices.Clone(group), func(it *item) bool { return it.result.Image == nil })
}

// fits tells whether sizes that files tell are those of a picture, or in proportion to it.
func fits(told, is [2]int) bool {
	if told[0] == 0 || told[1] == 0 {
		return true
	}
	a, b := told[0]*is[1], told[1]*is[0]
	const tolerance = 50 // a fiftieth
	return max(a, b)-min(a, b) <= max(told[0]+told[1], max(a, b)/tolerance)
}

// checkSize leaves out shapes that are drawn on a picture of another form, such as one that was turned since.
func (it *item) checkSize() {
	told, is := [2]int{it.Width, it.Height}, [2]int{it.row.Width, it.row.Height}
	if len(it.Shapes) == 0 || fits(told, is) {
		return
	}
	message := fmt.Sprintf("is drawn on a picture of %d by %d pixels, but the picture has %d by %d", told[0], told[1], is[0], is[1])
	for _, s := range it.Shapes {
		it.lose(s.Place, message)
	}
	it.Shapes = nil
}
