package web

import (
	"net"
	"time"
)

// stallListener drops connections whose client does not take what it asked
// for. http.Server's WriteTimeout would cut off long exports as well: it counts
// from the request, however fast the answer flows.
type stallListener struct {
	net.Listener

	timeout time.Duration
}

// Accept satisfies net.Listener.
func (l stallListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return stallConn{conn, l.timeout}, nil
}

type stallConn struct {
	net.Conn

	timeout time.Duration // for a piece
}

const piece = 64 << 10

// Write satisfies net.Conn. Each piece has its own time, so that what counts is
// progress and not how much a handler writes at once.
func (c stallConn) Write(p []byte) (n int, err error) {
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(p[n:min(n+piece, len(p))])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// CloseWrite lets http.Server close gently: a client that is still sending
// reads the answer before it sees the connection end.
func (c stallConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
