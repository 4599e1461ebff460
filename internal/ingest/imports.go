package ingest

import (
	"context"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// ImportOptions say what becomes of pictures that are imported.
type ImportOptions struct {
	OnDuplicate DuplicatePolicy
	Folders     FolderUse
	BatchID     *gid.BatchID
	Split       *image.Split
	IsSynthetic *bool
	Tags        []string // besides their own
	DryRun      bool     // only tell what would become of them: an Image that would be made has its sizes alone
}

// ImportStatus is what became of a picture that was to be imported.
type ImportStatus string

// All that can become of a picture that was to be imported.
const (
	ImportCreated   ImportStatus = "CREATED"
	ImportDuplicate ImportStatus = "DUPLICATE"
	ImportInvalid   ImportStatus = "INVALID"
)

// ImportResult is what became of one picture that was to be imported.
type ImportResult struct {
	Name    string // of its file, with folders, or its URL
	Status  ImportStatus
	Image   *ent.Image // that was made, or that was there; only its ID is set then; nil when it is INVALID
	Message *string    // why it is INVALID
}

// importGroup is how many pictures become images in one transaction.
const importGroup = 100

// importItems adds pictures to a dataset, and calls tell with what became of each, in their order. It adds them by
// groups: those of which it told stay when it fails later on, or the context ends. Done again, it adds what is missing.
func (p *Pipeline) importItems(ctx context.Context, to target, o ImportOptions, items iter.Seq2[item, error], tell func(*ImportResult) error) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := allow(ctx, p.db.Client, to.dataset, []ImageInput{o.facts()}, inOptions); err != nil {
		return err
	}
	tally, err := p.tallies.Open(ctx, to.dataset)
	if err != nil {
		return err
	}
	defer tally.Close()
	to.tally = tally
	run := &importRun{p, to, newLookUp(p.db.Client, to), o, make(map[string]gid.BatchID), tell}
	workers, working := errgroup.WithContext(ctx)
	queue := make(chan *underway, 2*importGroup)
	workers.Go(func() error {
		defer close(queue)
		return run.feed(working, items, queue, workers)
	})
	workers.Go(func() error { return run.save(working, queue) })
	return workers.Wait()
}

// inOptions is where complaints about options are found.
func inOptions(int) []any { return []any{"options"} }

// ImportImages adds pictures to a dataset, and returns what became of each, in their order. What is wrong with what is
// said of them is complained about under the path at(i), and then nothing is added.
func (p *Pipeline) ImportImages(ctx context.Context, dataset gid.DatasetID, images []ImageInput, o ImportOptions, at fault.Places) (results []*ImportResult, err error) {
	defer fault.Wrap(&err, "import images into dataset %d", dataset)

	if err := o.check(); err != nil {
		return nil, err
	}
	if err := check(o.tag(images), at); err != nil {
		return nil, err
	}
	if err := allow(ctx, p.db.Client, dataset, images, at); err != nil {
		return nil, err
	}
	items := func(yield func(item, error) bool) {
		for _, e := range p.entriesOf(images) {
			e.name = e.originalName()
			if !yield(e.item, nil) {
				return
			}
		}
	}
	err = p.importItems(ctx, target{dataset: dataset, duplicates: o.OnDuplicate, at: at}, o, items, collect(&results))
	if err != nil {
		return nil, err
	}
	p.deleteUploads(ctx, images)
	return results, nil
}

func collect(results *[]*ImportResult) func(*ImportResult) error {
	return func(result *ImportResult) error {
		*results = append(*results, result)
		return nil
	}
}

// importRun is an import that goes on.
type importRun struct {
	*Pipeline

	to      target
	lookUp  *lookUp
	options ImportOptions
	batches map[string]gid.BatchID // by the folders that they were made of
	tell    func(*ImportResult) error
}

// underway is an entry that is kept meanwhile.
type underway struct {
	*entry

	done chan struct{} // closed once it is
}

// feed has the items kept, several at once, and puts them into the queue in their order.
func (r *importRun) feed(ctx context.Context, items iter.Seq2[item, error], queue chan<- *underway, workers *errgroup.Group) error {
	for it, err := range items {
		if err != nil {
			return err
		}
		if err := r.keeper.turns.Acquire(ctx, 1); err != nil {
			return err
		}
		it.ImageInput = r.options.apply(it)
		u := &underway{&entry{item: it, dryRun: r.options.DryRun}, make(chan struct{})}
		workers.Go(func() error {
			defer r.keeper.turns.Release(1)
			defer close(u.done)
			return r.keeper.take(ctx, r.to.tally, u.entry, r.lookUp)
		})
		select {
		case queue <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// save makes the rows of what comes through the queue, a group at a time.
func (r *importRun) save(ctx context.Context, queue <-chan *underway) error {
	var group []*entry
	for u := range queue {
		select {
		case <-u.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if group = append(group, u.entry); len(group) < importGroup {
			continue
		}
		if err := r.saveGroup(ctx, group); err != nil {
			return err
		}
		group = group[:0]
	}
	if err := ctx.Err(); err != nil { // of a worker that failed
		return err
	}
	return r.saveGroup(ctx, group)
}

func (r *importRun) saveGroup(ctx context.Context, group []*entry) error {
	if err := r.fileInBatches(ctx, group); err != nil {
		return err
	}
	save := r.Pipeline.save
	if r.options.DryRun {
		save = r.pretend
	}
	if err := save(ctx, r.to, group); err != nil {
		return err
	}
	for _, e := range group {
		if err := r.tell(e.result()); err != nil {
			return err
		}
	}
	return nil
}

// result says what became of the entry.
func (e *entry) result() *ImportResult {
	switch {
	case e.refused != nil:
		return &ImportResult{Name: e.name, Status: ImportInvalid, Message: new(e.refused.Error())}
	case e.image != nil:
		return &ImportResult{Name: e.name, Status: ImportCreated, Image: e.image}
	default:
		return &ImportResult{Name: e.name, Status: ImportDuplicate, Image: &ent.Image{ID: e.duplicate}}
	}
}

// facts are what all pictures get.
func (o ImportOptions) facts() ImageInput {
	return ImageInput{BatchID: o.BatchID, Split: o.Split, IsSynthetic: o.IsSynthetic, Tags: o.Tags}
}

func (o ImportOptions) check() error {
	var c fault.Check
	c.Add(o.facts().facts().Check(), "options")
	return c.Err()
}

// tag returns the images with the tags that they get.
func (o ImportOptions) tag(images []ImageInput) []ImageInput {
	tagged := slices.Clone(images)
	for i := range tagged {
		tagged[i].Tags = slices.Concat(tagged[i].Tags, o.Tags)
	}
	return tagged
}

// apply returns what is known of an item, with what it gets from the options.
func (o ImportOptions) apply(it item) ImageInput {
	in := it.ImageInput
	if in.BatchID == nil {
		in.BatchID = o.BatchID
	}
	if in.Split == nil {
		in.Split = o.Split
	}
	if in.IsSynthetic == nil {
		in.IsSynthetic = o.IsSynthetic
	}
	in.Tags = slices.Concat(in.Tags, o.Tags)
	if split := splitOf(it.folders); o.Folders == FoldersAsSplits && split != "" {
		in.Split = &split
	}
	return in
}
