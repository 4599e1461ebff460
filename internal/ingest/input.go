package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/filename"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// MaxPictures is how many pictures one call may add.
const MaxPictures = 100

// ImageInput is a picture to add, and what is known of it. Exactly one of File, Data and Upload is set.
type ImageInput struct {
	File             *graphql.Upload
	Data             *string // a data URL, or base64 alone; whatever type it names, the bytes decide
	Upload           *string // the id of an upload that came in parts
	OriginalName     *string // nil: the base name of File, if there is one
	Prompt           *string
	NegativePrompt   *string
	GenerationType   *string
	ExtraInformation rawjson.Object
	Tags             []string
	Metadata         rawjson.Object
	IsSynthetic      *bool
	Done             *bool
	Reviewed         *bool
	Split            *image.Split
	BatchID          *gid.BatchID
	JobID            *gid.JobID
	BaseImageID      *gid.ImageID
}

// check returns what is wrong with the inputs by themselves, their pixels apart.
func check(images []ImageInput, at fault.Places) error {
	var c fault.Check
	if len(images) > MaxPictures {
		c.That(false, fmt.Sprintf("at most %d pictures are allowed in one call", MaxPictures), at.Of(MaxPictures)...)
		return c.Err()
	}
	for i, in := range images {
		c.That(in.sources() == 1, "must have one of file, data and upload", at.Of(i)...)
		c.That(in.File == nil || in.File.File != nil, "has no content", at.Of(i, "file")...)
		c.Add(in.facts().Check(), at.Of(i)...)
	}
	return c.Err()
}

// sources is how many ways the bytes come.
func (in ImageInput) sources() (n int) {
	for _, is := range []bool{in.File != nil, in.Data != nil, in.Upload != nil} {
		if is {
			n++
		}
	}
	return n
}

// facts are what may be changed later too, and is checked by the same rules.
func (in ImageInput) facts() catalog.UpdateImageInput {
	return catalog.UpdateImageInput{
		OriginalName:     in.OriginalName,
		Prompt:           in.Prompt,
		NegativePrompt:   in.NegativePrompt,
		GenerationType:   in.GenerationType,
		ExtraInformation: in.ExtraInformation,
		Tags:             in.Tags,
		Metadata:         in.Metadata,
	}
}

// originalName returns the name to remember.
func (in ImageInput) originalName() string {
	switch {
	case in.OriginalName != nil:
		return *in.OriginalName
	case in.File != nil:
		return nameOf(in.File.Filename)
	default:
		return ""
	}
}

// What is remembered of a file's name, and of where it came from, at most, in bytes.
const (
	maxName   = 500
	maxSource = 2000
)

// nameOf returns what is remembered of a file's name.
func nameOf(file string) string { return cut(filename.Base(file), maxName) }

// sourceOf returns what is remembered of where a picture came from. One that is too long ends in the hash of all of it:
// pictures from two places must not seem to be from one.
func sourceOf(place string) string {
	if len(place) <= maxSource {
		return place
	}
	sum := sha256.Sum256([]byte(place))
	end := "#" + hex.EncodeToString(sum[:])
	return cut(place, maxSource-len(end)) + end
}

// cut returns the first characters of s that fit in that many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
