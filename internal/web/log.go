package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// logAccess writes a line for every request. It holds neither header nor query:
// those carry tokens and signatures.
func logAccess(log *slog.Logger) layer {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			written := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			line := []slog.Attr{slog.String("method", r.Method), slog.String("path", r.URL.Path)} // routers change them
			finished := false
			defer func() {
				log.LogAttrs(r.Context(), slog.LevelInfo, "request", append(line,
					slog.Int("status", status(written)),
					slog.Int("bytes", written.BytesWritten()),
					slog.Duration("took", time.Since(start)),
					slog.String("ip", ClientIP(r.Context())),
					slog.Bool("cut_off", !finished),
				)...)
			}()
			next.ServeHTTP(written, r)
			finished = true
		})
	}
}

// status is what the client gets; who writes nothing answers 200.
func status(w middleware.WrapResponseWriter) int {
	if w.Status() == 0 {
		return http.StatusOK
	}
	return w.Status()
}
