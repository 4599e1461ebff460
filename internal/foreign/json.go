package foreign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasetgen/datagen/internal/fault"
)

// jsonStream reads a file of JSON piece by piece.
type jsonStream struct {
	*json.Decoder

	pieces *pieces
}

func (f *File) json(ctx context.Context) (*jsonStream, error) {
	r, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return &jsonStream{json.NewDecoder(r), r}, nil
}

func (s *jsonStream) close() { _ = s.pieces.Close() } // it was only read

// decode reads a value. What it is unfit by, if anything, does not keep what comes after it from being read.
func (s *jsonStream) decode(value any) (unfit string, err error) {
	err = s.Decode(value)
	_, typ := errors.AsType[*json.UnmarshalTypeError](err)
	if typ || errors.Is(err, fault.Invalid) && s.pieces.left > 0 {
		unfit, _ = broken(err)
		return unfit, nil
	}
	return "", err
}

// members visits the members of an object, whose values visit reads.
func (s *jsonStream) members(visit func(name string) error) error {
	if err := s.begin('{'); err != nil {
		return err
	}
	for s.More() {
		s.pieces.next()
		name, err := s.Token()
		if err != nil {
			return err
		}
		if err := visit(name.(string)); err != nil { // all names are
			return err
		}
	}
	_, err := s.Token()
	return err
}

// elements visits the elements of an array, which visit reads.
func (s *jsonStream) elements(visit func(i int) error) error {
	if err := s.begin('['); err != nil {
		return err
	}
	for i := 0; s.More(); i++ {
		s.pieces.next()
		if err := visit(i); err != nil {
			return err
		}
	}
	_, err := s.Token()
	return err
}

func (s *jsonStream) begin(want json.Delim) error {
	token, err := s.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fault.InvalidAt(fmt.Sprintf("has %s where %v is expected, at byte %d", shown(fmt.Sprint(token)), want, s.InputOffset()))
	}
	return nil
}

// skip passes over a value, however long it is.
func (s *jsonStream) skip() error {
	for depth := 0; ; {
		s.pieces.next()
		token, err := s.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
