package importer

import (
	"context"
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
)

// addPictures makes images of the pictures that are among the files, unless the dataset has them.
func (r *run) addPictures(ctx context.Context, group []*item) error {
	var with []*item
	var pictures []ingest.Picture
	for _, it := range group {
		if it.File != nil {
			with = append(with, it)
			pictures = append(pictures, ingest.Picture{File: r.files[it.File.Path], Facts: factsOf(it.Image)})
		}
	}
	if len(with) == 0 {
		return nil
	}
	o := ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates, Folders: ingest.IgnoreFolders, DryRun: r.options.DryRun}
	if r.options.Mode != Append {
		o.OnDuplicate = ingest.LinkDuplicates
	}
	n := 0
	return r.pictures.ImportPictures(ctx, r.dataset, pictures, o, func(result *ingest.ImportResult) error {
		with[n].settle(r, result)
		n++
		return nil
	})
}

// settle notes what became of the picture.
func (it *item) settle(r *run, result *ingest.ImportResult) {
	switch result.Status {
	case ingest.ImportInvalid:
		it.Place = it.File.Path
		it.refuse(*result.Message)
	case ingest.ImportDuplicate:
		it.result.Status, it.result.Image = Matched, &ent.Image{ID: result.Image.ID}
	case ingest.ImportCreated:
		it.result.Status, it.row = Created, result.Image
		r.size = r.size.Plus(quota.Size{Images: 1, Bytes: result.Image.Size})
		if result.Image.ID == 0 {
			return // of a dry run
		}
		it.result.Image = &ent.Image{ID: result.Image.ID}
		r.base(it)
	}
	if it.result.Image != nil && it.ID != 0 {
		r.images[it.ID] = it.result.Image.ID
	}
}

// base notes what an image was made from, if the files tell.
func (r *run) base(it *item) {
	if it.Facts.BaseImageID != 0 {
		r.based[it.result.Image.ID] = it.Facts.BaseImageID
	}
}

// factsOf is what is known of an image, as ingest takes it.
func factsOf(img *foreign.Image) ingest.ImageInput {
	f := img.Facts
	in := ingest.ImageInput{
		OriginalName: f.OriginalName, Prompt: f.Prompt, NegativePrompt: f.NegativePrompt, GenerationType: f.GenerationType,
		ExtraInformation: f.ExtraInformation, Metadata: f.Metadata, Tags: f.Tags, IsSynthetic: f.IsSynthetic, Done: f.Done, Reviewed: f.Reviewed,
	}
	if img.Split != "" {
		in.Split = &img.Split
	}
	return in
}

// matchNames finds images of the dataset for items without pictures, by the names that files tell.
func (r *run) matchNames(ctx context.Context, group []*item) error {
	var without []*item
	for _, it := range group {
		switch {
		case it.File != nil:
		case it.Name == "":
			it.result.Status = Invalid
		default:
			without = append(without, it)
		}
	}
	if len(without) == 0 {
		return nil
	}
	found, err := r.named(ctx, without)
	if err != nil {
		return err
	}
	splits := map[image.Split][]gid.ImageID{}
	for _, it := range without {
		ids := found[it]
		switch len(ids) {
		case 0:
			it.refuse("its picture is neither among the files nor in the dataset")
		case 1:
			it.result.Status, it.result.Image = Matched, &ent.Image{ID: ids[0]}
			if it.ID != 0 {
				r.images[it.ID] = ids[0]
			}
			if it.Split != "" {
				splits[it.Split] = append(splits[it.Split], ids[0])
			}
		default:
			it.refuse("several images of the dataset have the name of its picture, which is not among the files")
		}
	}
	if r.options.Mode == Append || r.options.DryRun {
		return nil
	}
	for split, ids := range splits {
		targets := catalog.Targets[gid.ImageID]{IDs: unique(ids)}
		if err := catalog.UpdateImages(ctx, r.db, targets, catalog.UpdateImageInput{Split: &split}); err != nil {
			return err
		}
	}
	return nil
}

