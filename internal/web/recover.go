package web

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/datasetgen/datagen/internal/fault"
)

// recoverPanics answers 500 where a handler panics, and logs where it was. An
// answer that has begun is cut off, lest the client take it for whole.
func recoverPanics(log *slog.Logger) layer {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			written := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(reason) // a handler's own way to cut off an answer
				}
				log.ErrorContext(r.Context(), "panic", "reason", reason, "stack", string(debug.Stack()))
				answerPanic(written, r)
			}()
			next.ServeHTTP(written, r)
		})
	}
}

func answerPanic(w middleware.WrapResponseWriter, r *http.Request) {
	if w.Status() != 0 {
		panic(http.ErrAbortHandler)
	}
	write(w, r, fault.Describe(errors.New("panic")))
}
