package storage

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	maxConnecting = 3 * time.Second
	maxSilence    = 10 * time.Second
	maxTries      = 3               // of a request
	maxPause      = time.Second / 2 // between them
)

// hurry makes a transport give up on a server that is silent: that does not let
// itself be connected to, takes no bytes of a request for a while or sends none
// of an answer. How long all of an object takes is not bounded: lines are slow.
func hurry(t *http.Transport) {
	dialer := net.Dialer{Timeout: maxConnecting}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return impatient{conn}, nil
	}
	t.TLSHandshakeTimeout = maxConnecting
	t.ResponseHeaderTimeout = maxSilence
	t.MaxIdleConnsPerHost = 64
}

// silent tells the error of a server that was given up on. Unlike other errors,
// it is not to be waited for again.
func silent(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// impatient is a connection that fails when nothing goes through it either way
// for a while.
type impatient struct{ net.Conn }

func (i impatient) Read(p []byte) (int, error) {
	if err := i.SetDeadline(time.Now().Add(maxSilence)); err != nil {
		return 0, err
	}
	return i.Conn.Read(p)
}

func (i impatient) Write(p []byte) (int, error) {
	if err := i.SetDeadline(time.Now().Add(maxSilence)); err != nil {
		return 0, err
	}
	return i.Conn.Write(p)
}
