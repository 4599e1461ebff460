package fetch

import (
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode"
)

// nameOf returns the name of the file in an answer: the one that it is to be
// saved by (RFC 6266), or else the last part of the URL's path.
func nameOf(answer *http.Response) string {
	// What cannot be parsed gives no parameters.
	_, disposition, _ := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
	if name := baseName(disposition["filename"]); name != "" {
		return name
	}
	return baseName(answer.Request.URL.Path)
}

// baseName returns the name of a file without its folders, as Unix and as
// Windows write them, and without control characters.
func baseName(file string) string {
	file = strings.Map(printable, strings.ToValidUTF8(file, ""))
	name := strings.TrimSpace(path.Base(strings.ReplaceAll(file, `\`, "/")))
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

func printable(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}
