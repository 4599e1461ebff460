package web

import (
	"context"
	"encoding/json"
	"net/http"
)

// A Check returns an error when something the server needs does not work, and
// soon after its context ends.
type Check func(context.Context) error

// health is the answer of /healthz and /readyz. Why a check fails is for the log alone.
type health struct {
	Status string            `json:"status"` // ok, failing or stopping
	Checks map[string]string `json:"checks,omitempty"`
}

// ready answers 200 when all checks pass and the server is not about to stop, else 503.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.CheckTimeout)
	defer cancel()
	answer, code := health{Status: "ok", Checks: map[string]string{}}, http.StatusOK
	for name, check := range s.Checks {
		answer.Checks[name] = "ok"
		if err := check(ctx); err != nil {
			s.Log.ErrorContext(ctx, "not ready", "check", name, "error", err)
			answer.Status, answer.Checks[name], code = "failing", "failing", http.StatusServiceUnavailable
		}
	}
	writeHealth(w, code, answer)
}

func writeHealth(w http.ResponseWriter, code int, answer health) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer) // it fails when the prober has gone
}
