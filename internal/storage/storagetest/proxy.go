package storagetest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Line is what becomes of the connections through a Proxy. The zero Line is cut
// at once.
type Line struct {
	Up, Down int64 // bytes that go through to the server, and back, before it is cut
	Hangs    bool  // it is not cut then: nothing goes through any more
}

// Whole is a Line that is never cut.
func Whole() Line { return Line{Up: 1 << 60, Down: 1 << 60} }

// Proxy is a TCP proxy between a store and its server.
type Proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	line  Line
	conns map[net.Conn]bool
}

// NewProxy starts a proxy in front of the server at target, HOST:PORT, which
// lasts until the test ends. Its line is Whole.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := &Proxy{listener: must(net.Listen("tcp", "127.0.0.1:0"))(tb), target: target, line: Whole(), conns: map[net.Conn]bool{}}
	go p.serve()
	tb.Cleanup(func() {
		_ = p.listener.Close()
		p.Set(Line{})
	})
	return p
}

// Host returns the HOST:PORT of the proxy.
func (p *Proxy) Host() string { return p.listener.Addr().String() }

// Set cuts all connections. Those to come are of that line.
func (p *Proxy) Set(line Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = line
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		line := p.connect(client, server)
		go line.carry(server, client, line.Up)
		go line.carry(client, server, line.Down)
	}
}

// connect returns the line between two connections.
func (p *Proxy) connect(client, server net.Conn) Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[client], p.conns[server] = true, true
	return p.line
}

// carry copies n bytes, and then the line is cut, or hangs until somebody else cuts it.
func (l Line) carry(to, from net.Conn, n int64) {
	copied, _ := io.CopyN(to, from, n) // whatever has happened, the line is cut
	if l.Hangs && copied == n {
		return
	}
	_ = to.Close()
	_ = from.Close()
}
