package foreign

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// coco is the format of the COCO challenges (https://cocodataset.org/#format-data), with pictures in images, in images/train
// and so on, or beside the file as Roboflow has them.
func coco() Format {
	return Format{
		Name: "coco", Title: "COCO", Files: "*.json with images, annotations and categories",
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			files, err := jsonFiles(ctx, t, isCOCO)
			return len(files) > 0, err
		},
		read: readCOCO,
	}
}

// jsonHead is what can be told of a file of JSON from its first members.
type jsonHead struct {
	isList  bool
	members map[string]json.Delim // the kinds of values: '[', '{', or 0 for others
}

func isCOCO(h jsonHead) bool {
	return h.members["images"] == '[' || h.members["annotations"] == '[' || h.members["categories"] == '['
}

// jsonFiles returns the files of JSON whose beginning is as wanted.
func jsonFiles(ctx context.Context, t *Tree, want func(jsonHead) bool) (files []*File, err error) {
	for _, p := range t.with(".json") {
		head, err := t.files[p].head(ctx)
		if err != nil {
			return nil, err
		}
		if want(head) {
			files = append(files, t.files[p])
		}
	}
	return files, nil
}

// head reads what begins within the first piece of a file; what is no JSON has none.
func (f *File) head(ctx context.Context) (h jsonHead, err error) {
	r, err := f.open(ctx)
	if err != nil {
		return h, err
	}
	defer r.Close()
	h.members = map[string]json.Delim{}
	const enough = 1 << 16
	r.left = enough
	d := json.NewDecoder(r)
	first, err := d.Token()
	if errors.Is(err, fault.Invalid) && r.left > 0 { // it may be one of ours, could it be read
		message, _ := broken(err)
		return h, invalid(f.Path + " " + message)
	}
	if err != nil {
		return h, nil // it is none of ours
	}
	h.isList = first == json.Delim('[')
	for depth, name := 1, ""; ; {
		token, err := d.Token()
		if err != nil {
			return h, nil // so much is known
		}
		delim, _ := token.(json.Delim)
		if depth == 1 {
			if text, isText := token.(string); isText && name == "" {
				name = text
				continue
			}
			h.members[name], name = delim, ""
		}
		switch delim {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
}

// cocoFile is a file that is read.
type cocoFile struct {
	file       *File
	images     []cocoImage
	places     map[string]int // of images, by their ids as they stand in the file
	categories map[string]int // places of labels, by ids
	shapes     *spool
	unfit      *Image // with what is wrong with images; nil when nothing is
}

// cocoImage is what is kept of an image.
type cocoImage struct {
	id            string // for people
	file          string
	width, height int
}

type cocoCategory struct {
	ID    json.RawMessage `json:"id"`
	Name  string          `json:"name"`
	Super json.RawMessage `json:"supercategory"`
}

func readCOCO(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files, err := jsonFiles(ctx, t, isCOCO)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, invalid("has no JSON with images, annotations and categories")
	}
	d := &Dataset{}
	var read []*cocoFile
	var bad []*Image
	for _, f := range instancesOf(files) {
		c := &cocoFile{file: f, places: map[string]int{}, categories: map[string]int{}}
		err := c.read(ctx, d)
		if message, ok := broken(err); ok {
			bad = append(bad, inFile(f.Path, message))
			continue
		}
		if err != nil {
			return nil, closing(d, err)
		}
		read = append(read, c)
		if c.unfit != nil {
			bad = append(bad, c.unfit)
		}
	}
	d.Images = func(yield func(*Image, error) bool) {
		for _, img := range bad {
			if !yield(img, nil) {
				return
			}
		}
		for _, c := range read {
			if !c.each(t, d, yield) {
				return
			}
		}
	}
	return d, nil
}

// closing closes a dataset of which nothing becomes.
func closing(d *Dataset, err error) error {
	_ = d.Close()
	return err
}

// instancesOf leaves out captions and the like: where there are files of instances, these are what is wanted.
func instancesOf(files []*File) (instances []*File) {
	for _, f := range files {
		if strings.HasPrefix(path.Base(f.Path), "instances_") {
			instances = append(instances, f)
		}
	}
	if instances == nil {
		return files
	}
	return instances
}

// read reads a file once: images into memory, annotations by their images to the disk.
func (c *cocoFile) read(ctx context.Context, d *Dataset) error {
	r, err := c.file.json(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if c.shapes, err = d.newSpool(); err != nil {
		return err
	}
	var categories []cocoCategory
	used := map[string]bool{}
	err = r.members(func(name string) error {
		switch name {
		case "images":
			return r.elements(func(i int) error { return c.readImage(r, i) })
		case "categories":
			return r.elements(func(i int) error {
				var category cocoCategory
				if unfit, err := r.decode(&category); err != nil || unfit != "" {
					c.wrong(fmt.Sprintf("%s category number %d", c.file.Path, i+1), unfit)
					return err
				}
				if len(categories) == maxCategories {
					return fault.InvalidAt(fmt.Sprintf("has more than %d categories", maxCategories))
				}
				categories = append(categories, category)
				return nil
			})
		case "annotations":
			return r.elements(func(int) error {
				var raw json.RawMessage
				if err := r.Decode(&raw); err != nil {
					return err
				}
				return c.spool(raw, used)
			})
		default:
			return r.skip()
		}
	})
	if err != nil {
		return err
	}
	c.label(d, categories, used)
	return nil
}

const (
	maxImages     = 2_000_000
	maxCategories = 100_000
)

// wrong notes what is wrong with an image or a category, if anything is.
func (c *cocoFile) wrong(place, message string) {
	if message == "" {
		return
	}
	if c.unfit == nil {
		c.unfit = &Image{Place: c.file.Path, Spoils: true}
	}
	c.unfit.wrong(place, message)
}

func (c *cocoFile) readImage(r *jsonStream, i int) error {
	var img struct {
		ID     json.RawMessage `json:"id"`
		File   string          `json:"file_name"`
		Width  float64         `json:"width"`
		Height float64         `json:"height"`
	}
	if unfit, err := r.decode(&img); err != nil || unfit != "" {
		c.wrong(fmt.Sprintf("%s image number %d", c.file.Path, i+1), unfit)
		return err
	}
	if len(c.images) == maxImages {
		return fault.InvalidAt(fmt.Sprintf("has more than %d images", maxImages))
	}
	place := c.place(key(img.ID))
	c.images[place] = cocoImage{shown(img.ID), clipped(img.File), pixels(img.Width), pixels(img.Height)}
	return nil
}

// place is where an image of an id is among all, whether it has been read yet or not.
func (c *cocoFile) place(id string) int {
	place, ok := c.places[id]
	if !ok {
		place = len(c.images)
		c.places[id] = place
		c.images = append(c.images, cocoImage{})
	}
	return place
}

// spool keeps an annotation until its image is asked for.
func (c *cocoFile) spool(raw []byte, used map[string]bool) error {
	var image, category string
	for name, value := range rawjson.Object(raw).Members() {
		switch name {
		case "image_id":
			image = key(bytes.TrimSpace(value))
		case "category_id":
			category = key(bytes.TrimSpace(value))
		}
	}
	used[category] = true
	if len(c.images) >= maxImages {
		if _, known := c.places[image]; !known {
			return fault.InvalidAt(fmt.Sprintf("has more than %d images", maxImages))
		}
	}
	return c.shapes.add(c.place(image), raw)
}

// label notes the categories, but for the one that Roboflow puts before them, which stands for all and is not used.
func (c *cocoFile) label(d *Dataset, categories []cocoCategory, used map[string]bool) {
	for _, cat := range categories {
		id := key(cat.ID)
		if string(cat.Super) == `"none"` && !used[id] {
			continue
		}
		c.categories[id] = d.label(Label{Name: cat.Name})
	}
}

// label returns the place of a label of that name, which is added if there is none.
func (d *Dataset) label(l Label) int {
	place, known := d.places[l.Name]
	if known {
		return place
	}
	if d.places == nil {
		d.places = map[string]int{}
	}
	d.places[l.Name] = len(d.Labels)
	d.Labels = append(d.Labels, l)
	return len(d.Labels) - 1
}

// each yields the images of the file.
func (c *cocoFile) each(t *Tree, d *Dataset, yield func(*Image, error) bool) bool {
	split, folders := splitIn(c.file.Path), around(c.file.Path)
	for i, told := range c.images {
		place := fmt.Sprintf("%s image %s", c.file.Path, told.id)
		img := &Image{Place: place, Name: told.file, File: t.picture(told.file, folders...), Width: told.width, Height: told.height, Split: split}
		records, more, err := c.shapes.of(i)
		if err != nil {
			return yield(nil, err)
		}
		if told.file == "" {
			img = inFile(c.file.Path, fmt.Sprintf("%d annotations are of images that it does not list", len(records)+more))
		}
		img.tooMany(place, more)
		for _, raw := range records {
			if told.file != "" {
				c.draw(d, img, raw)
			}
		}
		if !yield(img, nil) {
			return false
		}
	}
	return true
}

type cocoAnnotation struct {
	ID           json.RawMessage `json:"id"`
	Category     json.RawMessage `json:"category_id"`
	Box          numbers         `json:"bbox"`
	Segmentation json.RawMessage `json:"segmentation"`
	Score        *float64        `json:"score"`
}

// draw adds the shapes of an annotation: its segmentation, or if it has none its box.
func (c *cocoFile) draw(d *Dataset, img *Image, raw []byte) {
	var a cocoAnnotation
	if err := json.Unmarshal(raw, &a); err != nil {
		message, _ := broken(err)
		img.wrong(fmt.Sprintf("%s annotation %s", c.file.Path, shown(a.ID)), message)
		return
	}
	place := fmt.Sprintf("%s annotation %s", c.file.Path, shown(a.ID))
	class, ok := c.categories[key(a.Category)]
	if !ok {
		img.wrong(place, "there is no category "+shown(a.Category))
		return
	}
	like := polygon(nil)
	like.Place, like.Label, like.InPixels = place, d.Labels[class].Name, true
	if a.Score != nil {
		like.guessed(*a.Score)
	}
	switch segmentation := bytes.TrimSpace(a.Segmentation); {
	case len(segmentation) > 0 && segmentation[0] == '{':
		drawRLE(img, like, segmentation)
	case len(segmentation) > 2 && segmentation[0] == '[' && drawPolygons(img, like, segmentation):
	case len(a.Box) == 4:
		s := box(a.Box[0], a.Box[1], a.Box[2], a.Box[3])
		like.IsBox, like.Points = true, s.Points
		img.add(like)
	default:
		img.wrong(place, "has neither a box nor a segmentation")
	}
}

// drawPolygons adds a list of polygons, or a single one without a list around it. It is false when there is none.
func drawPolygons(img *Image, like Shape, segmentation []byte) bool {
	var single numbers
	var parts list[numbers]
	if json.Unmarshal(segmentation, &single) == nil {
		parts.all = []numbers{single}
	} else if json.Unmarshal(segmentation, &parts) != nil {
		return false
	}
	parts.lack(img, like.Place)
	drawn := 0
	for _, part := range parts.all {
		points, even := pairs(part)
		if len(points) < 3 || !even {
			continue
		}
		like.Points = points
		img.add(like)
		drawn++
	}
	if drawn > 1 {
		img.note(like.Place, "is in several parts, each of which becomes a polygon")
	}
	return drawn > 0
}

// drawRLE adds a bitmap.
func drawRLE(img *Image, like Shape, segmentation []byte) {
	var rle struct {
		Counts json.RawMessage `json:"counts"`
		Size   [2]int          `json:"size"` // height and width
	}
	var lengths []int
	var text string
	err := json.Unmarshal(segmentation, &rle)
	ok := err == nil && bytes.Count(rle.Counts, []byte{','}) < maxRuns
	if ok && json.Unmarshal(rle.Counts, &lengths) != nil {
		ok = json.Unmarshal(rle.Counts, &text) == nil
		if ok {
			lengths, ok = decodeRLE(text)
		}
	}
	m, fits := runs(lengths, rle.Size[0], rle.Size[1], true)
	if !ok || !fits {
		img.wrong(like.Place, "has a mask that is none")
		return
	}
	if cmp.Or(img.Width, rle.Size[1]) != rle.Size[1] || cmp.Or(img.Height, rle.Size[0]) != rle.Size[0] {
		img.wrong(like.Place, "has a mask of another size than the image")
		return
	}
	img.Width, img.Height = rle.Size[1], rle.Size[0]
	img.addMask(m, like, 0, 0)
}
