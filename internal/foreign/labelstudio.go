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
	"github.com/datasetgen/datagen/internal/rawjson"
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
	ID          json.RawMessage       `json:"id"`
	Data        json.RawMessage       `json:"data"`
	Meta        json.RawMessage       `json:"meta"`
	Annotations list[lsAnnotation]    `json:"annotations"`
	Predictions list[json.RawMessage] `json:"predictions"` // or their ids
}

type lsAnnotation struct {
	Result      json.RawMessage `json:"result"` // a list of lsResult
	Cancelled   bool            `json:"was_cancelled"`
	GroundTruth bool            `json:"ground_truth"`
	Parent      json.RawMessage `json:"parent_prediction"` // that it was made from
	Score       *float64        `json:"score"`             // of a prediction
}

type lsResult struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Width    float64         `json:"original_width"`
	Height   float64         `json:"original_height"`
	Rotation float64         `json:"image_rotation"`
	Score    *float64        `json:"score"`
	Value    json.RawMessage `json:"value"`
}

func readLabelStudio(ctx context.Context, t *Tree, _ export.Options) (*Dataset, error) {
	files, err := jsonFiles(ctx, t, func(h jsonHead) bool { return h.isList })
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, invalid("has no JSON with a list of tasks")
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
		if len(text) > maxYAML {
			return nil, invalid(fmt.Sprintf("%s has more than %d bytes", p, maxYAML))
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
			unfit, err := r.decode(&task)
			switch {
			case err != nil:
				return err
			case unfit != "":
				return visit(inFile(fmt.Sprintf("%s task number %d", f.Path, i+1), unfit))
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
	id := shown(task.ID)
	if id == "" {
		id = fmt.Sprintf("number %d", i+1)
	}
	img := &Image{Place: fmt.Sprintf("%s task %s", f.Path, id), Split: splitNamed(textIn(task.Meta, "Split", "split"))}
	img.Name = clipped(lsPicture(task.Data))
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
	if chosen == nil || len(chosen.Parent) == 0 || string(chosen.Parent) == "null" { // otherwise people have looked at what was predicted
		for _, raw := range task.Predictions.all {
			var p lsAnnotation
			if json.Unmarshal(raw, &p) == nil {
				img.drawResults(&p, true)
			}
		}
	}
	return img
}

// lsPicture is the path of the picture that a task is about: below the folder that a local storage serves, or of a URL.
func lsPicture(data []byte) string {
	for _, name := range []string{"image", "img", "url"} {
		if place := lsPlace(member(data, name)); place != "" {
			return place
		}
	}
	for _, value := range rawjson.Object(data).Members() {
		if place := lsPlace(value); place != "" {
			return place
		}
	}
	return ""
}

// lsPlace is the path of the picture that a value in JSON names, empty when it names none.
func lsPlace(value []byte) string {
	var text string
	if len(value) == 0 || json.Unmarshal(value, &text) != nil {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	place := u.Path
	if local := u.Query().Get("d"); local != "" {
		place = local
	}
	if !IsPicture(place) {
		return ""
	}
	return strings.TrimPrefix(place, "/")
}

// textIn is the text that an object in JSON has by the first of the names that it has, empty when there is none.
func textIn(object []byte, names ...string) (text string) {
	for _, name := range names {
		if raw := member(object, name); raw != nil && json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return ""
}

// chosen is the annotation that counts, of those that several people may have made: the one that is said to be true, or else
// the first.
func (task *lsTask) chosen(img *Image) (chosen *lsAnnotation) {
	n := 0
	for i, unfit := range task.Annotations.unfit {
		img.wrong(fmt.Sprintf("%s annotation number %d", img.Place, i+1), unfit)
	}
	for i := range task.Annotations.all {
		a := &task.Annotations.all[i]
		if a.Cancelled || task.Annotations.unfit[i] != "" {
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
	var results list[lsResult]
	if err := json.Unmarshal(a.Result, &results); err != nil && len(a.Result) > 0 {
		message, _ := broken(err)
		img.wrong(img.Place, message)
		return
	}
	results.lack(img, img.Place)
	for i := range results.all {
		r := &results.all[i]
		if unfit := results.unfit[i]; unfit != "" {
			img.wrong(fmt.Sprintf("%s result number %d", img.Place, i+1), unfit)
			continue
		}
		like := polygon(nil)
		like.Place, like.InPixels = fmt.Sprintf("%s result %s", img.Place, shown(r.ID)), true
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
	width, height := pixels(r.Width), pixels(r.Height)
	if width < 1 || height < 1 || width > maxSide || height > maxSide {
		img.wrong(like.Place, "does not tell how large the image is")
		return
	}
	img.Width, img.Height = width, height
	var labels list[string]
	if json.Unmarshal(member(r.Value, r.Type), &labels) != nil || len(labels.all) == 0 || labels.unfit != nil {
		img.wrong(like.Place, "has no label")
		return
	}
	if len(labels.all) > 1 {
		img.note(like.Place, "has several labels, the first of which is imported")
	}
	like.Label = labels.all[0]
	x, y := r.Width/100, r.Height/100 // of a percent
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
		var points list[numbers]
		if json.Unmarshal(member(r.Value, "points"), &points) != nil || points.more > 0 || points.unfit != nil {
			img.wrong(like.Place, "has points that are none")
			return
		}
		for _, p := range points.all {
			if len(p) < 2 {
				img.wrong(like.Place, "has points that are none")
				return
			}
			like.Points = append(like.Points, Point{p[0] * x, p[1] * y})
		}
		img.add(like)
	default:
		img.wrong(like.Place, "of "+shown(r.Type)+" nothing is imported: it is neither a rectangle nor a polygon")
	}
}

// number is a number of a value, NaN when there is none.
func (r *lsResult) number(name string) float64 {
	if n, ok := numberIn(r.Value, name); ok {
		return n
	}
	if name == "rotation" && member(r.Value, name) == nil {
		return 0
	}
	return math.NaN()
}
