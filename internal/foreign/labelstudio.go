package foreign

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"net/url"
	"path"
	"strings"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// labelStudio is what Label Studio calls JSON (https://labelstud.io/guide/export): tasks with annotations and predictions, whose
// coordinates are in percent of the image.
func labelStudio() Format {
	return Format{
		Name: "label-studio", Title: "Label Studio", Files: "*.json with a list of tasks",
		detect: func(ctx context.Context, t *Tree) (bool, error) {
			files, err := jsonFiles(ctx, t, func(h jsonHead) bool { return h.isList })
			return len(files) > 0, err
		},
		read: readLabelStudio,
	}
}

type lsTask struct {
	ID          json.RawMessage            `json:"id"`
	Data        map[string]json.RawMessage `json:"data"`
	Meta        struct{ Split string }     `json:"meta"`
	Annotations []lsAnnotation             `json:"annotations"`
	Predictions []json.RawMessage          `json:"predictions"` // or their ids
}

type lsAnnotation struct {
	Result      []lsResult `json:"result"`
	Cancelled   bool       `json:"was_cancelled"`
	GroundTruth bool       `json:"ground_truth"`
	Parent      any        `json:"parent_prediction"` // that it was made from
	Score       *float64   `json:"score"`             // of a prediction
}

type lsResult struct {
	ID       string                     `json:"id"`
	Type     string                     `json:"type"`
	Width    int                        `json:"original_width"`
	Height   int                        `json:"original_height"`
	Rotation float64                    `json:"image_rotation"`
	Score    *float64                   `json:"score"`
	Value    map[string]json.RawMessage `json:"value"`
}

func readLabelStudio(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files, err := jsonFiles(ctx, t, func(h jsonHead) bool { return h.isList })
	if err != nil {
		return nil, err
	}
	d := &Dataset{}
	if d.Labels, err = lsLabels(ctx, t); err != nil {
		return nil, err
	}
	d.Images = func(yield func(*Image, error) bool) {
		for _, f := range files {
			if !f.eachTask(ctx, t, yield) {
				return
			}
		}
	}
	return d, nil
}

// lsLabels are those of a label_config.xml, in its order.
func lsLabels(ctx context.Context, t *Tree) ([]Label, error) {
	d := &Dataset{}
	for _, p := range t.called("label_config.xml") {
		text, err := t.files[p].text(ctx)
		if err != nil {
			return nil, err
		}
		var config lsElement
		if err := xml.Unmarshal(text, &config); err != nil {
			return nil, invalid(p + " is no XML that describes labels")
		}
		config.labels(d, 0)
	}
	return d.Labels, nil
}

type lsElement struct {
	Value      string      `xml:"value,attr"`
	Background string      `xml:"background,attr"`
	Labels     []lsElement `xml:"Label"`
	Below      []lsElement `xml:",any"`
}

func (e *lsElement) labels(d *Dataset, depth int) {
	const deepest = 100
	for _, l := range e.Labels {
		d.label(Label{Name: l.Value, Color: l.Background})
	}
	for i := range e.Below {
		if depth < deepest {
			e.Below[i].labels(d, depth+1)
		}
	}
}

func (f *File) eachTask(ctx context.Context, t *Tree, yield func(*Image, error) bool) bool {
	return f.each(yield, func(visit func(*Image) error) error {
		r, err := f.json(ctx)
		if err != nil {
			return err
		}
		defer r.close()
		return r.elements(func(i int) error {
			var task lsTask
			if err := r.Decode(&task); err != nil {
				return err
			}
			return visit(f.task(t, &task, i))
		})
	})
}

// uploaded is the name of a file without what Label Studio puts before it when it is uploaded: eight digits and a hyphen.
func uploaded(file string) (name string, ok bool) {
	digits, name, ok := strings.Cut(path.Base(file), "-")
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 8 {
		return "", false
	}
	return name, ok && name != ""
}

func (f *File) task(t *Tree, task *lsTask, i int) *Image {
	id := string(task.ID)
	if id == "" {
		id = fmt.Sprintf("number %d", i+1)
	}
	img := &Image{Place: fmt.Sprintf("%s task %s", f.Path, id), Split: splitNamed(task.Meta.Split)}
	img.Name = lsPicture(task.Data)
	if img.Name == "" {
		img.wrong(img.Place, "names no picture")
		return img
	}
	folder := path.Dir(f.Path)
	img.File = t.picture(img.Name, folder, path.Join(folder, "images"))
	if name, ok := uploaded(img.Name); img.File == nil && ok {
		img.Name = name
		img.File = t.picture(img.Name, folder, path.Join(folder, "images"))
	}
	chosen := task.chosen(img)
	if chosen != nil {
		img.drawResults(chosen, false)
	}
	if chosen == nil || chosen.Parent == nil { // otherwise people have looked at what was predicted
		for _, raw := range task.Predictions {
			var p lsAnnotation
			if json.Unmarshal(raw, &p) == nil {
				img.drawResults(&p, true)
			}
		}
	}
	return img
}

