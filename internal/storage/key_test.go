package storage_test

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

const (
	sum       = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	object    = "objects/2c/f2/" + sum
	thumbnail = "thumbnails/2c/f2/" + sum + "/"
	upload    = "uploads/2c/f2/" + sum + "/"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		object,
		thumbnail + "256",
		thumbnail + "256.jpg",
		thumbnail + "v2-256.webp",
		thumbnail + strings.Repeat("9", 32),
		upload + "0",
		upload + "999999999",
	} {
		key, err := storage.ParseKey(text)
		if err != nil || key.String() != text {
			t.Errorf("ParseKey(%q) = %q, %v", text, key, err)
		}
	}
	for name, tt := range map[string]struct {
		key  func() (storage.Key, error)
		text string
		sum  string
		of   string
	}{
		"object":    {func() (storage.Key, error) { return storage.ObjectKey(sum) }, object, sum, sum},
		"thumbnail": {func() (storage.Key, error) { return storage.ThumbnailKey(sum, 256) }, thumbnail + "256", "", sum},
		"upload":    {func() (storage.Key, error) { return storage.UploadKey(sum, 12) }, upload + "12", "", ""},
		"zero":      {func() (storage.Key, error) { return storage.Key{}, nil }, "", "", ""},
	} {
		key, err := tt.key()
		if err != nil || key.String() != tt.text || key.SHA256() != tt.sum || key.Picture() != tt.of {
			t.Errorf("%s: %q of hash %q, picture %q, %v; want %q of %q, %q", name, key, key.SHA256(), key.Picture(), err, tt.text, tt.sum, tt.of)
		}
	}
}

// hostile are texts that someone may try in place of a key.
var hostile = []string{
	"", " ", "/", ".", "..", "/..", "../", "./", "...", "~", "\x00", "*", "%", "objects", "objects/", "thumbnails/", "tmp", "tmp/x",
	// ways out
	"../" + object, "../../etc/passwd", "/etc/passwd", "/" + object, "//" + object, "./" + object, object + "/", object + "/..", object + "/../x",
	"objects/../" + object, "objects/./2c/f2/" + sum, "objects//2c/f2/" + sum, "objects/2c/../f2/" + sum, "objects/../../../etc/passwd",
	"objects/2c/f2/../../../../etc/passwd", "objects/..%2f..%2fetc/passwd", "objects/2c/f2/%2e%2e/" + sum, "objects/2c/f2/..", "objects/2c/f2/.",
	thumbnail + "..", thumbnail + ".", thumbnail + "../x", thumbnail + "256/..", thumbnail + "256/x", thumbnail + "..256", thumbnail + "2..6",
	"..\\..\\windows\\win.ini", "objects\\2c\\f2\\" + sum, thumbnail + "..\\x", "C:\\x", "c:/x", "\\\\host\\share", "file:///etc/passwd",
	// bytes that mean something somewhere
	object + "\x00", object + "\n", "\n" + object, object + " ", " " + object, object + "\r\n", thumbnail + "256\n", thumbnail + "a\x00b", thumbnail + "é",
	object + "?x", object + "#x", object + ":stream", object + ".", thumbnail + "256.", thumbnail + "-256", thumbnail + ".256", thumbnail + "a--b", thumbnail + "$(x)",
	// other shapes
	"objects/" + sum, "objects/2c/" + sum, "objects/2c/f2", "objects/f2/2c/" + sum, "objects/00/f2/" + sum, "objects/2c/00/" + sum, "object/2c/f2/" + sum,
	"OBJECTS/2c/f2/" + sum, "objects/2C/F2/" + strings.ToUpper(sum), "objects/2c/f2/" + sum[:63], object + "0", "objects/2c/f2/" + sum[:63] + "g",
	object + "/256", thumbnail, strings.TrimSuffix(thumbnail, "/"), thumbnail + "256 ", thumbnail + "A", thumbnail + strings.Repeat("9", 33),
	upload, strings.TrimSuffix(upload, "/"), upload + "01", upload + "-1", upload + "1e3", upload + "a", upload + "1234567890", upload + "1/2",
	thumbnail + "con/aux", "exports/2c/f2/" + sum + "/1", "archives/2c/f2/" + sum, strings.Repeat("../", 1000), strings.Repeat("a", 1<<16), "objects/２c/f2/" + sum,
}

func TestHostileKeys(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		if key, err := storage.ParseKey(text); !errors.Is(err, fault.Invalid) || key != (storage.Key{}) {
			t.Errorf("ParseKey(%q) = %q, %v; want %v", text, key, err, fault.Invalid)
		}
		if key, err := storage.ObjectKey(text); !errors.Is(err, fault.Invalid) || key != (storage.Key{}) {
			t.Errorf("ObjectKey(%q) = %q, %v; want %v", text, key, err, fault.Invalid)
		}
	}
	for sum, width := range map[string]int{sum: -1, strings.ToUpper(sum): 64, "": 64, "2cf": 64, "../../../../x": 64} {
		if key, err := storage.ThumbnailKey(sum, width); !errors.Is(err, fault.Invalid) || key != (storage.Key{}) {
			t.Errorf("ThumbnailKey(%q, %d) = %q, %v; want %v", sum, width, key, err, fault.Invalid)
		}
	}
	for id, part := range map[string]int{sum: -1, sum[1:]: 1, "": 1, "../../../../x": 1} {
		if key, err := storage.UploadKey(id, part); !errors.Is(err, fault.Invalid) || key != (storage.Key{}) {
			t.Errorf("UploadKey(%q, %d) = %q, %v; want %v", id, part, key, err, fault.Invalid)
		}
	}
}

// FuzzParseKey looks for a key that could name anything but an object.
func FuzzParseKey(f *testing.F) {
	for _, text := range append(hostile, object, "exports/2c/f2/"+sum, thumbnail+"256", thumbnail+"256.jpg", upload+"12") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := storage.ParseKey(text)
		if err != nil {
			if key != (storage.Key{}) || !errors.Is(err, fault.Invalid) {
				t.Fatalf("ParseKey(%q) = %q, %v", text, key, err)
			}
			return
		}
		words := strings.Split(text, "/")
		switch {
		case key.String() != text:
			t.Fatalf("%q became %q", text, key)
		case strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz/.-") != "":
			t.Fatalf("%q has bytes that keys have not", text)
		case path.Clean(text) != text, !filepath.IsLocal(filepath.FromSlash(text)):
			t.Fatalf("%q is no plain path", text)
		case !slices.Contains([]string{"objects", "thumbnails", "uploads", "exports"}, words[0]), len(words) < 4:
			t.Fatalf("%q lies in no folder of objects", text)
		case !strings.HasPrefix(words[3], words[1]+words[2]):
			t.Fatalf("%q lies in the folder of another hash", text)
		}
	})
}
