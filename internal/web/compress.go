package web

import (
	"compress/gzip"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// worthCompressing is how long an answer is, in bytes, that takes less time compressed: shorter ones fit into a packet.
const worthCompressing = 1400

// Compress has a handler's texts go as zstd or gzip to clients that ask for it. Answers that hold secrets beside what a stranger
// may have sent tell nothing by their length: it is padded at random.
func Compress() (func(http.Handler) http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(worthCompressing),
		gzhttp.ContentTypes([]string{
			"application/json", "application/graphql-response+json", "application/javascript", "text/javascript", "text/css", "text/html", "text/plain", "image/svg+xml",
		}),
		gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.EnableZstd(true),
		gzhttp.PreferZstd(true),
		gzhttp.RandomJitter(32, 0, false),
	)
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler { return wrap(next) }, nil
}
