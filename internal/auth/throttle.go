package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/datasetgen/datagen/internal/fault"
)

// The rules of the throttle. A success from a network does not clear its
// failures, since an attacker may have an account of their own there.
var (
	accountRule = rule{free: 5, longest: 15 * time.Minute, clears: true}
	networkRule = rule{free: 50, longest: time.Minute}
)

// A rule says how many attempts of a lane may fail before there is a delay,
// which starts at a second and doubles with each further failure.
type rule struct {
	free    int
	longest time.Duration // of the delays
	clears  bool          // a success clears the failures
}

const (
	laneLimit   = 1 << 14          // lanes that are remembered, the least recently used go first
	maxRunning  = 8                // attempts in a lane at the same time
	forgetAfter = time.Hour        // without a failure, a lane starts anew
	maxTurn     = 10 * time.Second // that an attempt waits for those before it in its lane
)

// ThrottledError refuses a sign-in without looking at the password. It is of
// the kind fault.RateLimited.
type ThrottledError struct {
	RetryAfter time.Duration // at least a second
}

// Error says when to try again, in whole seconds.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%v: try again in %d s", fault.RateLimited, e.Seconds())
}

// Unwrap makes a ThrottledError a RateLimited.
func (*ThrottledError) Unwrap() error { return fault.RateLimited }

// Seconds is RetryAfter in whole seconds, as the header of that name has it.
func (e *ThrottledError) Seconds() int {
	return int((e.RetryAfter + time.Second - 1) / time.Second)
}

// throttle slows down who guesses passwords. It counts in lanes: an attempt
// from a network that signed in to the account before runs in the lane of that
// pair alone; any other runs in two, that of the account, which all strangers
// share, and that of its network. So guesses from anywhere slow each other
// down, and never the people of the account where they usually are.
//
// A lane admits no more at a time than may fail for free, and once these are
// spent one at a time: the others wait for it. So a thousand guesses at once
// get no further than a thousand in a row, while twenty people who know the
// password all get in.
type throttle struct {
	now      func() time.Time
	patience time.Duration // to wait for a turn

	mu    sync.Mutex
	lanes *simplelru.LRU[laneKey, *lane]
	known *simplelru.LRU[laneKey, struct{}] // pairs that signed in
}

// laneKey is a hash, so that what clients send takes no more room than that.
type laneKey [sha256.Size]byte

// A lane counts the attempts of one source.
type lane struct {
	rule     rule
	failures int
	running  int
	failed   time.Time     // when last
	until    time.Time     // nothing is admitted before
	changed  chan struct{} // closed when an attempt ends
}

func newThrottle(now func() time.Time) *throttle {
	lanes, _ := simplelru.NewLRU[laneKey, *lane](laneLimit, nil) // an error means a limit below one
	known, _ := simplelru.NewLRU[laneKey, struct{}](laneLimit, nil)
	return &throttle{now: now, patience: maxTurn, lanes: lanes, known: known}
}

// An attempt is a sign-in that was admitted. It must be ended.
type attempt struct {
	throttle *throttle
	pair     laneKey
	lanes    []*lane
}

// An outcome is how an attempt ended.
type outcome int

const (
	unjudged  outcome = iota // nobody looked at the password
	failed                   // it was wrong
	succeeded                // it was right
)

// admit waits for a turn to check a password of the account. The address is
// that of the connection or of a trusted proxy, never one that clients choose.
// The error is a *ThrottledError, or that of ctx.
func (t *throttle) admit(ctx context.Context, account string, ip netip.Addr) (*attempt, error) {
	tooLong := time.NewTimer(t.patience)
	defer tooLong.Stop()
	for {
		admitted, turn, err := t.try(account, network(ip))
		if admitted != nil || err != nil {
			return admitted, err
		}
		select {
		case <-turn:
		case <-tooLong.C:
			return nil, &ThrottledError{RetryAfter: time.Second}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try admits an attempt, or refuses it, or returns the channel that closes
// when it is worth trying again.
func (t *throttle) try(account, network string) (_ *attempt, turn <-chan struct{}, _ error) {
	t.mu.Lock()
	defer t.mu.Unlock()

	now := t.now()
	a := &attempt{throttle: t, pair: keyOf("pair", account, network)}
	a.lanes = t.lanesOf(a.pair, account, network)
	for _, l := range a.lanes {
		l.forget(now)
		if wait := l.until.Sub(now); wait > 0 {
			return nil, nil, &ThrottledError{RetryAfter: max(wait, time.Second)}
		}
	}
	for _, l := range a.lanes {
		if l.full() {
			return nil, l.changed, nil
		}
	}
	for _, l := range a.lanes {
		l.running++
	}
	return a, nil, nil
}

// lanesOf returns the lanes that an attempt runs in.
func (t *throttle) lanesOf(pair laneKey, account, network string) []*lane {
	if _, known := t.known.Get(pair); known {
		return []*lane{t.lane(pair, accountRule)}
	}
	return []*lane{
		t.lane(keyOf("account", account), accountRule),
		t.lane(keyOf("network", network), networkRule),
	}
}

func (t *throttle) lane(key laneKey, r rule) *lane {
	l, ok := t.lanes.Get(key)
	if !ok {
		l = &lane{rule: r, changed: make(chan struct{})}
		t.lanes.Add(key, l)
	}
	return l
}

// end counts the attempt and lets those in that wait for it.
func (a *attempt) end(o outcome) {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()

	if o == succeeded {
		a.throttle.known.Add(a.pair, struct{}{})
	}
	for _, l := range a.lanes {
		l.end(o, a.throttle.now())
	}
}

// full tells whether an attempt must wait: because if all that run were to
// fail it would be one too many, or because one source has enough of the cores.
func (l *lane) full() bool {
	return l.running >= max(1, min(maxRunning, l.rule.free-l.failures))
}

func (l *lane) forget(now time.Time) {
	if now.Sub(l.failed) > forgetAfter {
		l.failures, l.until = 0, time.Time{}
	}
}

func (l *lane) end(o outcome, now time.Time) {
	l.running--
	close(l.changed)
	l.changed = make(chan struct{})
	switch {
	case o == succeeded && l.rule.clears:
		l.failures, l.until = 0, time.Time{}
	case o == failed:
		l.failures++
		l.failed = now
		l.until = now.Add(l.rule.delay(l.failures))
	}
}

// delay is how long a lane is closed after that many failures.
func (r rule) delay(failures int) time.Duration {
	if failures < r.free {
		return 0
	}
	doublings := min(failures-r.free, 30) // enough for any longest, and no overflow
	return min(time.Second<<doublings, r.longest)
}

// network is the part of an address that one customer has to themselves: all
// of an IPv4 address, and the first half of an IPv6 one.
func network(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// keyOf hashes the parts, each with its length, so that no two lists of parts
// are the same bytes.
func keyOf(parts ...string) laneKey {
	h := sha256.New()
	for _, p := range parts {
		writeSized(h, p)
	}
	return laneKey(h.Sum(nil))
}
