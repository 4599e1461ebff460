package ingest

import (
	"encoding/base64"
	"io"
	"strings"
	"sync"

	"github.com/datasetgen/datagen/internal/fault"
)

// field is the name of the field that the picture's bytes come in.
func (in ImageInput) field() string {
	switch {
	case in.Data != nil:
		return "data"
	case in.Upload != nil:
		return "upload"
	}
	return "file"
}

// size returns the length of the picture in bytes. Text is measured without
// being decoded, so that nobody makes the server hold more than may be sent.
func (in ImageInput) size() (int64, error) {
	switch {
	case in.Data != nil:
		return decodedLength(*in.Data), nil
	case in.Upload != nil:
		return 0, nil // it is in the store, and measured when it is opened
	}
	return in.File.File.Seek(0, io.SeekEnd) // Upload.Size is what a transport believes
}

// open returns the bytes of the picture, once nobody else reads the file. Text that stands for none is a fault.Invalid.
func (in ImageInput) open(reader *sync.Mutex) (*content, error) {
	if in.Data != nil {
		b, err := decode(*in.Data)
		return inMemory(b), err
	}
	reader.Lock()
	size, err := in.size()
	if err != nil {
		reader.Unlock()
		return nil, err
	}
	return &content{in.File.File, size, reader.Unlock}, nil
}

// What may stand anywhere in base64 besides its characters. The decoder itself
// skips the ends of lines.
const (
	blank = " \t"
	space = blank + "\r\n"
)

var withoutBlank = strings.NewReplacer(" ", "", "\t", "")

// payload returns the base64, without padding, of a data URL (RFC 2397), or of
// a text that is base64 alone. It is false when a data URL is in another encoding.
func payload(text string) (encoded string, ok bool) {
	const scheme = "data:"
	encoded, ok = strings.Trim(text, space), true
	if len(encoded) >= len(scheme) && strings.EqualFold(encoded[:len(scheme)], scheme) {
		var header string
		header, encoded, _ = strings.Cut(encoded[len(scheme):], ",")
		ok = strings.EqualFold(header[strings.LastIndexByte(header, ';')+1:], "base64")
	}
	return strings.TrimRight(encoded, space+"="), ok
}

// decodedLength returns how many bytes decode makes of text, if it is in order.
func decodedLength(text string) int64 {
	encoded, _ := payload(text)
	n := len(encoded)
	for _, ignored := range space {
		n -= strings.Count(encoded, string(ignored))
	}
	return int64(base64.RawStdEncoding.DecodedLen(n))
}

// decode returns the bytes that a data URL, or base64 alone, stands for. Either
// alphabet of base64 will do.
func decode(text string) ([]byte, error) {
	encoded, ok := payload(text)
	if !ok {
		return nil, fault.InvalidAt("a data URL must be in base64")
	}
	if strings.ContainsAny(encoded, blank) {
		encoded = withoutBlank.Replace(encoded)
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(encoded, "-_") {
		encoding = base64.RawURLEncoding
	}
	b, err := encoding.DecodeString(encoded)
	if err != nil {
		return nil, fault.InvalidAt("neither a data URL nor base64")
	}
	return b, nil
}
