package foreign

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strconv"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// jsonl is our own format, which loses nothing: dataset.json and images.jsonl, as package export writes them.
func jsonl() Format {
	return Format{
		Name: "jsonl", Title: "JSON Lines of this server", Files: "dataset.json and images.jsonl",
		detect: func(_ context.Context, t *Tree) (bool, error) {
			lines, about := jsonlFiles(t)
			return lines != nil && about != nil, nil
		},
		read: readJSONL,
	}
}

func jsonlFiles(t *Tree) (lines, about *File) {
	for _, p := range t.called("images.jsonl") {
		return t.files[p], t.files[path.Join(path.Dir(p), "dataset.json")]
	}
	return nil, nil
}

type jsonlDataset struct {
	Version int `json:"version"`
	Labels  list[struct {
		ID             int    `json:"id"`
		Name           string `json:"name"`
		Color          string `json:"color"`
		Prompt         string `json:"prompt"`
		NegativePrompt string `json:"negative_prompt"`
	}] `json:"labels"`
}

type jsonlImage struct {
	ID               gid.ImageID           `json:"id"`
	File             string                `json:"file"`
	OriginalName     string                `json:"original_name"`
	SHA256           string                `json:"sha256"`
	Width            int                   `json:"width"`
	Height           int                   `json:"height"`
	Split            image.Split           `json:"split"`
	IsSynthetic      bool                  `json:"is_synthetic"`
	Done             bool                  `json:"done"`
	Reviewed         bool                  `json:"reviewed"`
	Prompt           string                `json:"prompt"`
	NegativePrompt   string                `json:"negative_prompt"`
	GenerationType   string                `json:"generation_type"`
	ExtraInformation rawjson.Object        `json:"extra_information"`
	Metadata         rawjson.Object        `json:"metadata"`
	Tags             list[string]          `json:"tags"`
	BaseImage        gid.ImageID           `json:"base_image"`
	Annotations      list[jsonlAnnotation] `json:"annotations"`
}

type jsonlAnnotation struct {
	ID          string            `json:"id"`
	Label       int               `json:"label"`
	Type        string            `json:"type"`
	Data        rawjson.Object    `json:"data"`
	Author      string            `json:"author"`
	Source      annotation.Source `json:"source"`
	Confidence  *float64          `json:"confidence"`
	IsSynthetic bool              `json:"is_synthetic"`
}

// jsonlVersion is the version that is read.
const jsonlVersion = 1

func readJSONL(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	lines, about := jsonlFiles(t)
	if lines == nil || about == nil {
		return nil, invalid("has no dataset.json beside an images.jsonl")
	}
	text, err := about.text(ctx)
	if err != nil {
		return nil, err
	}
	var head jsonlDataset
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, invalid(about.Path + " is no JSON that describes a dataset")
	}
	if head.Version != jsonlVersion {
		return nil, invalid(fmt.Sprintf("%s is of version %d; this server reads version %d", about.Path, head.Version, jsonlVersion))
	}
	d := &Dataset{}
	keys := map[int]string{}
	for _, l := range head.Labels.all {
		keys[l.ID] = strconv.Itoa(l.ID)
		d.Labels = append(d.Labels, Label{keys[l.ID], l.Name, l.Color, l.Prompt, l.NegativePrompt})
	}
	d.Images = func(yield func(*Image, error) bool) {
		eachLine(ctx, lines, yield, func(told *jsonlImage, place string) *Image { return told.image(lines, t, place, keys) })
	}
	return d, nil
}

func (told *jsonlImage) image(f *File, t *Tree, place string, keys map[int]string) *Image {
	img := &Image{
		Place: place, Name: clipped(told.File), File: t.picture(told.File, path.Dir(f.Path)), ID: told.ID, SHA256: told.SHA256,
		Width: pixels(float64(told.Width)), Height: pixels(float64(told.Height)), Split: told.Split,
		Facts: Facts{
			OriginalName: &told.OriginalName, Prompt: &told.Prompt, NegativePrompt: &told.NegativePrompt,
			ExtraInformation: told.ExtraInformation, Metadata: told.Metadata, Tags: told.Tags.all,
			IsSynthetic: &told.IsSynthetic, Done: &told.Done, Reviewed: &told.Reviewed, BaseImageID: told.BaseImage,
		},
	}
	if told.GenerationType != "" {
		img.Facts.GenerationType = &told.GenerationType
	}
	if told.Split != "" && image.SplitValidator(told.Split) != nil {
		img.Split = ""
		img.wrong(place, fmt.Sprintf("there is no split %q", shown(told.Split)))
	}
	for i := range told.Annotations.all {
		at := fmt.Sprintf("%s annotation %d", place, i+1)
		if unfit := told.Annotations.unfit[i]; unfit != "" {
			img.wrong(at, unfit)
			continue
		}
		img.drawJSONL(&told.Annotations.all[i], at, keys)
	}
	told.Annotations.lack(img, place)
	told.Tags.lack(img, place)
	return img
}

func (img *Image) drawJSONL(a *jsonlAnnotation, place string, keys map[int]string) {
	key, ok := keys[a.Label]
	if !ok {
		img.wrong(place, fmt.Sprintf("there is no label %d", a.Label))
		return
	}
	if a.Type == "" {
		img.wrong(place, "has no type")
		return
	}
	if len(a.Data) == 0 {
		img.wrong(place, "has no data")
		return
	}
	s := Shape{
		Place: place, Label: key, Type: a.Type, Data: a.Data, Confidence: a.Confidence, Source: annotation.SourceImport,
		Author: a.Author, IsSynthetic: a.IsSynthetic,
	}
	if id, err := gid.ParseAnnotationID(a.ID); err == nil {
		s.ID = &id
	}
	if annotation.SourceValidator(a.Source) == nil {
		s.Source = a.Source
	}
	img.add(s)
}
