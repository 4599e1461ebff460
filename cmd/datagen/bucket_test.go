package main

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/storage/storagetest"
	"github.com/datasetgen/datagen/internal/testkit"
)

const storeIsDown = "the files cannot be reached; try again"

// TestStoreIsDown starts a server whose bucket nobody serves, over a database with images.
func TestStoreIsDown(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	database := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "datagen.db")
	out, _ := serve(t, database)
	key := out.find(t, `API key +(dg_\S+)`)
	out.find(t, `(with the same password)`)
	_, errs := start(t, []string{"ADDR=127.0.0.1:0", database, "STORAGE_URL=s3://bucket?endpoint=http://127.0.0.1:1"}, "serve")
	c := client{errs.find(t, `msg=listening url=(\S+)`), key}

	dataset, image := c.first(t)
	if status, _, body := c.do(t, "GET", "/readyz", "", ""); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	upload := `{"query":"mutation { createImage(datasetId: \"` + dataset + `\", input: {data: \"` + pixel + `\"}) { id } }"}`
	for name, request := range map[string][]string{
		"upload":        {"POST", "/graphql", "application/json", upload},
		"legacy upload": {"POST", "/api/v1/datasets/1/images/", "application/json", `{"image": "data:image/png;base64,` + pixel + `"}`},
		"picture":       {"GET", strings.TrimPrefix(image.URL, c.url), "", ""},
		"thumbnail":     {"GET", strings.TrimPrefix(image.ThumbnailURL, c.url), "", ""},
	} {
		started := time.Now()
		status, header, body := c.do(t, request[0], request[1], request[2], request[3])
		if status != http.StatusServiceUnavailable || !strings.Contains(body, storeIsDown) || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q, %s", name, status, header.Get("Retry-After"), body)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	errs.find(t, `(connection refused)`)
}

// pixel is a PNG of one pixel.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// TestBucket serves pictures that are in a bucket: clients are sent there.
func TestBucket(t *testing.T) {
	address := storagetest.S3(t)
	out, errs := serve(t, "STORAGE_URL="+address.String(), "MEDIA_MODE=redirect")
	c := client{errs.find(t, `msg=listening url=(\S+)`), out.find(t, `API key +(dg_\S+)`)}
	out.find(t, `(with the same password)`)
	_, image := c.first(t)

	status, header, _ := c.do(t, "GET", strings.TrimPrefix(image.URL, c.url), "", "")
	if endpoint := address.Query().Get("endpoint"); status != http.StatusFound || !strings.HasPrefix(header.Get("Location"), endpoint) {
		t.Errorf("picture: %d to %q, want one of %s", status, header.Get("Location"), endpoint)
	}
	status, header, body := client{}.do(t, "GET", header.Get("Location"), "", "")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "image/") || http.DetectContentType([]byte(body)) != header.Get("Content-Type") {
		t.Errorf("picture, from the bucket: %d, %v", status, header)
	}
	for method, url := range map[string]string{"HEAD": image.URL, "GET": image.ThumbnailURL} {
		status, header, _ := c.do(t, method, strings.TrimPrefix(url, c.url), "", "")
		if status != http.StatusOK || header.Get("Etag") == "" {
			t.Errorf("%s %s: %d, %v", method, url, status, header)
		}
	}
}

// shown is where an image can be seen.
type shown struct{ URL, ThumbnailURL string }

// first returns the id of a dataset, and an image in it.
func (c client) first(t *testing.T) (dataset string, image shown) {
	t.Helper()
	status, _, body := c.do(t, "POST", "/graphql", "application/json",
		`{"query":"{ datasets { edges { node { id images(first: 1) { edges { node { url thumbnailUrl } } } } } } }"}`)
	var found struct {
		Data struct {
			Datasets struct {
				Edges []struct {
					Node struct {
						ID     string
						Images struct{ Edges []struct{ Node shown } }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &found); err != nil || status != http.StatusOK || len(found.Data.Datasets.Edges) == 0 {
		t.Fatalf("graph query: %d %s, %v", status, body, err)
	}
	node := found.Data.Datasets.Edges[0].Node
	return node.ID, node.Images.Edges[0].Node
}

// client talks to a server as somebody.
type client struct{ url, key string }

func (c client) do(t *testing.T, method, path, contentType, body string) (status int, header http.Header, answer string) {
	t.Helper()
	r := testkit.Must(http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body)))(t)
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	// Redirects are answers like others.
	direct := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := direct.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	return got.StatusCode, got.Header, string(testkit.Must(io.ReadAll(got.Body))(t))
}