// lsPicture is the path of the picture that a task is about: below the folder that a local storage serves, or of a URL.
func lsPicture(data map[string]json.RawMessage) string {
	names := []string{"image", "img", "url"}
	for name := range data {
		names = append(names, name)
	}
	for _, name := range names {
		var value string
		if json.Unmarshal(data[name], &value) != nil {
			continue
		}
		u, err := url.Parse(value)
		if err != nil {
			continue
		}
		place := u.Path
		if local := u.Query().Get("d"); local != "" {
			place = local
		}
		if IsPicture(place) {
			return strings.TrimPrefix(place, "/")
		}
	}
	return ""
}

// chosen is the annotation that counts, of those that several people may have made: the one that is said to be true, or else
// the first.
func (task *lsTask) chosen(img *Image) (chosen *lsAnnotation) {
	n := 0
	for i := range task.Annotations {
		a := &task.Annotations[i]
		if a.Cancelled {
			continue
		}
		if n++; chosen == nil || a.GroundTruth && !chosen.GroundTruth {
			chosen = a
		}
	}
	if n > 1 {
		img.note(img.Place, fmt.Sprintf("of %d annotations one is imported: the ground truth, or else the first", n))
	}
	return chosen
}

func (img *Image) drawResults(a *lsAnnotation, predicted bool) {
	for i := range a.Result {
		r := &a.Result[i]
		like := polygon(nil)
		like.Place, like.InPixels = fmt.Sprintf("%s result %s", img.Place, r.ID), true
		if id, err := gid.ParseAnnotationID(r.ID); err == nil {
			like.ID = &id
		}
		if predicted {
			like.guessed(score(r.Score, a.Score))
		}
		img.drawResult(r, like)
	}
}

// score is the first that there is, or one that counts as none.
func score(scores ...*float64) float64 {
	for _, s := range scores {
		if s != nil {
			return *s
		}
	}
	return math.NaN()
}

func (img *Image) drawResult(r *lsResult, like Shape) {
	if math.Mod(r.Rotation, 360) != 0 {
		img.wrong(like.Place, "is drawn on the image turned")
		return
	}
	if r.Width < 1 || r.Height < 1 || r.Width > maxSide || r.Height > maxSide {
		img.wrong(like.Place, "does not tell how large the image is")
		return
	}
	img.Width, img.Height = r.Width, r.Height
	var labels []string
	if json.Unmarshal(r.Value[r.Type], &labels) != nil || len(labels) == 0 {
		img.wrong(like.Place, "has no label")
		return
	}
	if len(labels) > 1 {
		img.note(like.Place, "has several labels, the first of which is imported")
	}
	like.Label = labels[0]
	x, y := float64(r.Width)/100, float64(r.Height)/100 // of a percent
	switch r.Type {
	case "rectanglelabels":
		left, top := r.number("x")*x, r.number("y")*y
		s := box(left, top, r.number("width")*x, r.number("height")*y)
		like.IsBox, like.Points = true, s.Points
		if angle := r.number("rotation"); math.Mod(angle, 360) != 0 && isFinite(angle) { // about the corner, of pixels
			like.IsBox, like.Points = false, rotated(s.Points, s.Points[0], angle)
		}
		img.add(like)
	case "polygonlabels":
		var points [][2]float64
		if json.Unmarshal(r.Value["points"], &points) != nil {
			img.wrong(like.Place, "has points that are none")
			return
		}
		for _, p := range points {
			like.Points = append(like.Points, Point{p[0] * x, p[1] * y})
		}
		img.add(like)
	default:
		img.wrong(like.Place, "of "+r.Type+" nothing is imported: it is neither a rectangle nor a polygon")
	}
}

// number is a number of a value, NaN when there is none.
func (r *lsResult) number(name string) float64 {
	raw, ok := r.Value[name]
	if !ok && name == "rotation" {
		return 0
	}
	n := math.NaN()
	if json.Unmarshal(raw, &n) != nil {
		return math.NaN()
	}
	return n
}
