package export

import (
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// Formats are all that there are, in the order in which people look for them.
func Formats() []Format {
	return []Format{
		yoloDetection(), yoloSegmentation(), coco(), pascalVOC(), imageFolder(), cvat(), labelStudio(), csv(), jsonl(), datumaro(), webDataset(), createML(), tfRecord(), openImages(),
	}
}

// FormatOf returns the format of a name, or a fault.Invalid that says which there are.
func FormatOf(name string) (Format, error) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, f := range all {
			names[i] = f.Name
		}
		return Format{}, fault.InvalidAt("is none of "+strings.Join(names, ", "), "format")
	}
	return all[i], nil
}

// Choose returns a value for each option of the format: one that was asked for, or the first. What is not allowed, or no
// option of the format, is a fault.Invalid.
func (f Format) Choose(asked map[string]string) (Options, error) {
	return Choose(f.Name, f.Options, asked)
}

// Choice is the choice of an option, by its name.
type Choice struct{ Name, Value string }

// Asked returns choices by their names. A name that comes twice is a fault.Invalid, under that name.
func Asked(choices []*Choice) (map[string]string, error) {
	var c fault.Check
	asked := map[string]string{}
	for _, o := range choices {
		_, twice := asked[o.Name]
		c.That(!twice, "is chosen more than once", o.Name)
		asked[o.Name] = o.Value
	}
	return asked, c.Err()
}

// Choose returns a value for each of the options of a format of that name, as Format.Choose does.
func Choose(format string, options []Option, asked map[string]string) (Options, error) {
	var c fault.Check
	chosen := Options{}
	for _, o := range options {
		chosen[o.Name] = o.Values[0]
		if value, ok := asked[o.Name]; ok {
			c.That(slices.Contains(o.Values, value), "is none of "+strings.Join(o.Values, ", "), o.Name)
			chosen[o.Name] = value
		}
	}
	for name := range asked {
		_, known := chosen[name]
		c.That(known, "is no option of "+format, name)
	}
	return chosen, c.Err()
}
