package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
)

// Error answers the request with err, as far as a client may know of it; what
// it may not know is logged. Handlers without a wire format of their own use it
// as the middleware does.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	public := fault.Describe(err)
	if public.Status >= http.StatusInternalServerError {
		slog.ErrorContext(r.Context(), "request failed", "error", err)
	}
	write(w, r, public)
}

func write(w http.ResponseWriter, r *http.Request, public fault.Public) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(public.Status)
	_ = json.NewEncoder(w).Encode(body(r, public)) // it fails when the client has gone: nobody is left to tell
}

// body is an error in the form that clients of the path know: the legacy API
// has its own, all else answers as GraphQL does.
func body(r *http.Request, public fault.Public) any {
	if isLegacy(r.URL.Path) {
		return map[string]any{"detail": public.Message}
	}
	return map[string]any{"errors": []any{map[string]any{
		"message":    public.Message,
		"extensions": map[string]any{"code": public.Code, "requestId": RequestID(r.Context())},
	}}}
}

// isLegacy tells the paths of the legacy API, whose clients double slashes.
func isLegacy(urlPath string) bool {
	return strings.HasPrefix(path.Clean("/"+urlPath)+"/", "/api/v1/")
}
