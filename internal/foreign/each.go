package foreign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errEnough ends the reading of a file of which no more is wanted.
var errEnough = errors.New("no more is wanted")

// each yields the images that read finds in a file and gives to visit, and if the file is broken one that says so. It is
// false when no more are wanted.
func (f *File) each(yield func(*Image, error) bool, read func(visit func(*Image) error) error) bool {
	stopped := false
	err := read(func(img *Image) error {
		if stopped = !yield(img, nil); stopped {
			return errEnough
		}
		return nil
	})
	if stopped {
		return false
	}
	if message, ok := broken(err); ok {
		return yield(inFile(f.Path, message), nil)
	}
	if err != nil {
		yield(nil, err)
		return false
	}
	return true
}

// eachLine is each for a file with the JSON of an image on each line. A line that is no T, or no JSON, is a problem of its own.
func eachLine[T any](ctx context.Context, f *File, yield func(*Image, error) bool, image func(told *T, place string) *Image) bool {
	return f.each(yield, func(visit func(*Image) error) error {
		r, err := f.open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		lines := bufio.NewReader(r)
		for n := 1; ; n++ {
			r.next()
			line, err := lines.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			atEnd := err != nil
			if len(bytes.TrimSpace(line)) > 0 {
				place := fmt.Sprintf("%s:%d", f.Path, n)
				told := new(T)
				img := inFile(place, "")
				if err := json.Unmarshal(line, told); err != nil {
					img.Problems[0].Message, _ = broken(err)
				} else {
					img = image(told, place)
				}
				if err := visit(img); err != nil {
					return err
				}
			}
			if atEnd {
				return nil
			}
		}
	})
}
