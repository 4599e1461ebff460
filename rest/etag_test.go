package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestETag: who has an answer already is told so, until it changes.
func TestETag(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, s *server) {
		w := testkit.NewWorld(t, s.db)
		header := s.keyOf(t, w.Users["viewer"])
		read := func(tag string) (status int, etag, body string) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/api/v1/datasets/%d/", w.Dataset.ID), http.NoBody)
			r.Header.Set("Authorization", header)
			r.Header.Set("If-None-Match", tag)
			got := httptest.NewRecorder()
			s.handler.ServeHTTP(got, r)
			return got.Code, got.Header().Get("ETag"), got.Body.String()
		}
		status, tag, body := read("")
		if status != http.StatusOK || !strings.HasPrefix(tag, `W/"`) || body == "" {
			t.Fatalf("%d %s %s", status, tag, body)
		}
		for _, known := range []string{tag, strings.TrimPrefix(tag, "W/"), `"other", ` + tag, "*"} {
			if status, again, body := read(known); status != http.StatusNotModified || again != tag || body != "" {
				t.Errorf("If-None-Match: %s: %d %s %q", known, status, again, body)
			}
		}
		s.db.Dataset.UpdateOne(w.Dataset).SetName("renamed").ExecX(access.System(t.Context()))
		if status, changed, body := read(tag); status != http.StatusOK || changed == tag || !strings.Contains(body, "renamed") {
			t.Errorf("changed: %d %s %s", status, changed, body)
		}
	})
}
