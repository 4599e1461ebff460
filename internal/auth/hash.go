package auth

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // one of Django's formats, verified once and replaced
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"github.com/datasetgen/datagen/internal/fault"
)

// argon are the costs of one argon2id hash.
type argon struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// present are the costs of new hashes, the least that OWASP recommends: 19 MiB
// and about 26 ms. A hash of other costs is replaced when its user signs in.
var present = argon{memory: 19456, passes: 2, lanes: 1}

// Bounds of the hashes that are verified at all, so that an imported one
// cannot occupy the machine. Django's own argon2 takes 100 MiB.
const (
	maxMemory     = 128 << 10 // KiB
	maxPasses     = 8
	maxLanes      = 16
	maxIterations = 2_000_000 // of PBKDF2
	minHash       = 16        // bytes of key
	maxHash       = 128
)

const (
	saltLength = 16
	hashLength = 32
)

// maxQueue is how long a password waits for its turn to be hashed.
const maxQueue = 2 * time.Second

// errUnknownHash says that a stored hash has a form that we do not verify. Its
// user cannot sign in before getting a new password.
var errUnknownHash = errors.New("unknown password hash")

// hasher hashes and verifies passwords, as many at a time as there are cores:
// each takes one core and 19 MiB.
type hasher struct {
	turns    *semaphore.Weighted
	patience time.Duration // to wait for a turn
}

func newHasher() *hasher {
	return &hasher{turns: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), patience: maxQueue}
}

// hash returns the argon2id hash of password in PHC form.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return newHash(password), nil
}

// tryHash is hash unless somebody would have to wait for it.
func (h *hasher) tryHash(password string) (hash string, ok bool) {
	if !h.turns.TryAcquire(1) {
		return "", false
	}
	defer h.turns.Release(1)
	return newHash(password), true
}

func newHash(password string) string {
	var salt [saltLength]byte
	rand.Read(salt[:]) // never fails: the process ends first
	return present.encode(salt[:], present.key(password, salt[:], hashLength))
}

// verify tells whether password is that of the stored hash, and whether the
// hash should be replaced by one of the present form. A hash that nothing can
// match takes as long as one that could.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	check, outdated, err := parseHash(stored)
	if err != nil {
		check, outdated = never, false
	}
	release, turnErr := h.turn(ctx)
	if turnErr != nil {
		return false, false, turnErr
	}
	defer release()
	return check(password), outdated, err
}

// turn waits for a turn to use a core.
func (h *hasher) turn(ctx context.Context) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	if err := h.turns.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: too many people are signing in", fault.Unavailable)
	}
	return func() { h.turns.Release(1) }, nil
}

func (a argon) key(password string, salt []byte, length uint32) []byte {
	return argon2.IDKey([]byte(password), salt, a.passes, a.memory, a.lanes, length)
}

// encode writes the PHC form: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>.
func (a argon) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.passes, a.lanes, b64(salt), b64(key))
}

// A check compares a password with a stored hash.
type check func(password string) bool

// never is the check of a hash that nothing matches.
func never(password string) bool {
	present.key(password, make([]byte, saltLength), hashLength)
	return false
}

// parseHash reads a stored hash: ours in PHC form, or one of Django's.
func parseHash(stored string) (c check, outdated bool, err error) {
	algorithm, rest, _ := strings.Cut(stored, "$")
	switch {
	case stored == "" || strings.HasPrefix(stored, UnusablePassword):
		return never, false, nil
	case algorithm == "": // PHC starts with its separator
		return parseArgon(rest)
	case algorithm == "argon2": // Django's name before the PHC form
		c, _, err = parseArgon(strings.TrimPrefix(rest, "$"))
		return c, true, err
	case algorithm == "pbkdf2_sha256":
		c, err = parsePBKDF2(sha256.New, rest)
		return c, true, err
	case algorithm == "pbkdf2_sha1":
		c, err = parsePBKDF2(sha1.New, rest)
		return c, true, err
	}
	return nil, false, errUnknownHash
}

// parseArgon reads argon2id$v=19$m=…,t=…,p=…$<salt>$<key>.
func parseArgon(s string) (c check, outdated bool, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 5 || parts[0] != "argon2id" || parts[1] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, false, errUnknownHash
	}
	var a argon
	if _, err := fmt.Sscanf(parts[2], "m=%d,t=%d,p=%d", &a.memory, &a.passes, &a.lanes); err != nil || !a.bounded() {
		return nil, false, errUnknownHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[3])
	want, keyErr := base64.RawStdEncoding.DecodeString(parts[4])
	if saltErr != nil || keyErr != nil || len(salt) == 0 || len(want) < minHash || len(want) > maxHash {
		return nil, false, errUnknownHash
	}
	return func(password string) bool {
		got := a.key(password, salt, uint32(len(want))) //nolint:gosec // G115: maxHash at most
		return subtle.ConstantTimeCompare(got, want) == 1
	}, a != present, nil
}

func (a argon) bounded() bool {
	return a.memory > 0 && a.memory <= maxMemory &&
		a.passes > 0 && a.passes <= maxPasses &&
		a.lanes > 0 && a.lanes <= maxLanes
}

// parsePBKDF2 reads Django's <iterations>$<salt>$<base64 key>. The salt is
// used as it is written.
func parsePBKDF2[H hash.Hash](digest func() H, s string) (check, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 3 {
		return nil, errUnknownHash
	}
	iterations, err := strconv.Atoi(parts[0])
	if err != nil || iterations < 1 || iterations > maxIterations {
		return nil, errUnknownHash
	}
	want, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(want) < minHash || len(want) > maxHash {
		return nil, errUnknownHash
	}
	return func(password string) bool {
		got, err := pbkdf2.Key(digest, password, []byte(parts[1]), iterations, len(want))
		return err == nil && subtle.ConstantTimeCompare(got, want) == 1
	}, nil
}
