// Package servertest finds the servers that tests need and do not start by
// themselves, and starts those that are a single program. Only tests import it.
package servertest

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Setting returns the environment variable that says where a server is. A test
// whose server there is not is skipped, unless DATAGEN_REQUIRE_ALL=1 makes
// that a failure.
func Setting(tb testing.TB, variable string) string {
	tb.Helper()
	value := os.Getenv(variable)
	switch {
	case value == "" && os.Getenv("DATAGEN_REQUIRE_ALL") != "":
		tb.Fatalf("%s is not set", variable)
	case value == "":
		tb.Skipf("%s is not set", variable)
	}
	return value
}

// Start runs a program until the test ends, and waits until it can be connected
// to at address.
func Start(tb testing.TB, address, program string, arguments ...string) {
	tb.Helper()
	cmd := exec.Command(program, arguments...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	})
	for range 600 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	tb.Fatalf("%s does not listen on %s", program, address)
}

// FreePort returns a port of 127.0.0.1 where nobody listens.
func FreePort(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}
