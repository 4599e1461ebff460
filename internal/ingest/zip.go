package ingest

import (
	"archive/zip"
	"context"
	"errors"
	"iter"
	"math"
	"path"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/filename"
	"github.com/datasetgen/datagen/internal/gid"
)

// ZipInput is a zip of pictures to add. Exactly one of File, Data and Upload is set.
type ZipInput struct {
	File   *graphql.Upload
	Data   *string // a data URL, or base64 alone
	Upload *string // the id of an upload that came in parts
}

// ImportZip adds the pictures in a zip to a dataset and returns what became of
// each of its files, in their order. Folders, hidden files and what macOS adds
// are passed over. What is wrong with the zip as a whole is complained about
// under the path at(0), and then nothing is added.
//
// Pictures are added a hundred at a time: what was is not undone when ImportZip
// fails later on, or the context ends. Sent again, it adds what is missing.
func (p *Pipeline) ImportZip(ctx context.Context, dataset gid.DatasetID, in ZipInput, o ImportOptions, at fault.Places) (results []*ImportResult, err error) {
	defer fault.Wrap(&err, "import a zip into dataset %d", dataset)

	if err := access.Allow(ctx, p.db.Client, dataset, access.EditImages); err != nil {
		return nil, err
	}
	zipped := ImageInput{File: in.File, Data: in.Data, Upload: in.Upload}
	if err := check([]ImageInput{zipped}, at); err != nil {
		return nil, err
	}
	content, err := p.openZip(ctx, zipped, at)
	if err != nil {
		return nil, err
	}
	defer content.close()
	files, err := p.keeper.unzip(content)
	if errors.Is(err, fault.Invalid) {
		return nil, fault.InvalidAt(err.Error(), at.Of(0, zipped.field())...)
	}
	if err != nil {
		return nil, err
	}
	to := target{dataset: dataset, duplicates: o.OnDuplicate, at: at}
	err = p.importItems(ctx, to, o, p.keeper.itemsIn(files, in.name()), collect(&results))
	if err != nil {
		return nil, err
	}
	p.deleteUploads(ctx, []ImageInput{zipped})
	return results, nil
}

// openZip opens a zip, once it is its turn.
func (p *Pipeline) openZip(ctx context.Context, zipped ImageInput, at fault.Places) (*content, error) {
	release := func() {}
	if zipped.Upload != nil {
		if err := p.zips.Acquire(ctx, 1); err != nil {
			return nil, err
		}
		release = func() { p.zips.Release(1) }
	}
	c, err := p.open(ctx, zipped, new(sync.Mutex), math.MaxInt64)
	if errors.Is(err, fault.Invalid) {
		err = fault.InvalidAt(err.Error(), at.Of(0, zipped.field())...)
	}
	if err != nil {
		release()
		return nil, err
	}
	closeContent := c.close
	c.close = func() { closeContent(); release() }
	return c, nil
}

// name is what the zip is called.
func (in ZipInput) name() string {
	if in.File == nil {
		return ""
	}
	return nameOf(in.File.Filename)
}

// unzip returns the files in a zip that are to be pictures, none of which is read yet.
func (k *keeper) unzip(zipped *content) ([]*zip.File, error) {
	files, err := list(zipped, zipped.size, maxFiles, maxListing)
	if err != nil {
		return nil, err
	}
	return files, checkSizes(files, zipped.size, k.maxUpload)
}

// itemsIn goes through the files in a zip of that name.
func (k *keeper) itemsIn(files []*zip.File, name string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for _, f := range files {
			file := cleanPath(f.Name)
			it := item{
				ImageInput: ImageInput{OriginalName: new(nameOf(f.Name))},
				name:       filename.Printable(f.Name),
				source:     sourceOf(path.Join(name, file)),
				folders:    foldersOf(file),
				open: func(context.Context) (*content, error) {
					b, err := unpack(f, k.maxUpload)
					return inMemory(b), err
				},
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}
