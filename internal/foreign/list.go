package foreign

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// list is an array in JSON. Elements beyond maxShapes are only counted, so that those of a piece, which may have two bytes
// each, take little memory. One that is no T is an empty one, and does not spoil the others.
type list[T any] struct {
	all   []T
	unfit map[int]string // what is wrong with elements, by their places
	more  int            // elements besides
}

// UnmarshalJSON satisfies json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(text []byte) error {
	*l = list[T]{}
	text = bytes.TrimSpace(text)
	if string(text) == "null" {
		return nil
	}
	if len(text) == 0 || text[0] != '[' {
		return json.Unmarshal(text, &[]struct{}{}) // which says what it is instead
	}
	for element := range rawjson.Elements(text) {
		if len(l.all) == maxShapes {
			l.more++
			continue
		}
		var value T
		if err := json.Unmarshal(element, &value); err != nil {
			message, _ := broken(err)
			if l.unfit == nil {
				l.unfit = map[int]string{}
			}
			l.unfit[len(l.all)] = message
			value = *new(T)
		}
		l.all = append(l.all, value)
	}
	return nil
}

// lack notes that elements of a list at a place are not there.
func (l *list[T]) lack(img *Image, place string) {
	img.tooMany(place, l.more)
}

// numbers are coordinates, of which one shape has so many at most.
type numbers []float64

const maxNumbers = 200_000

// UnmarshalJSON satisfies json.Unmarshaler.
func (n *numbers) UnmarshalJSON(text []byte) error {
	if bytes.Count(text, []byte{','}) >= maxNumbers {
		return fault.InvalidAt(fmt.Sprintf("has more than %d numbers", maxNumbers))
	}
	return json.Unmarshal(text, (*[]float64)(n))
}

// shown is the beginning of a text that a file has, for people: all of it may be long, and be told often.
func shown[T ~string | ~[]byte](text T) string {
	const most = 100 // characters
	n := 0
	for i := range string(text[:min(len(text), 4*most+4)]) {
		if n++; n > most {
			return string(text[:i]) + "…"
		}
	}
	return string(text)
}

// clipped is a name that is kept until all is read. Nothing is found by one that is longer.
func clipped(name string) string {
	const most = 4096
	return string([]byte(name[:min(len(name), most)])) // without what it is a part of
}

// key is a text that things are found by, and that is kept until all is read: long ones by their sums.
func key(text []byte) string {
	const most = 64
	if len(text) > most {
		sum := sha256.Sum256(text)
		text = sum[:]
	}
	return string(text)
}

// member is what an object in JSON has by a name, nil when it has none, or is no object.
func member(object []byte, name string) []byte {
	for n, value := range rawjson.Object(object).Members() {
		if n == name {
			return value
		}
	}
	return nil
}

// numberIn is a number that an object in JSON has.
func numberIn(object []byte, name string) (n float64, ok bool) {
	raw := member(object, name)
	ok = raw != nil && string(raw) != "null" && json.Unmarshal(raw, &n) == nil
	return n, ok
}
