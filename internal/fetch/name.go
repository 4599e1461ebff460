package fetch

import (
	"mime"
	"net/http"

	"github.com/datasetgen/datagen/internal/filename"
)

// nameOf returns the name of the file in an answer: the one that it is to be
// saved by (RFC 6266), or else the last part of the URL's path.
func nameOf(answer *http.Response) string {
	// What cannot be parsed gives no parameters.
	_, disposition, _ := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
	if name := filename.Base(disposition["filename"]); name != "" {
		return name
	}
	return filename.Base(answer.Request.URL.Path)
}
