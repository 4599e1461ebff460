package foreign

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
)

// xmlStream reads a file of XML element by element. encoding/xml knows no entities but XML's own, so that none grow.
type xmlStream struct {
	*xml.Decoder

	pieces *pieces
}

func (f *File) xml(ctx context.Context) (*xmlStream, error) {
	r, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return &xmlStream{xml.NewDecoder(r), r}, nil
}

func (s *xmlStream) close() { _ = s.pieces.Close() } // it was only read

// elements visits the elements below the outermost one, which visit reads.
func (s *xmlStream) elements(visit func(e xml.StartElement) error) error {
	depth, begun := 0, false
	for {
		s.pieces.next()
		token, err := s.Token()
		if errors.Is(err, io.EOF) && depth == 0 && begun {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				depth, begun = 1, true
				continue
			}
			if err := visit(e); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		}
	}
}

// root is the name of the outermost element of a file and of the first one in it, empty when it is no XML.
func (f *File) root(ctx context.Context) (root, first string, err error) {
	r, err := f.xml(ctx)
	if err != nil {
		return "", "", err
	}
	defer r.close()
	const enough = 1 << 16
	r.pieces.left = enough
	for {
		token, err := r.Token()
		if err != nil {
			return root, "", nil // it is none of ours
		}
		e, ok := token.(xml.StartElement)
		switch {
		case ok && root == "":
			root = e.Name.Local
		case ok:
			return root, e.Name.Local, nil
		}
	}
}
