package ingest

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// OpenDataset returns the files in a zip with a dataset, which can be read until closed is called. What is wrong with the
// zip is complained about under the path at(0).
func (p *Pipeline) OpenDataset(ctx context.Context, in ZipInput, at fault.Places) (files []File, closed func(), err error) {
	defer fault.Wrap(&err, "open a zip with a dataset")

	zipped := ImageInput{File: in.File, Data: in.Data, Upload: in.Upload}
	if err := check([]ImageInput{zipped}, at); err != nil {
		return nil, nil, err
	}
	content, err := p.openZip(ctx, zipped, at)
	if err != nil {
		return nil, nil, err
	}
	files, err = p.ZippedFiles(content, content.size, in.name())
	if errors.Is(err, fault.Invalid) {
		err = fault.InvalidAt(err.Error(), at.Of(0, zipped.field())...)
	}
	if err != nil {
		content.close()
		return nil, nil, err
	}
	return files, content.close, nil
}

// Discard deletes a zip that came in parts, once it is of no use any more.
func (p *Pipeline) Discard(ctx context.Context, in ZipInput) {
	p.deleteUploads(ctx, []ImageInput{{Upload: in.Upload}})
}

// ZippedFiles returns the files in a zip of a size in bytes, which is called so. They are read while content is open. A zip
// that is none, or is built to cost more than datasets do, is a fault.Invalid.
func (p *Pipeline) ZippedFiles(content io.ReadSeeker, size int64, name string) ([]File, error) {
	zipped, err := list(content, size, maxDatasetFiles, maxDatasetListing)
	if err != nil {
		return nil, err
	}
	var pictures, texts []*zip.File
	for _, f := range zipped {
		if isText(f.Name) {
			texts = append(texts, f)
		} else {
			pictures = append(pictures, f)
		}
	}
	if err := cmp.Or(checkSizes(pictures, size, p.keeper.maxUpload), checkTexts(texts, size)); err != nil {
		return nil, err
	}
	files := make([]File, len(zipped))
	for i, f := range zipped {
		files[i] = p.keeper.zippedFile(f, name)
	}
	return files, nil
}

// isText tells files that describe datasets.
func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".jsonl", ".xml", ".csv", ".txt", ".yaml", ".yml", ".names", ".data":
		return true
	}
	return false
}

func (k *keeper) zippedFile(f *zip.File, zipName string) File {
	file := cleanPath(f.Name)
	return File{
		Path:   file,
		Source: sourceOf(path.Join(zipName, file)),
		Size:   claimed(f.UncompressedSize64),
		Open: func(context.Context) (io.ReadSeekCloser, error) {
			b, err := unpack(f, k.maxUpload)
			return unpacked{inMemory(b)}, err
		},
		stream: func() (io.ReadCloser, error) {
			if f.Flags&isEncrypted != 0 {
				return nil, fault.InvalidAt("is encrypted")
			}
			r, err := f.Open()
			if err != nil {
				return nil, blame(err, "is damaged")
			}
			return damaged{r}, nil
		},
	}
}

// unpacked is a file that lies in memory.
type unpacked struct{ *content }

// Close satisfies io.Closer.
func (unpacked) Close() error { return nil }

// damaged reads a file of a zip, and blames the zip when it cannot be unpacked.
type damaged struct{ io.ReadCloser }

// Read satisfies io.Reader.
func (d damaged) Read(b []byte) (int, error) {
	n, err := d.ReadCloser.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = blame(err, "is damaged")
	}
	return n, err
}
