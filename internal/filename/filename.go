// Package filename makes names of files, as people and servers write them, fit to be kept and shown.
package filename

import (
	"path"
	"strings"
	"unicode"
)

// Base returns the name of a file without its folders, as Unix and as Windows write them, and Printable. It is empty where
// there is none.
func Base(file string) string {
	name := strings.TrimSpace(path.Base(strings.ReplaceAll(Printable(file), `\`, "/")))
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

// Printable returns a name without control characters and what is no character at all.
func Printable(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
}
