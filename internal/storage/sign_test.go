package storage_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

var signing = storage.SignOptions{Expiry: 5 * time.Minute, ContentType: "image/png", ContentDisposition: `inline; filename="a b.png"`}

func TestNobodySigns(t *testing.T) {
	t.Parallel()
	folder, _ := open(t)
	for name, store := range map[string]storage.Store{"folder": folder, "memory": storage.NewMemory()} {
		if got, err := store.SignedURL(t.Context(), storagetest.ObjectKey(t, "x"), signing); !errors.Is(err, errors.ErrUnsupported) || got != "" {
			t.Errorf("%s: %q, %v, want %v", name, got, err, errors.ErrUnsupported)
		}
	}
}

// answer is what came of a GET.
type answer struct {
	Status                                int
	ContentType, ContentDisposition, Body string
}

func fetch(t *testing.T, address string, headers ...string) answer {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := new(http.Client).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body := must(io.ReadAll(got.Body))(t)
	return answer{got.StatusCode, got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"), string(body)}
}

func TestS3Signs(t *testing.T) {
	store := openAt(t, storagetest.S3(t))
	key := storagetest.ObjectKey(t, "picture")
	put(t, store, key, "picture")
	address := must(store.SignedURL(t.Context(), key, signing))(t)
	if diff := cmp.Diff(answer{http.StatusOK, signing.ContentType, signing.ContentDisposition, "picture"}, fetch(t, address)); diff != "" {
		t.Errorf("signed (-want +got):\n%s", diff)
	}
	if got := fetch(t, address, "Range", "bytes=1-3"); got.Status != http.StatusPartialContent || got.Body != "ict" {
		t.Errorf("range: %+v", got)
	}
	for name, altered := range map[string]string{
		"another type":   strings.Replace(address, "image%2Fpng", "text%2Fhtml", 1),
		"another object": strings.Replace(address, "/objects/", "/objects/0", 1),
		"for longer":     strings.Replace(address, "X-Amz-Expires=300", "X-Amz-Expires=3000", 1),
		"no signature":   strings.Split(address, "?")[0],
	} {
		if got := fetch(t, altered).Status; altered == address || got != http.StatusForbidden {
			t.Errorf("%s: %d, want %d", name, got, http.StatusForbidden)
		}
	}
	brief := must(store.SignedURL(t.Context(), key, storage.SignOptions{Expiry: time.Second}))(t)
	time.Sleep(2 * time.Second)
	if got := fetch(t, brief).Status; got != http.StatusForbidden {
		t.Errorf("too late: %d, want %d", got, http.StatusForbidden)
	}
}

// TestGCSSigns fetches from a server that does not look at signatures.
func TestGCSSigns(t *testing.T) {
	address, host := storagetest.GCS(t)
	key := storagetest.ObjectKey(t, "picture")
	put(t, openAt(t, address), key, "picture")
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", serviceAccount(t))
	signed := must(url.Parse(must(openAt(t, address).SignedURL(t.Context(), key, signing))(t)))(t)
	query := signed.Query()
	got := []string{
		signed.Scheme, signed.Host, signed.Path, query.Get("X-Goog-SignedHeaders"),
		query.Get("response-content-type"), query.Get("response-content-disposition"),
	}
	want := []string{
		"https", "storage.googleapis.com", "/pictures/some/where/" + key.String(), "host", signing.ContentType, signing.ContentDisposition,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(query.Get("X-Goog-Signature")) != 512 {
		t.Errorf("%s (-want +got):\n%s", signed, diff)
	}
	if expiry := query.Get("X-Goog-Expires"); expiry != "300" && expiry != "299" { // from a moment ago on
		t.Errorf("good for %s s, want 300", expiry)
	}
	signed.Scheme, signed.Host = "http", host
	if got := fetch(t, signed.String()); got.Status != http.StatusOK || got.Body != "picture" {
		t.Errorf("signed: %+v", got)
	}
}

// serviceAccount returns the path of the key of a made-up service account.
func serviceAccount(t *testing.T) string {
	t.Helper()
	key := must(x509.MarshalPKCS8PrivateKey(must(rsa.GenerateKey(rand.Reader, 2048))(t)))(t)
	content := must(json.Marshal(map[string]string{
		"type":         "service_account",
		"client_email": "datagen@example.iam.gserviceaccount.com",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"token_uri":    "http://127.0.0.1:1/token",
	}))(t)
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
