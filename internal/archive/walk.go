package archive

import (
	"context"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
)

// mark is a place between two images of a part, or at the beginning of one, from which an archive can be gone through.
type mark struct {
	Part   int          `json:"part"`            // which of the format's it is
	After  gid.ImageID  `json:"after,omitempty"` // the last image before it; 0 at the beginning of the part
	Place  export.Place `json:"place"`           // of the next image
	Shard  int          `json:"shard,omitempty"` // of a series
	Pass   int          `json:"pass,omitempty"`  // of a series that has several
	InFile int64        `json:"in,omitempty"`    // bytes of that shard that come before
	Offset int64        `json:"offset"`          // bytes of the archive that come before
	Sum    uint32       `json:"sum"`             // a sum of the files, or pieces, since the mark before
}

// sink is given the files of an archive one after the other.
type sink interface {
	// file is a whole one.
	file(name string, pieces []export.Piece) error
	// open begins one that comes in pieces, of the shard of a series.
	open(part, shard int, name string) error
	pieces(pieces []export.Piece) error
	close() error
	// mark comes at each place from which one can go on. Its offset is not known here.
	mark(m mark) error
}

// walk gives the files of an export to a sink, from a mark on.
func walk(ctx context.Context, d *export.Dataset, parts []export.Part, from mark, to sink) error {
	for i := from.Part; i < len(parts); i++ {
		if i > from.Part {
			from = mark{Part: i}
		}
		if err := walkPart(ctx, d, parts[i], from, to); err != nil {
			return err
		}
	}
	return nil
}

func walkPart(ctx context.Context, d *export.Dataset, part export.Part, from mark, to sink) error {
	if from.After == 0 && from.InFile == 0 {
		if err := to.mark(from); err != nil {
			return err
		}
	}
	switch p := part.(type) {
	case export.Fixed:
		return to.file(p.Name, []export.Piece{{Text: p.Content}})
	case export.PerImage:
		return walkImages(ctx, d, p, from, to)
	case export.Series:
		return walkSeries(ctx, d, p, from, to)
	}
	return nil
}

func walkImages(ctx context.Context, d *export.Dataset, p export.PerImage, at mark, to sink) error {
	for img, err := range d.Images(ctx, at.After, p.Wanted) {
		if err != nil {
			return err
		}
		for _, f := range p.Files(img, at.Place) {
			if err := to.file(f.Name, f.Pieces); err != nil {
				return err
			}
		}
		at.pass(img, len(img.Annotations))
		if err := to.mark(at); err != nil {
			return err
		}
	}
	return nil
}

func (m *mark) pass(img *export.Image, annotations int) {
	m.After, m.Place = img.ID, m.Place.After(annotations)
}

func walkSeries(ctx context.Context, d *export.Dataset, p export.Series, at mark, to sink) error {
	s := series{p, to}
	if at.InFile == 0 {
		if err := s.begin(&at); err != nil {
			return err
		}
	}
	pass := &p
	for range at.Pass {
		pass = pass.Next
	}
	for {
		if err := s.items(ctx, d, pass, &at); err != nil {
			return err
		}
		if pass.Next == nil {
			return s.end(&at, pass.Tail)
		}
		if err := s.add(&at, []export.Piece{{Text: pass.Tail}, {Text: pass.Next.Head}}); err != nil {
			return err
		}
		pass = pass.Next
		at.Pass, at.After, at.Place = at.Pass+1, 0, export.Place{}
	}
}

// items adds what there is of the images after the mark.
func (s series) items(ctx context.Context, d *export.Dataset, pass *export.Series, at *mark) error {
	for img, err := range d.Images(ctx, at.After, pass.Wanted) {
		if err != nil {
			return err
		}
		if s.MaxSize > 0 && at.InFile-int64(len(s.Head)) >= s.MaxSize {
			if err := s.next(at); err != nil {
				return err
			}
		}
		if err := s.add(at, pass.Item(img, at.Place)); err != nil {
			return err
		}
		at.pass(img, pass.Count(img))
		if err := s.to.mark(*at); err != nil {
			return err
		}
	}
	return nil
}

// series writes the shards of one.
type series struct {
	export.Series

	to sink
}

func (s series) begin(at *mark) error {
	if err := s.to.open(at.Part, at.Shard, s.Name(at.Shard)); err != nil {
		return err
	}
	return s.add(at, []export.Piece{{Text: s.Head}})
}

func (s series) add(at *mark, pieces []export.Piece) error {
	at.InFile += length(pieces)
	return s.to.pieces(pieces)
}

func (s series) end(at *mark, tail []byte) error {
	if err := s.add(at, []export.Piece{{Text: tail}}); err != nil {
		return err
	}
	return s.to.close()
}

func (s series) next(at *mark) error {
	if err := s.end(at, s.Tail); err != nil {
		return err
	}
	at.Shard, at.InFile = at.Shard+1, 0
	return s.begin(at)
}

// length is how many bytes pieces are.
func length(pieces []export.Piece) (n int64) {
	for _, p := range pieces {
		n += int64(len(p.Text))
		if p.Object != nil {
			n += p.Object.Size
		}
	}
	return n
}
