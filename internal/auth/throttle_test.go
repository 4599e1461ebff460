package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
)

var (
	home    = netip.MustParseAddr("192.0.2.1")
	office  = netip.MustParseAddr("192.0.2.2")
	outside = netip.MustParseAddr("198.51.100.7")
)

// inBubble runs a test in which time is virtual: sleeping takes none.
func inBubble(t *testing.T, f func(t *testing.T, guess func(account string, from netip.Addr, o outcome) error)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle(time.Now)
		f(t, func(account string, from netip.Addr, o outcome) error {
			a, err := throttle.admit(t.Context(), account, from)
			if err != nil {
				return err
			}
			time.Sleep(26 * time.Millisecond) // as hashing does
			a.end(o)
			return nil
		})
	})
}

func TestThrottleDoubles(t *testing.T) {
	inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
		var waits []string
		for range 18 {
			err := guess("ana@example.com", outside, failed)
			for err != nil {
				var throttled *ThrottledError
				if !errors.As(err, &throttled) || !errors.Is(err, fault.RateLimited) {
					t.Fatal(err)
				}
				waits = append(waits, strconv.Itoa(throttled.Seconds()))
				time.Sleep(throttled.RetryAfter)
				err = guess("ana@example.com", outside, failed)
			}
		}
		// Five for free, then a second, doubling to a quarter of an hour.
		if got, want := fmt.Sprint(waits), "[1 2 4 8 16 32 64 128 256 512 900 900 900]"; got != want {
			t.Errorf("seconds of waiting = %s, want %s", got, want)
		}
	})
}

func TestThrottleOneAccount(t *testing.T) {
	for name, from := range map[string]func(i int) netip.Addr{
		"from one address":       func(int) netip.Addr { return outside },
		"from as many addresses": func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}) },
	} {
		t.Run(name+", in a minute", func(t *testing.T) {
			inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
				if err := guess("ana@example.com", home, succeeded); err != nil {
					t.Fatal(err)
				}
				evaluated := 0
				for i := range 1000 {
					if guess("ana@example.com", from(i), failed) == nil {
						evaluated++
					}
					time.Sleep(34 * time.Millisecond)
				}
				if evaluated > 20 || evaluated < 5 {
					t.Errorf("%d of 1000 guesses were looked at, want 5 to 20", evaluated)
				}
				if err := guess("ana@example.com", home, succeeded); err != nil {
					t.Errorf("the owner, where they were before: %v", err)
				}
				if err := guess("ana@example.com", office, succeeded); !errors.Is(err, fault.RateLimited) {
					t.Errorf("the owner, where they never were: %v, want %v", err, fault.RateLimited)
				}
			})
		})
		t.Run(name+", at once", func(t *testing.T) {
			inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
				var evaluated atomic.Int32
				var all sync.WaitGroup
				for i := range 1000 {
					all.Go(func() {
						if guess("ana@example.com", from(i), failed) == nil {
							evaluated.Add(1)
						}
					})
				}
				all.Wait()
				if got := evaluated.Load(); got != int32(accountRule.free) {
					t.Errorf("%d of 1000 guesses were looked at, want %d", got, accountRule.free)
				}
			})
		})
	}
}

func TestThrottleLetsTheRightIn(t *testing.T) {
	inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				if err := guess("ana@example.com", outside, succeeded); err != nil {
					t.Errorf("sign-in %d of 100 at once: %v", i, err)
				}
			})
		}
		all.Wait()
	})
}

func TestThrottleOneNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
		if err := guess("ana@example.com", office, succeeded); err != nil {
			t.Fatal(err)
		}
		evaluated := 0
		for i := range 1000 {
			if guess(fmt.Sprintf("user%d@example.com", i), office, failed) == nil {
				evaluated++
			}
			if i%5 == 0 { // accounts of the attacker's own are no help
				_ = guess(fmt.Sprintf("mallory%d@example.com", i), office, succeeded)
			}
		}
		if evaluated > 60 {
			t.Errorf("%d accounts were tried from one network, want no more than 60", evaluated)
		}
		if err := guess("ana@example.com", office, succeeded); err != nil {
			t.Errorf("somebody known there: %v", err)
		}
		if err := guess("beto@example.com", home, succeeded); err != nil {
			t.Errorf("somebody elsewhere: %v", err)
		}
	})
}

func TestThrottleForgets(t *testing.T) {
	inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
		fail := func(times int) {
			t.Helper()
			for range times {
				if err := guess("ana@example.com", outside, failed); err != nil {
					t.Fatal(err)
				}
			}
		}
		fail(5)
		time.Sleep(time.Second)
		if err := guess("ana@example.com", outside, succeeded); err != nil {
			t.Fatal(err)
		}
		fail(5) // a success clears what was before
		time.Sleep(forgetAfter + time.Second)
		fail(5) // as does time
	})
}

// TestThrottleUnjudged keeps an outage from counting as wrong passwords.
func TestThrottleUnjudged(t *testing.T) {
	inBubble(t, func(t *testing.T, guess func(string, netip.Addr, outcome) error) {
		for i := range 100 {
			if err := guess("ana@example.com", outside, unjudged); err != nil {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
	})
}

func TestThrottleWaitsNoLongerThanTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle(time.Now)
		for range accountRule.free {
			if _, err := throttle.admit(t.Context(), "ana@example.com", outside); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := throttle.admit(t.Context(), "ana@example.com", outside); !errors.Is(err, fault.RateLimited) {
			t.Errorf("behind attempts that never end: %v, want %v", err, fault.RateLimited)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := throttle.admit(gone, "ana@example.com", outside); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a client that left: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1":                 "192.0.2.1",
		"::ffff:192.0.2.1":          "192.0.2.1",
		"2001:db8:1:2:3:4:5:6":      "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":      "2001:db8:1:2::/64",
		"fe80::1%eth0":              "fe80::/64",
		"2001:db8:1:3:0:0:0:1%spam": "2001:db8:1:3::/64",
	} {
		if got := network(netip.MustParseAddr(address)); got != want {
			t.Errorf("network(%s) = %s, want %s", address, got, want)
		}
	}
	if got := network(netip.Addr{}); got != "invalid IP" {
		t.Errorf("network of no address = %s, want a network of its own", got)
	}
}
