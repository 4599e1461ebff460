package rest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/testkit"
)

// uploads is how many files the React app sends at once.
const uploads = 50

// TestParallelUploads: photos of 12 megapixels and 3 MB, as many at once as the React app sends, all arrive, and
// others are answered meanwhile.
func TestParallelUploads(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 1.2 gigapixels")
	}
	photo := bigPhoto(t)
	servers(t, func(t *testing.T, s *server) {
		w := testkit.NewWorld(t, s.db)
		header := s.keyOf(t, w.Users["manager"])
		real := httptest.NewServer(s.handler)
		t.Cleanup(real.Close)
		images := fmt.Sprintf("%s/api/v1/datasets/%d/images/", real.URL, w.Dataset.ID)
		var sending sync.WaitGroup
		var failures sync.Map
		for i := range uploads {
			sending.Go(func() {
				body := fmt.Sprintf(`{"image":"data:image/jpeg;base64,%s","prompt":"photo %d"}`, base64.StdEncoding.EncodeToString(distinct(photo, i)), i)
				if status := request(t, http.MethodPost, images, header, body); status != http.StatusCreated {
					failures.Store(i, status)
				}
			})
		}
		done := make(chan struct{})
		go func() { sending.Wait(); close(done) }()
		answered := 0
		for running := true; running; {
			select {
			case <-done:
				running = false
			case <-time.After(20 * time.Millisecond):
				if status := request(t, http.MethodGet, images+"?page_size=1", header, ""); status != http.StatusOK {
					t.Errorf("another request gets %d", status)
				}
				answered++
			}
		}
		failures.Range(func(i, status any) bool {
			t.Errorf("upload %v: %v", i, status)
			return true
		})
		if answered == 0 {
			t.Error("nothing else was answered meanwhile")
		}
		if n := w.Dataset.QueryImages().CountX(w.As(t.Context(), "owner")); n != len(w.Images)+uploads {
			t.Errorf("%d images, want %d", n, len(w.Images)+uploads)
		}
	})
}

func request(t *testing.T, method, url, header, body string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	r.Header.Set("Authorization", header)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// bigPhoto is a JPEG of 12 megapixels and about 3 MB.
func bigPhoto(t *testing.T) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		img.Y[i] = uint8(i/4000/12) + uint8(noise.IntN(24))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	if mb := b.Len() >> 20; mb < 2 || mb > 5 {
		t.Fatalf("the photo has %d MB", mb)
	}
	return b.Bytes()
}

// distinct is the photo with a comment that no other has, so that it is stored by itself.
func distinct(photo []byte, i int) []byte {
	comment := fmt.Sprintf("photo %03d", i)
	segment := append([]byte{0xff, 0xfe, 0, byte(len(comment) + 2)}, comment...)
	return append(append(append([]byte{}, photo[:2]...), segment...), photo[2:]...)
}
