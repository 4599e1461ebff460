package fetch_test

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/fetch"
)

// limit bounds files in these tests, public is an address of the made-up internet, and site and friend are names
// there for which its server has a certificate.
const (
	limit  = 1_000_000 // bytes, of a file
	public = "203.0.113.7"
	site   = "pictures.example.com"
	friend = "friend.example.com"
)

// internet is one server at every address that a Fetcher connects to, and the
// names that lead there.
type internet struct {
	*httptest.Server

	mu        sync.Mutex
	names     map[string][][]string // name → the addresses that each next lookup finds; the last stay
	all, open int                   // connections
}

// serve makes an internet. Names that are not in names nobody knows.
func serve(t *testing.T, handler http.HandlerFunc, names map[string][][]string) *internet {
	t.Helper()
	in := &internet{
		Server: httptest.NewUnstartedServer(handler),
		names:  map[string][][]string{site: {{public}}, friend: {{public}}},
	}
	maps.Copy(in.names, names)
	in.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // clients leave early here
	in.Listener = countingListener{in.Listener, in}
	in.EnableHTTP2 = true
	in.StartTLS()
	t.Cleanup(in.Close)
	return in
}

// fetcher returns a patient Fetcher in that internet, of files of at most 1 MB.
func (in *internet) fetcher(allow ...string) *fetch.Fetcher {
	return in.hasty(time.Minute, time.Minute, allow...)
}

// hasty is fetcher with less time, on the whole and for each step.
func (in *internet) hasty(timeout, patience time.Duration, allow ...string) *fetch.Fetcher {
	return in.rewired(in.Listener.Addr().String(), timeout, patience, allow...)
}

// rewired is hasty with another server at every address.
func (in *internet) rewired(server string, timeout, patience time.Duration, allow ...string) *fetch.Fetcher {
	o := fetch.Options{MaxBytes: limit, Timeout: timeout}
	for _, network := range append(allow, "203.0.113.0/24") {
		o.Allow = append(o.Allow, netip.MustParsePrefix(network))
	}
	f := fetch.New(o)
	roots := x509.NewCertPool()
	roots.AddCert(in.Certificate())
	f.Rewire(&net.Resolver{PreferGo: true, Dial: in.dialDNS}, roots, server, patience)
	return f
}

// connections returns how many there were, and how many of them are open.
func (in *internet) connections() (all, open int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.all, in.open
}

func (in *internet) count(all, open int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.all += all
	in.open += open
}

type countingListener struct {
	net.Listener

	in *internet
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.in.count(1, 1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { l.in.count(0, -1) })}, nil
}

type countedConn struct {
	net.Conn

	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// dialDNS connects to a name server of this internet.
func (in *internet) dialDNS(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go in.answerDNS(server)
	return client, nil
}

// answerDNS answers queries on a stream (RFC 1035, section 4.2.2) until that ends.
func (in *internet) answerDNS(conn net.Conn) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply := in.resolve(query)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

const (
	typeA    = 1
	typeAAAA = 28
)

// resolve answers a query with the addresses of its type, or that there is no such name.
func (in *internet) resolve(query []byte) []byte {
	const header = 12 // bytes
	var labels []string
	end := header
	for query[end] != 0 {
		next := end + 1 + int(query[end])
		labels = append(labels, string(query[end+1:next]))
		end = next
	}
	end += 5 // the empty label, type and class
	kind := binary.BigEndian.Uint16(query[end-4:])
	lookup, known := in.lookup(strings.Join(labels, "."), kind)

	reply := slices.Concat(query[:2], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	if !known {
		reply[3] |= 3
	}
	reply = append(reply, query[header:end]...)
	for _, text := range lookup {
		addr := netip.MustParseAddr(text)
		if addr.Is4() != (kind == typeA) {
			continue
		}
		reply[7]++
		reply = append(reply, 0xc0, header, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(addr.BitLen()/8))
		reply = append(reply, addr.AsSlice()...)
	}
	return reply
}

// lookup returns the addresses of a name. A lookup is two queries, of which the one for IPv4 counts.
func (in *internet) lookup(name string, kind uint16) (addrs []string, known bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	lookups, known := in.names[strings.ToLower(name)]
	if !known || kind != typeA && kind != typeAAAA {
		return nil, known
	}
	if kind == typeA && len(lookups) > 1 {
		in.names[strings.ToLower(name)] = lookups[1:]
	}
	return lookups[0], true
}
