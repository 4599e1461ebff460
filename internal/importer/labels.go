package importer

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
)

// labels are those of the dataset, by the keys of those in the files.
type labels struct {
	ids     map[string]gid.LabelID // 0 of those that there are not, or that a dry run would make
	named   map[string][]gid.LabelID
	made    map[string]bool
	added   map[string]int // labels of names, by this import or by others meanwhile
	created []string       // names
	order   int            // of the last one
}

// maxLabels is how many labels an import may make.
const maxLabels = 10_000

// readLabels finds the labels that the files declare among those of the dataset, by their names: of several that share one
// the first is the first. Those that are not there are made, if they are to be.
func (r *run) readLabels(ctx context.Context, declared []foreign.Label) (*labels, error) {
	l := &labels{ids: map[string]gid.LabelID{}, named: map[string][]gid.LabelID{}, made: map[string]bool{}, added: map[string]int{}}
	rows, err := r.db.Label.Query().Where(label.DatasetID(r.dataset)).Order(label.ByOrder(), label.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		l.named[row.Name] = append(l.named[row.Name], row.ID)
		l.order = max(l.order, row.Order)
	}
	nth := map[string]int{}
	var missing []foreign.Label
	for _, d := range declared {
		key, n := keyOf(d), nth[d.Name]
		if _, twice := l.ids[key]; twice || d.Name == "" {
			continue
		}
		nth[d.Name]++
		if n < len(l.named[d.Name]) {
			l.ids[key] = l.named[d.Name][n]
			continue
		}
		missing = append(missing, d)
		l.ids[key] = 0
	}
	if r.options.CreateLabels {
		err = r.createLabels(ctx, l, missing)
	}
	return l, err
}

func keyOf(l foreign.Label) string {
	if l.Key == "" {
		return l.Name
	}
	return l.Key
}

// createLabels makes labels, after those that there are.
func (r *run) createLabels(ctx context.Context, l *labels, missing []foreign.Label) error {
	var inputs []catalog.CreateLabelInput
	var made []foreign.Label
	for _, m := range missing {
		if !isLine(m.Name) || len(l.made) >= maxLabels {
			continue // its shapes are complained about
		}
		if l.order < math.MaxInt32 {
			l.order++
		}
		in := catalog.CreateLabelInput{Name: m.Name, Color: m.Color, Order: new(l.order), Prompt: textOf(m.Prompt), NegativePrompt: textOf(m.NegativePrompt)}
		if in.Color == "" || !isLine(in.Color) {
			in.Color = colorOf(len(l.named) + len(l.made))
		}
		inputs, made = append(inputs, in), append(made, m)
		l.made[keyOf(m)] = true
	}
	if len(inputs) == 0 {
		return nil
	}
	if r.options.DryRun {
		for _, m := range made {
			l.created = append(l.created, m.Name)
		}
		return nil
	}
	counted := func(name string) int { return len(l.named[name]) + l.added[name] }
	rows, fresh, err := catalog.AddLabels(ctx, r.db, r.dataset, inputs, counted, func(i int) []any { return []any{"labels", i} })
	if err != nil {
		return err
	}
	for i, row := range rows {
		l.ids[keyOf(made[i])] = row.ID
		l.added[row.Name]++
	}
	for _, i := range fresh {
		l.created = append(l.created, made[i].Name)
	}
	return nil
}

// maxLabelName is how long the names and colours of labels may be, in characters.
const maxLabelName = 100

// maxPrompt is how long their prompts may be.
const maxPrompt = 10_000

// isLine tells texts that the name or the colour of a label can be.
func isLine(text string) bool {
	var c fault.Check
	c.Line(&text, maxLabelName)
	return c.Err() == nil
}

// textOf is a text that the prompt of a label can be, nil when it is none.
func textOf(text string) *string {
	var c fault.Check
	if c.Text(&text, maxPrompt); c.Err() != nil {
		return nil
	}
	return &text
}

// colorOf is the colour of the nth label: hues a golden angle apart, so that neighbours differ.
func colorOf(n int) string {
	hue := math.Mod(float64(n)*137.508, 360)
	channel := func(at float64) int { // of HSL with a saturation of 65 % and a lightness of 50 %, as CSS Color 4 computes it
		k := math.Mod(at+hue/30, 12)
		return int(math.Round(255 * (0.5 - 0.325*max(-1, min(k-3, 9-k, 1)))))
	}
	return fmt.Sprintf("#%02x%02x%02x", channel(0), channel(8), channel(4))
}

// prepareLabels makes labels that the files do not declare and shapes of a group have, if they are to be, at once.
func (r *run) prepareLabels(ctx context.Context, group []*item) error {
	if !r.options.CreateLabels {
		return nil
	}
	l := r.labels
	var missing []foreign.Label
	for _, it := range group {
		if it.row == nil {
			continue
		}
		for _, s := range it.Shapes {
			if _, known := l.ids[s.Label]; known || len(l.named[s.Label]) > 0 || !isLine(s.Label) {
				continue
			}
			l.ids[s.Label] = 0
			missing = append(missing, foreign.Label{Name: s.Label})
		}
	}
	return r.createLabels(ctx, l, missing)
}

// findLabel returns the label of a key, or says why there is none. A dry run finds a label 0 for one that would be made.
func (r *run) findLabel(key string) (id gid.LabelID, problem string) {
	l := r.labels
	if _, known := l.ids[key]; !known { // the files do not declare it
		if same := l.named[key]; len(same) > 0 {
			l.ids[key] = same[0]
		}
	}
	switch id := l.ids[key]; {
	case id != 0 || l.made[key]:
		return id, ""
	case !r.options.CreateLabels:
		return 0, fmt.Sprintf("the dataset has no label %q; have missing labels created", shown(key))
	default:
		return 0, fmt.Sprintf("a label %q cannot be created", shown(key))
	}
}

// shown is the beginning of a name.
func shown(name string) string { return shownOf(name, maxLabelName) }

// maxShownName is how much of the names of images is told, in characters.
const maxShownName = 1000

// shownOf is the beginning of a name, of so many characters.
func shownOf(name string, most int) string {
	for i := range name {
		if most--; most < 0 {
			return strings.Clone(name[:i])
		}
	}
	return name
}
