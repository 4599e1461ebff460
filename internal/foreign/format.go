package foreign

import (
	"context"
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
)

// Format is a way in which datasets are written.
type Format struct {
	Name    string // as requests have it
	Title   string // as people call it
	Files   string // by which it is known, for people
	Options []export.Option

	detect func(ctx context.Context, t *Tree) (bool, error)
	read   func(ctx context.Context, t *Tree, o export.Options) (*Dataset, error)
}

// Formats are all that can be read, in the order in which files are held against them.
func Formats() []Format {
	return []Format{jsonl(), csv(), imageFolder(), cvat(), pascalVOC(), coco(), datumaro(), labelStudio(), yolo()}
}

// FormatOf returns the format of a name, or a fault.Invalid that says which there are.
func FormatOf(name string) (Format, error) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, fault.InvalidAt("is none of "+strings.Join(names(all), ", "), "format")
	}
	return all[i], nil
}

func names(formats []Format) []string {
	all := make([]string, len(formats))
	for i, f := range formats {
		all[i] = f.Name
	}
	return all
}

// Detect returns the format that files are in, or a fault.Invalid when they are in none.
func Detect(ctx context.Context, t *Tree) (Format, error) {
	for _, f := range Formats() {
		if is, err := f.detect(ctx, t); err != nil || is {
			return f, err
		}
	}
	return Format{}, fault.InvalidAt("looks like none of "+strings.Join(names(Formats()), ", "), "format")
}

// Read reads a dataset in the format. Options that it does not have, and values that they do not take, are a fault.Invalid.
// The dataset has to be closed.
func (f Format) Read(ctx context.Context, t *Tree, options map[string]string) (*Dataset, error) {
	chosen, err := export.Choose(f.Name, f.Options, options)
	if err != nil {
		return nil, err
	}
	return f.read(ctx, t, chosen)
}
