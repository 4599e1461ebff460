package download

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/snapshot"
)

// Check is what an export will not hold as it is.
type Check struct {
	Images      int
	Annotations int
	Problems    []*ProblemCount // those of which there are most first
	Items       []*Problem      // the first of them
}

// ProblemCount is how many images or annotations have a kind of problem.
type ProblemCount struct {
	Code     string
	Severity export.Severity
	Count    int
}

// Problem is one that an image or an annotation has.
type Problem struct {
	Code         string
	Severity     export.Severity
	Message      string
	ImageID      gid.ImageID
	AnnotationID *gid.AnnotationID // nil when the image itself has it
}

// maxItems is how many problems are listed.
const maxItems = 1000

// Check goes through an export and lists the first of the problems that its format has with it.
func (s *Service) Check(ctx context.Context, r Request, first int) (_ *Check, err error) {
	if first < 0 || first > maxItems {
		return nil, fault.InvalidAt(fmt.Sprintf("must be between 0 and %d", maxItems), "first")
	}
	r, snap, err := s.pin(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := s.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.turns.Release(1)
	d, err := s.reader.Dataset(ctx, snapshot.MomentOf(snap), r.Filter)
	if err != nil {
		return nil, err
	}
	c := &Check{Problems: []*ProblemCount{}, Items: []*Problem{}}
	for img, err := range d.Images(ctx, 0, export.Wanted{}) {
		if err != nil {
			return nil, err
		}
		c.Images++
		c.Annotations += len(img.Annotations)
		for _, p := range r.Format.Check(d, r.Options, img) {
			c.add(img, p, first)
		}
	}
	slices.SortStableFunc(c.Problems, func(a, b *ProblemCount) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Code, b.Code)) })
	return c, nil
}

func (c *Check) add(img *export.Image, p export.Problem, first int) {
	i := slices.IndexFunc(c.Problems, func(n *ProblemCount) bool { return n.Code == p.Code })
	if i < 0 {
		i = len(c.Problems)
		c.Problems = append(c.Problems, &ProblemCount{Code: p.Code, Severity: p.Severity})
	}
	c.Problems[i].Count++
	if len(c.Items) == first {
		return
	}
	item := &Problem{Code: p.Code, Severity: p.Severity, Message: p.Message, ImageID: img.ID}
	if p.Annotation != nil {
		item.AnnotationID = new(p.Annotation.ID)
	}
	c.Items = append(c.Items, item)
}
