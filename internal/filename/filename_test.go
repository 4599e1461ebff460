package filename_test

import (
	"testing"

	"github.com/datasetgen/datagen/internal/filename"
)

func TestBase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"x.png":                         "x.png",
		"../../x.png":                   "x.png",
		`C:\pictures\x.png`:             "x.png",
		`..\..\x.png`:                   "x.png",
		`mixed/ways\x.png`:              "x.png",
		"/etc/passwd":                   "passwd",
		"folder/":                       "folder",
		"..":                            "",
		"a/..":                          "",
		".\x00.":                        "",
		"/":                             "",
		"":                              "",
		"  ":                            "",
		" x.png\n":                      "x.png",
		"a\x00b\r\nc\x1b[31m\u0085.png": "abc[31m.png",
		"\xff\xfex.png":                 "x.png",
		"Übergröße 图.png":               "Übergröße 图.png",
	} {
		if got := filename.Base(name); got != want {
			t.Errorf("the base of %q is %q, want %q", name, got, want)
		}
	}
}
