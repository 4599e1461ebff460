package download

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// Request is an export that somebody asks for.
type Request struct {
	Dataset  gid.DatasetID
	Snapshot gid.SnapshotID // 0 is what there is now
	Format   export.Format
	Options  export.Options
	Filter   archive.Filter
}

// Names of what a query says. All others are options of formats.
const (
	formatParameter        = "format"
	snapshotParameter      = "snapshot"
	labelsParameter        = "labels"
	splitsParameter        = "splits"
	syntheticParameter     = "synthetic"
	reviewedParameter      = "reviewed"
	minConfidenceParameter = "min_confidence"
)

// Parse reads the query of a URL: format, which there must be; snapshot; labels and splits, which are lists with commas;
// synthetic and reviewed, which are true or false; min_confidence; and the options of the format by their names. What is
// wrong is a fault.Invalid at the name of the parameter.
func Parse(dataset gid.DatasetID, query url.Values) (Request, error) {
	r := Request{Dataset: dataset}
	var c fault.Check
	options := map[string]string{}
	for name, values := range query {
		c.That(len(values) == 1, "comes more than once", name)
		err := r.set(name, values[0], options)
		if err != nil {
			c.That(false, err.Error(), name)
		}
	}
	if err := c.Err(); err != nil {
		return Request{}, err
	}
	format, err := export.FormatOf(query.Get(formatParameter))
	if err != nil {
		return Request{}, err
	}
	r.Format = format
	r.Options, err = format.Choose(options)
	return r, err
}

func (r *Request) set(name, value string, options map[string]string) (err error) {
	switch name {
	case formatParameter:
	case snapshotParameter:
		r.Snapshot, err = number[gid.SnapshotID](value)
	case labelsParameter:
		for text := range strings.SplitSeq(value, ",") {
			id, err := number[gid.LabelID](text)
			if err != nil {
				return err
			}
			r.Filter.Labels = append(r.Filter.Labels, id)
		}
	case splitsParameter:
		for text := range strings.SplitSeq(value, ",") {
			s := image.Split(strings.ToUpper(text))
			if err := image.SplitValidator(s); err != nil {
				return fmt.Errorf("%q is none of train, val, test, none", text)
			}
			r.Filter.Splits = append(r.Filter.Splits, s)
		}
	case syntheticParameter:
		r.Filter.Synthetic, err = boolean(value)
	case reviewedParameter:
		r.Filter.Reviewed, err = boolean(value)
	case minConfidenceParameter:
		r.Filter.MinConfidence, err = confidence(value)
	default:
		options[name] = value
	}
	return err
}

func number[ID ~int](text string) (ID, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not an id", text)
	}
	return ID(n), nil
}

func boolean(text string) (*bool, error) {
	switch text {
	case "true":
		return new(true), nil
	case "false":
		return new(false), nil
	}
	return nil, fmt.Errorf("%q is neither true nor false", text)
}

func confidence(text string) (*float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return nil, fmt.Errorf("%q is not between 0 and 1", text)
	}
	return &f, nil
}

// Query is the query of a URL by which Parse finds the same request. There is one text for all that ask for the same.
func (r Request) Query() string {
	q := url.Values{formatParameter: {r.Format.Name}}
	if r.Snapshot != 0 {
		q.Set(snapshotParameter, strconv.Itoa(int(r.Snapshot)))
	}
	if r.Filter.Labels != nil {
		q.Set(labelsParameter, joined(r.Filter.Labels, func(id gid.LabelID) string { return strconv.Itoa(int(id)) }))
	}
	if r.Filter.Splits != nil {
		q.Set(splitsParameter, joined(r.Filter.Splits, func(s image.Split) string { return strings.ToLower(string(s)) }))
	}
	if r.Filter.Synthetic != nil {
		q.Set(syntheticParameter, strconv.FormatBool(*r.Filter.Synthetic))
	}
	if r.Filter.Reviewed != nil {
		q.Set(reviewedParameter, strconv.FormatBool(*r.Filter.Reviewed))
	}
	if r.Filter.MinConfidence != nil {
		q.Set(minConfidenceParameter, strconv.FormatFloat(*r.Filter.MinConfidence, 'g', -1, 64))
	}
	for _, o := range r.Format.Options {
		if value := r.Options[o.Name]; value != o.Values[0] {
			q.Set(o.Name, value)
		}
	}
	return q.Encode() // sorted by the names
}

func joined[T ~int | ~string](list []T, text func(T) string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	var all []string
	for _, v := range slices.Compact(list) {
		all = append(all, text(v))
	}
	return strings.Join(all, ",")
}
