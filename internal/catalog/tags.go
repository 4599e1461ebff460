package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	maxTags   = 100 // of an image
	tagLength = 100 // in characters
)

// Tags returns tags as images have them: without white space around them, each once, in the order of their bytes. It
// returns nil for nil.
func Tags(list []string) []string {
	tags := slices.Clone(list)
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// checkTags complains about tags in a field.
func checkTags(c *fault.Check, tags []string, field string) {
	if n := len(Tags(tags)); n > maxTags {
		c.That(false, fmt.Sprintf("has %d tags; at most %d are allowed", n, maxTags), field)
		return
	}
	for i, tag := range tags {
		tag = strings.TrimSpace(tag)
		c.Line(&tag, tagLength, field, i)
		c.That(!strings.ContainsFunc(tag, unicode.IsControl), "must not contain control characters", field, i)
	}
}

// checkTags complains about the tags of the input, and how they go together.
func (in UpdateImageInput) checkTags(c *fault.Check) {
	checkTags(c, in.Tags, "tags")
	checkTags(c, in.AddTags, "addTags")
	checkTags(c, in.RemoveTags, "removeTags")
	c.That(in.Tags == nil || in.AddTags == nil && in.RemoveTags == nil, "says all tags; addTags and removeTags must be absent", "tags")
	added := Tags(in.AddTags)
	for i, tag := range in.RemoveTags {
		_, both := slices.BinarySearch(added, strings.TrimSpace(tag))
		c.That(!both, "is added as well", "removeTags", i)
	}
}

// tagsOf returns the tags that an image is to have.
func (in UpdateImageInput) tagsOf(img *ent.Image) []string {
	if in.Tags != nil {
		return Tags(in.Tags)
	}
	removed := Tags(in.RemoveTags)
	return slices.DeleteFunc(Tags(slices.Concat(img.Tags, in.AddTags)), func(tag string) bool {
		_, is := slices.BinarySearch(removed, tag)
		return is
	})
}

// writeTags gives each of the images its tags. Its caller raises their versions.
func writeTags(ctx context.Context, tx *ent.Tx, db string, images []*ent.Image, tagsOf func(*ent.Image) []string, path ...any) error {
	for _, img := range images {
		if n := len(tagsOf(img)); n > maxTags {
			return fault.InvalidAt(fmt.Sprintf("image %d would have %d tags; at most %d are allowed", img.ID, n, maxTags), path...)
		}
	}
	return database.UpdateRows(ctx, tx, db, image.Table, []database.Column[*ent.Image]{
		{Name: image.FieldID, Type: "bigint", Of: func(img *ent.Image) any { return int64(img.ID) }},
		{Name: image.FieldTags, Type: "jsonb", Of: func(img *ent.Image) any {
			text, _ := json.Marshal(tagsOf(img)) // texts never fail
			return text
		}},
	}, images)
}

// AddTags adds tags to images, of which it changes those that lack some. It complains under path. The caller has seen to
// it that the viewer may change them.
func AddTags(ctx context.Context, tx *ent.Tx, db string, ids []gid.ImageID, tags []string, path ...any) error {
	in := UpdateImageInput{AddTags: tags}
	q := tx.Image.Query().Where(image.IDIn(ids...)).Order(image.ByID())
	q.Modify(database.Lock)
	images, err := q.All(ctx)
	if err != nil {
		return err
	}
	images = slices.DeleteFunc(images, func(img *ent.Image) bool { return !in.changesTags(img) })
	if len(images) == 0 {
		return nil
	}
	changed := make([]gid.ImageID, len(images))
	for i, img := range images {
		changed[i] = img.ID
	}
	if err := tx.Image.Update().Where(image.IDIn(changed...)).Exec(ctx); err != nil { // raises their versions
		return err
	}
	return writeTags(ctx, tx, db, images, in.tagsOf, path...)
}

func (in UpdateImageInput) changesTags(img *ent.Image) bool {
	return !slices.Equal(in.tagsOf(img), img.Tags)
}
