package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/web"
)

func TestCompress(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("{} ", 1000)
	serve := func(media, body string) http.Handler {
		return testkit.Must(web.Compress())(t)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			_, _ = io.WriteString(w, body)
		}))
	}
	for _, tt := range []struct{ name, accept, media, body, want string }{
		{"nobody asks", "", "application/json", text, ""},
		{"gzip", "gzip, deflate", "application/json; charset=utf-8", text, "gzip"},
		{"zstd is quicker", "gzip, deflate, br, zstd", "application/graphql-response+json; charset=utf-8", text, "zstd"},
		{"not worth it", "gzip", "application/json", "{}", ""},
		{"compressed already", "gzip", "image/jpeg", text, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Header.Set("Accept-Encoding", tt.accept)
			w := httptest.NewRecorder()
			serve(tt.media, tt.body).ServeHTTP(w, r)
			var got io.Reader = w.Body
			switch how := w.Header().Get("Content-Encoding"); {
			case how != tt.want:
				t.Fatalf("encoded as %q, want %q", how, tt.want)
			case how == "gzip":
				got = testkit.Must(gzip.NewReader(w.Body))(t)
			case how == "zstd":
				got = testkit.Must(zstd.NewReader(w.Body))(t)
			}
			if b := testkit.Must(io.ReadAll(got))(t); string(b) != tt.body {
				t.Errorf("%d bytes, want %d", len(b), len(tt.body))
			}
			if vary := w.Header().Get("Vary"); tt.media != "image/jpeg" && !strings.Contains(vary, "Accept-Encoding") {
				t.Errorf("Vary: %s", vary)
			}
		})
	}
}
