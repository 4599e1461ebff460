package foreign

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/export"
)

// yolo is what Ultralytics' models are trained from, for detection, segmentation and oriented boxes
// (https://docs.ultralytics.com/datasets/detect/), and darknet's older form of it. A picture's labels are in a text of its name:
// in the folder that is called labels where the last one called images was, or beside it.
func yolo() Format {
	return Format{
		Name: "yolo", Title: "YOLO", Files: "a data.yaml, classes.txt or obj.names, and labels/*.txt",
		detect: func(_ context.Context, t *Tree) (bool, error) {
			return yoloNames(t) != nil, nil
		},
		read: readYOLO,
	}
}

// yoloNames is the file that names the classes: the one nearest to the top.
func yoloNames(t *Tree) *File {
	for _, name := range []string{"data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "classes.txt", "obj.names"} {
		if found := t.called(name); found != nil {
			return t.files[found[0]]
		}
	}
	if all := t.with(".yaml", ".yml"); len(all) == 1 {
		return t.files[all[0]]
	}
	return nil
}

// yoloSet is what a data.yaml says.
type yoloSet struct {
	Names     any `yaml:"names"` // a list, or a map from the number of the class
	Train     any `yaml:"train"` // a folder or a list of folders, or of texts that list pictures
	Val       any `yaml:"val"`
	Test      any `yaml:"test"`
	Keypoints any `yaml:"kpt_shape"`
	folder    string
	classes   []string
}

func readYOLO(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	names := yoloNames(t)
	if names == nil {
		return nil, invalid("has no data.yaml, classes.txt or obj.names, which names the classes")
	}
	set, err := readYOLOSet(ctx, names)
	if err != nil {
		return nil, err
	}
	d := &Dataset{}
	for _, class := range set.classes {
		d.Labels = append(d.Labels, Label{Name: class})
	}
	d.Images = func(yield func(*Image, error) bool) {
		for img := range set.images(t) {
			if err := set.read(ctx, t, img); !yield(img, err) || err != nil {
				return
			}
		}
	}
	return d, nil
}

func readYOLOSet(ctx context.Context, names *File) (*yoloSet, error) {
	text, err := names.text(ctx)
	if err != nil {
		return nil, err
	}
	set := &yoloSet{folder: path.Dir(names.Path)}
	if strings.HasPrefix(strings.ToLower(path.Ext(names.Path)), ".y") {
		if len(text) > maxYAML {
			return nil, invalid(fmt.Sprintf("%s has more than %d bytes", names.Path, maxYAML))
		}
		// This package of all refuses aliases that would grow, and nesting without end.
		if err := yaml.Unmarshal(text, set); err != nil {
			return nil, invalid(names.Path + " is no YAML")
		}
		if set.classes, err = yoloClasses(set.Names); err != nil {
			return nil, invalid(fmt.Sprintf("%s: %v", names.Path, err))
		}
		return set, nil
	}
	for line := range strings.Lines(string(text)) {
		set.classes = append(set.classes, strings.TrimSpace(line))
	}
	for n := len(set.classes); n > 0 && set.classes[n-1] == ""; n-- {
		set.classes = set.classes[:n-1]
	}
	return set, nil
}

const (
	maxClasses = 10_000
	maxYAML    = 1 << 20 // bytes: names of so many classes
)

// yoloClasses reads the names of classes, as a list or by their numbers. Those between which are missing are empty.
func yoloClasses(names any) (classes []string, err error) {
	switch names := names.(type) {
	case []any:
		for i, name := range names {
			if classes, err = named(classes, strconv.Itoa(i), name); err != nil {
				return nil, err
			}
		}
	case map[string]any: // if all numbers are texts
		for number, name := range names {
			if classes, err = named(classes, number, name); err != nil {
				return nil, err
			}
		}
	case map[any]any:
		for number, name := range names {
			if classes, err = named(classes, fmt.Sprint(number), name); err != nil {
				return nil, err
			}
		}
	case nil:
		return nil, errors.New("has no names of classes")
	default:
		return nil, errors.New("names is no list")
	}
	return classes, nil
}

// named gives the class of a number a name.
func named(classes []string, number string, name any) ([]string, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= maxClasses {
		return nil, fmt.Errorf("there cannot be a class %q: they are numbered from 0 to %d", number, maxClasses-1)
	}
	switch name.(type) {
	case string, int, float64, bool:
	default:
		return nil, fmt.Errorf("the name of class %d is none", n)
	}
	for len(classes) <= n {
		classes = append(classes, "")
	}
	classes[n] = fmt.Sprint(name)
	return classes, nil
}

// images goes through the pictures, and through the labels that have no picture.
func (set *yoloSet) images(t *Tree) func(yield func(*Image) bool) {
	return func(yield func(*Image) bool) {
		for _, p := range t.paths {
			img := &Image{Place: p, Name: p, File: t.files[p], Split: set.split(p)}
			if !IsPicture(p) {
				if !isYOLOLabels(p) || t.pictures[stem(yoloPicture(p))] != "" || t.pictures[stem(p)] != "" {
					continue
				}
				img.Name, img.File, img.Split = stem(path.Base(p)), nil, set.split(yoloPicture(p))
			}
			if !yield(img) {
				return
			}
		}
	}
}

