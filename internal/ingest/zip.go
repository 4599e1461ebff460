package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// ZipInput is a zip of pictures to add. Exactly one of File and Data is set.
type ZipInput struct {
	File *graphql.Upload
	Data *string // a data URL, or base64 alone
}

// ImportStatus is what became of a file in a zip.
type ImportStatus string

// All that can become of a file in a zip.
const (
	ImportCreated ImportStatus = "CREATED"
	ImportInvalid ImportStatus = "INVALID"
)

// ImportResult is what became of one file in a zip.
type ImportResult struct {
	Name    string // with its folders
	Status  ImportStatus
	Image   *ent.Image // nil when it is INVALID
	Message *string    // why it is INVALID
}

// ImportZip adds the pictures in a zip to a dataset and returns what became of
// each of its files, in their order. Folders, hidden files and what macOS adds
// are passed over. What is wrong with the zip as a whole is complained about
// under the path at(0), and then nothing is added.
//
// Pictures are added MaxPictures at a time: what was is not undone when ImportZip
// fails later on, or the context ends.
func (p *Pipeline) ImportZip(ctx context.Context, dataset gid.DatasetID, in ZipInput, at fault.Places) (_ []*ImportResult, err error) {
	defer fault.Wrap(&err, "import a zip into dataset %d", dataset)

	if err := access.Allow(ctx, p.db.Client, dataset, access.EditImages); err != nil {
		return nil, err
	}
	files, err := p.keeper.unzip(ImageInput{File: in.File, Data: in.Data}, at)
	if err != nil {
		return nil, err
	}
	results := make([]*ImportResult, 0, len(files))
	for group := range slices.Chunk(files, MaxPictures) {
		done, err := p.importFiles(ctx, dataset, group, at)
		if err != nil {
			return nil, err
		}
		results = append(results, done...)
	}
	return results, nil
}

// unzip returns the files in a zip that are to be pictures, none of which is read yet.
func (k *keeper) unzip(in ImageInput, at fault.Places) ([]*zip.File, error) {
	if err := check([]ImageInput{in}, at); err != nil {
		return nil, err
	}
	files, err := k.listIn(in)
	if errors.Is(err, fault.Invalid) {
		return nil, fault.InvalidAt(err.Error(), at.Of(0, in.field())...)
	}
	return files, err
}

func (k *keeper) listIn(in ImageInput) ([]*zip.File, error) {
	content, err := in.open()
	if err != nil {
		return nil, err
	}
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	files, err := list(content, size)
	if err != nil {
		return nil, err
	}
	return files, checkSizes(files, size, k.maxUpload)
}

// importFiles adds those of the files that are pictures, in one transaction.
func (p *Pipeline) importFiles(ctx context.Context, dataset gid.DatasetID, files []*zip.File, at fault.Places) ([]*ImportResult, error) {
	kept := make([]picture, len(files))
	refused, err := p.keeper.each(ctx, len(files), func(ctx context.Context, i int) error {
		return p.keeper.keepFile(ctx, files[i], &kept[i])
	})
	if err != nil {
		return nil, err
	}
	results := resultsOf(files, refused)
	var images []ImageInput
	var pictures []picture
	var created []*ImportResult
	for i, result := range results {
		if result.Status == ImportCreated {
			images = append(images, ImageInput{OriginalName: new(baseName(files[i].Name))})
			pictures = append(pictures, kept[i])
			created = append(created, result)
		}
	}
	rows, err := p.write(ctx, dataset, images, pictures, at)
	for i, row := range rows {
		created[i].Image = row
	}
	return results, err
}

// keepFile stores a picture from a zip. Files that are none are a fault.Invalid.
func (k *keeper) keepFile(ctx context.Context, f *zip.File, pic *picture) error {
	content, err := unpack(f, k.maxUpload)
	if err != nil {
		return err
	}
	pic.size = int64(len(content))
	return k.keep(ctx, bytes.NewReader(content), pic)
}

// resultsOf says what becomes of files, given why some are refused.
func resultsOf(files []*zip.File, refused []error) []*ImportResult {
	results := make([]*ImportResult, len(files))
	for i, f := range files {
		results[i] = &ImportResult{Name: printable(f.Name), Status: ImportCreated}
		if refused[i] != nil {
			results[i].Status, results[i].Message = ImportInvalid, new(refused[i].Error())
		}
	}
	return results
}
