package bench

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// served is a server on this machine, until it is closed.
type served struct {
	*http.Server

	url string
}

func serve(ctx context.Context, h http.Handler) (*served, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &served{&http.Server{Handler: h, ReadHeaderTimeout: time.Minute}, "http://" + listener.Addr().String()}
	go func() {
		if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // and nothing would be measured
		}
	}()
	return s, nil
}
