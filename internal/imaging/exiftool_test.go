package imaging_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/imaging"
)

// requiredVariable makes it a failure, when it is set, that there is no exiftool.
const requiredVariable = "DATAGEN_REQUIRE_ALL"

// shown are the groups of what exiftool reads from the file system, from pixels,
// and of how these are to be shown.
var shown = []string{"ExifTool", "System", "File", "Composite", "JFIF", "Adobe", "PNG", "RIFF", "GIF"}

// TestExiftoolFindsNothing has exiftool, which knows more of metadata than any
// other program, write into pictures what it can and read what is kept of them.
func TestExiftoolFindsNothing(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("exiftool")
	switch {
	case err != nil && os.Getenv(requiredVariable) != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	written, keptOf := t.TempDir(), t.TempDir()
	preview := filepath.Join(t.TempDir(), "preview.jpg")
	write(t, preview, encodeJPEG(t, scene(16, 12, false)))
	for orientation, name := range map[string]string{"1": "upright.", "6": "turned."} {
		arguments := []string{
			"-overwrite_original", "-EXIF:Orientation#=" + orientation, "-EXIF:GPSLatitude=48.137154", "-EXIF:GPSLatitudeRef=N", "-EXIF:Artist=Jane",
			"-XMP:GPSLongitude=11.576124", "-XMP:Creator=Jane", "-IPTC:By-line=Jane", "-Photoshop:CopyrightFlag=true", "-PNG:Author=Jane", "-Comment=Jane",
			"-ThumbnailImage<=" + preview,
		}
		for extension, picture := range map[string][]byte{
			"jpg": encodeJPEG(t, scene(40, 30, false)), "png": encodePNG(t, scene(40, 30, true)),
			"webp": file(t, "lossy.webp"), "gif": encodeGIF(t, 40, 30, frame(0, 0, 40, 30, true)),
		} {
			path := filepath.Join(written, name+extension)
			write(t, path, picture)
			arguments = append(arguments, path)
		}
		exiftool(t, program, arguments...)
	}
	for path, private := range metadata(t, program, written) {
		if len(private) < 3 {
			t.Errorf("exiftool has put nothing into %s but %v", path, private)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, content := kept(t, b, imaging.Options{})
		write(t, filepath.Join(keptOf, filepath.Base(path)), content)
	}
	found := metadata(t, program, keptOf)
	if len(found) != 8 {
		t.Errorf("exiftool has read %d files, want 8", len(found))
	}
	for path, private := range found {
		if len(private) > 0 {
			t.Errorf("%s has %v", filepath.Base(path), private)
		}
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exiftool(t *testing.T, program string, arguments ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, arguments...).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}

// metadata returns what exiftool finds in the files of a folder that is not for
// showing them, by their paths.
func metadata(t *testing.T, program, dir string) map[string][]string {
	t.Helper()
	var files []map[string]any
	if err := json.Unmarshal(exiftool(t, program, "-json", "-groupNames1", "-duplicates", "-unknown", "-extractEmbedded", dir), &files); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, f := range files {
		path := f["SourceFile"].(string)
		found[path] = nil
		for name := range f {
			group, tag, ok := strings.Cut(name, ":")
			if ok && (!slices.Contains(shown, group) || tag == "Comment" || strings.Contains(tag, "GPS")) {
				found[path] = append(found[path], name)
			}
		}
	}
	return found
}
