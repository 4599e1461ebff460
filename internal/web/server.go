package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server listens. It answers /healthz and /readyz itself, without middleware:
// those who probe it know no host name and would fill the log.
type Server struct {
	Handler http.Handler
	Checks  map[string]Check // what must work for the server to be ready, by name
	Log     *slog.Logger

	HeaderTimeout time.Duration // for a request's head
	IdleTimeout   time.Duration // between two requests of a connection
	StallTimeout  time.Duration // for a piece of an answer, 64 KiB or less, to leave
	Pace          Pace          // of request bodies
	CheckTimeout  time.Duration // for all checks together
	DrainDelay    time.Duration // from /readyz saying no to listening no more: what load balancers take to see it
	DrainTimeout  time.Duration // for requests in flight to finish after that

	draining atomic.Bool
}

const maxHeaderBytes = 32 << 10

// NewServer returns a server with limits that suit production. Each of its
// fields may be changed before Serve.
func NewServer(handler http.Handler, checks map[string]Check, log *slog.Logger) *Server {
	return &Server{
		Handler:       handler,
		Checks:        checks,
		Log:           log,
		HeaderTimeout: 5 * time.Second,
		IdleTimeout:   60 * time.Second,
		StallTimeout:  30 * time.Second,
		Pace:          Pace{Grace: 20 * time.Second, Rate: 500}, // of Apache's mod_reqtimeout
		CheckTimeout:  2 * time.Second,
		DrainTimeout:  25 * time.Second, // of the 30 s that Kubernetes gives
	}
}

// Serve answers requests from listener until ctx ends, and those in flight to
// their end; it closes listener. It returns nil once all are answered, and an
// error when listening failed or requests were cut off after DrainTimeout.
// Their contexts do not end with ctx.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Pace.keep(http.HandlerFunc(s.route)),
		ReadHeaderTimeout: s.HeaderTimeout,
		IdleTimeout:       s.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(stallListener{listener, s.StallTimeout}) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return s.stop(context.WithoutCancel(ctx), server)
	}
}

// stop says no at /readyz, waits for the load balancers to see it, and then for
// the requests in flight.
func (s *Server) stop(ctx context.Context, server *http.Server) error {
	s.draining.Store(true)
	s.Log.InfoContext(ctx, "stopping", "listening_for", s.DrainDelay, "waiting_for_requests", s.DrainTimeout)
	<-time.After(s.DrainDelay)
	ctx, cancel := context.WithTimeout(ctx, s.DrainTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
	}
	return nil
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		// Else Shutdown might close the connection on its next request.
		w.Header().Set("Connection", "close")
	}
	switch r.URL.Path {
	case "/healthz":
		writeHealth(w, http.StatusOK, health{Status: "ok"})
	case "/readyz":
		s.ready(w, r)
	default:
		s.Handler.ServeHTTP(w, r)
	}
}
