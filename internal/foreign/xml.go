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

// elements visits the elements below the outermost one, whose name it returns; visit reads them, or leaves them.
func (s *xmlStream) elements(visit func(e xml.StartElement) error) (root string, err error) {
	depth := 0
	for {
		s.pieces.next()
		token, err := s.Token()
		if errors.Is(err, io.EOF) && depth == 0 && root != "" {
			return root, nil
		}
		if err != nil {
			return root, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				root, depth = e.Name.Local, 1
				continue
			}
			if err := visit(e); err != nil {
				return root, err
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
			return root, "", nil //nolint:nilerr // it is none of ours
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
