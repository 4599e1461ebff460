package storage

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// The first words of keys. Anything else in a store's place is not an object.
const (
	objects    = "objects"
	thumbnails = "thumbnails"
	uploads    = "uploads"
	exports    = "exports"
)

// Key names an object. There are four shapes, ab and cd being the first
// characters of what follows them:
//
//	objects/ab/cd/<SHA-256 of the bytes, in hex>
//	thumbnails/ab/cd/<SHA-256 of the picture, in hex>/<name>
//	uploads/ab/cd/<id of an upload under way, 64 hex digits>/<number of its part>
//	exports/ab/cd/<SHA-256 of what is exported, in hex>
//
// Only the functions of this package make keys, so there is none that leaves
// the store's place. The zero Key names nothing: every use of it is an error.
type Key struct{ text string }

// longestName bounds the last word of a thumbnail's key, in bytes.
const longestName = 32

var (
	keyShape    = regexp.MustCompile(`^(objects|thumbnails|uploads|exports)/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{64})(?:/([0-9a-z]+(?:[.-][0-9a-z]+)*))?$`)
	numberShape = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,8})$`)
	prefixShape = regexp.MustCompile(`^(objects|thumbnails|uploads|exports)/(?:[0-9a-f]{2}/){0,2}$`)
)

// ParseKey returns the key of that text. Whatever has not the exact shape of a
// key is a fault.Invalid.
func ParseKey(text string) (Key, error) {
	parts := keyShape.FindStringSubmatch(text)
	if parts == nil {
		return Key{}, fmt.Errorf("%w: %q is not the key of an object", fault.Invalid, text)
	}
	area, ab, cd, sum, name := parts[1], parts[2], parts[3], parts[4], parts[5]
	if !strings.HasPrefix(sum, ab+cd) || !fits(area, name) {
		return Key{}, fmt.Errorf("%w: %q is not the key of an object", fault.Invalid, text)
	}
	return Key{text}, nil
}

// fits tells whether keys of an area may have that last word after the hash.
func fits(area, name string) bool {
	switch area {
	case thumbnails:
		return name != "" && len(name) <= longestName
	case uploads:
		return numberShape.MatchString(name)
	default:
		return name == ""
	}
}

// ObjectKey returns the key of the bytes with that SHA-256, in hex.
func ObjectKey(sum string) (Key, error) { return ParseKey(hashed(objects, sum)) }

// ThumbnailKey returns the key of the thumbnail, of that width in pixels, of
// the picture with that SHA-256, in hex.
func ThumbnailKey(sum string, width int) (Key, error) {
	return ParseKey(hashed(thumbnails, sum) + "/" + strconv.Itoa(width))
}

// UploadKey returns the key of a part of an upload that is under way. Its id are
// 64 hex digits, its parts have numbers below a thousand million. Like all
// objects, a part never changes.
func UploadKey(id string, part int) (Key, error) {
	return ParseKey(hashed(uploads, id) + "/" + strconv.Itoa(part))
}

// ExportKey returns the key of the index of an export, by the SHA-256, in hex,
// of a text that says what is exported and how.
func ExportKey(sum string) (Key, error) { return ParseKey(hashed(exports, sum)) }

// hashed spreads objects over 65,536 folders. A sum that is none gives no key.
func hashed(area, sum string) string {
	if len(sum) < 4 {
		return area + "/" + sum
	}
	return area + "/" + sum[:2] + "/" + sum[2:4] + "/" + sum
}

// String returns the text of the key.
func (k Key) String() string { return k.text }

// SHA256 returns the hash, in hex, that the bytes of an object key must have,
// and nothing for other keys.
func (k Key) SHA256() string {
	if !strings.HasPrefix(k.text, objects+"/") {
		return ""
	}
	return k.text[strings.LastIndexByte(k.text, '/')+1:]
}

// Picture returns the hash, in hex, of the object that the key is of: its own, or
// that of the picture that a thumbnail was made of. It is empty for other keys.
func (k Key) Picture() string {
	parts := keyShape.FindStringSubmatch(k.text)
	if len(parts) == 0 || parts[1] == uploads || parts[1] == exports {
		return ""
	}
	return parts[4]
}

// checkPrefix refuses a prefix that no folder of objects has.
func checkPrefix(prefix string) error {
	if !prefixShape.MatchString(prefix) {
		return fmt.Errorf("%w: %q is not the prefix of keys", fault.Invalid, prefix)
	}
	return nil
}