// isYOLOLabels tells texts that are in a folder for labels.
func isYOLOLabels(file string) bool {
	return strings.EqualFold(path.Ext(file), ".txt") && (strings.Contains("/"+file, "/labels/") || strings.Contains(file, "obj_train_data/"))
}

// yoloLabels is where the labels of a picture are, yoloPicture the other way round.
func yoloLabels(picture string) string {
	return stem(replaceLast("/"+picture, "/images/", "/labels/")[1:]) + ".txt"
}

func yoloPicture(labels string) string { return replaceLast("/"+labels, "/labels/", "/images/")[1:] }

func replaceLast(s, old, by string) string {
	if i := strings.LastIndex(s, old); i >= 0 {
		return s[:i] + by + s[i+len(old):]
	}
	return s
}

// split is that of a picture: which its folders tell, or else the data.yaml.
func (set *yoloSet) split(picture string) image.Split {
	if split := splitOf(picture); split != "" {
		return split
	}
	for _, s := range []struct {
		split   image.Split
		folders any
	}{{image.SplitTrain, set.Train}, {image.SplitVal, set.Val}, {image.SplitTest, set.Test}} {
		folders, isList := s.folders.([]any)
		if !isList {
			folders = []any{s.folders}
		}
		within := func(folder any) bool {
			name, ok := folder.(string)
			return ok && strings.HasPrefix(picture, path.Join(set.folder, name)+"/")
		}
		if slices.ContainsFunc(folders, within) {
			return s.split
		}
	}
	return ""
}

// maxRow is how long a row of labels may be, in bytes: a polygon of as many numbers as a shape may have.
const maxRow = 20 * maxNumbers

// read reads the labels of an image.
func (set *yoloSet) read(ctx context.Context, t *Tree, img *Image) error {
	labels := t.files[img.Place]
	if img.File != nil {
		labels = t.files[yoloLabels(img.Place)]
		if labels == nil {
			labels = t.files[stem(img.Place)+".txt"]
		}
	}
	if labels == nil {
		return nil // it shows nothing
	}
	r, err := labels.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxPiece)
	for n := 1; lines.Scan(); n++ {
		place := fmt.Sprintf("%s:%d", labels.Path, n)
		if len(lines.Bytes()) > maxRow {
			img.wrong(place, fmt.Sprintf("is longer than %d bytes", maxRow))
			continue
		}
		fields := strings.Fields(strings.TrimPrefix(lines.Text(), byteOrderMark))
		if len(fields) == 0 {
			continue
		}
		shape, problem := set.shape(fields)
		if problem != "" {
			img.wrong(place, problem)
			continue
		}
		shape.Place = place
		img.add(shape)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		img.wrong(labels.Path, "has a line that is too long")
		return nil
	}
	if message, ok := broken(lines.Err()); ok {
		img.wrong(labels.Path, message)
		return nil
	}
	return lines.Err()
}

// shape reads a row: a class and a box as its centre and size, or a polygon.
func (set *yoloSet) shape(fields []string) (s Shape, problem string) {
	class, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || class != float64(int(class)) || class < 0 || int(class) >= len(set.classes) {
		return Shape{}, fmt.Sprintf("there is no class %q", shown(fields[0]))
	}
	values := make([]float64, len(fields)-1)
	for i, f := range fields[1:] {
		if values[i], err = strconv.ParseFloat(f, 64); err != nil {
			return Shape{}, fmt.Sprintf("%q is no number", shown(f))
		}
	}
	s, problem = set.geometry(values)
	s.Label = set.classes[int(class)]
	if s.Label == "" && problem == "" {
		problem = fmt.Sprintf("class %s has no name", fields[0])
	}
	if len(values) == 5 && strings.ContainsRune(fields[5], '.') { // a number without is the track that CVAT writes
		s.guessed(values[4])
	}
	return s, problem
}

func (set *yoloSet) geometry(v []float64) (s Shape, problem string) {
	const over = 0.01 // how far beyond the image trainers let coordinates be
	isBox := len(v) == 4 || len(v) == 5 || set.Keypoints != nil && len(v) > 5
	inside := v
	if isBox {
		inside = v[:4]
	}
	for _, x := range inside {
		if x < -over || x > 1+over {
			return Shape{}, fmt.Sprintf("%v is no fraction of the image", x)
		}
	}
	points, even := pairs(v)
	switch {
	case isBox && (v[2] <= 0 || v[3] <= 0):
		return Shape{}, "is a box without width or height"
	case isBox:
		return box(v[0]-v[2]/2, v[1]-v[3]/2, v[2], v[3]), ""
	case len(v) < 6 || !even:
		return Shape{}, fmt.Sprintf("%d numbers after the class are neither a box nor a polygon", len(v))
	default:
		return polygon(points), ""
	}
}