func unique[T comparable](all []T) (once []T) {
	seen := map[T]bool{}
	for _, v := range all {
		if !seen[v] {
			seen[v] = true
			once = append(once, v)
		}
	}
	return once
}

// named finds images by the names that files tell: the one that our exports give an image, which begins with its id, or else
// the name that it was uploaded under, or that the server gave it; without its extension if the files have none.
func (r *run) named(ctx context.Context, items []*item) (map[*item][]gid.ImageID, error) {
	names := map[string][]*item{}
	var all []string
	var ids []gid.ImageID
	for _, it := range items {
		base := path.Base(strings.ReplaceAll(it.Name, `\`, "/"))
		for _, name := range spellings(base) {
			if names[name] == nil {
				all = append(all, name)
			}
			names[name] = append(names[name], it)
		}
		digits, _, _ := strings.Cut(strings.TrimSuffix(base, path.Ext(base)), "_")
		if n, err := strconv.Atoi(digits); err == nil && n > 0 {
			ids = append(ids, gid.ImageID(n))
		}
	}
	rows, err := r.db.Image.Query().
		Where(image.DatasetID(r.dataset), image.Or(image.IDIn(ids...), image.OriginalNameIn(all...), image.NameIn(all...))).
		Order(image.ByID()).Limit(10*groupImages*len(extensions)).
		Select(image.FieldID, image.FieldName, image.FieldOriginalName, image.FieldFormat).All(ctx)
	if err != nil {
		return nil, err
	}
	exported, others := map[*item][]gid.ImageID{}, map[*item][]gid.ImageID{}
	for _, row := range rows {
		file := (&export.Image{ID: row.ID, OriginalName: row.OriginalName, Format: row.Format}).FileName()
		for _, it := range names[file] {
			exported[it] = append(exported[it], row.ID)
		}
		for _, name := range unique([]string{row.Name, row.OriginalName}) {
			for _, it := range names[name] {
				others[it] = append(others[it], row.ID)
			}
		}
	}
	maps.Copy(others, exported)
	for it, ids := range others {
		others[it] = unique(ids)
	}
	return others, nil
}

// extensions are those that a name without one may have.
var extensions = []string{".jpg", ".jpeg", ".png", ".webp", ".gif", ".JPG", ".JPEG", ".PNG"}

// spellings are names that a file may have which is called so, perhaps without its extension.
func spellings(name string) []string {
	for _, e := range extensions {
		if strings.EqualFold(path.Ext(name), e) {
			return []string{name}
		}
	}
	all := []string{name}
	for _, e := range extensions {
		all = append(all, name+e)
	}
	return all
}

// readRows reads how large the images are that the dataset has.
func (r *run) readRows(ctx context.Context, group []*item) error {
	var ids []gid.ImageID
	for _, it := range identified(group) {
		if it.row == nil {
			ids = append(ids, it.result.Image.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := r.db.Image.Query().Where(image.IDIn(ids...)).Select(image.FieldID, image.FieldWidth, image.FieldHeight, image.FieldBaseImageID).All(ctx)
	if err != nil {
		return err
	}
	found := map[gid.ImageID]*ent.Image{}
	for _, row := range rows {
		found[row.ID] = row
	}
	for _, it := range identified(group) {
		if it.row != nil {
			continue
		}
		if it.row = found[it.result.Image.ID]; it.row == nil {
			it.result.Image = nil
			it.refuse("its image was deleted meanwhile")
			continue
		}
		if it.row.BaseImageID == nil { // an import that was broken off may not have come so far
			r.base(it)
		}
	}
	return nil
}

// linkBases links images that were made to those that they were made from, as far as the files have them.
func (r *run) linkBases(ctx context.Context) error {
	links := map[gid.ImageID]gid.ImageID{}
	for id, told := range r.based {
		if base, ok := r.images[told]; ok && base != id {
			links[id] = base
		}
	}
	if len(links) == 0 || r.options.DryRun {
		return nil
	}
	return r.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error { return catalog.LinkBases(ctx, r.db, tx, r.dataset, links) })
}
