package media

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

// link is what a URL names: an image, now or as a snapshot sees it, or the archive of a snapshot.
type link struct {
	image    gid.ImageID // 0 when it is an archive
	name     string      // of the image, which tells it from one that got its id later
	width    int         // of the thumbnail, in pixels; 0 is the picture itself
	snapshot gid.SnapshotID
	dataset  gid.DatasetID // of the snapshot whose archive it is
	viewer   gid.UserID
	day      string // when the URL was made, UTC: 2006-01-02
}

const (
	images    = "/media/images/"
	snapshots = "/media/snapshots/"
	purpose   = "media" // of signatures
	signature = "&signature="
)

// archiveName is the name of a file, by the ids of a dataset and of a snapshot of it.
const archiveName = "dataset_%d__snapshot_%d.zip"

// errLink is one answer for all that is no good URL of ours, so that it tells nothing.
var errLink = fmt.Errorf("%w: the address was changed or is out of date", fault.Forbidden)

// text returns the path and query of the link, as they are signed.
func (l link) text() string {
	text := fmt.Sprintf("%s?viewer=%d&day=%s", l.path(), l.viewer, l.day)
	if l.width > 0 {
		text += "&width=" + strconv.Itoa(l.width)
	}
	if l.image != 0 && l.snapshot != 0 {
		text += "&snapshot=" + strconv.Itoa(int(l.snapshot))
	}
	return text
}

func (l link) path() string {
	if l.image == 0 {
		return snapshots + l.archiveName()
	}
	return fmt.Sprintf("%s%d/%s", images, l.image, url.PathEscape(l.name))
}

func (l link) archiveName() string { return fmt.Sprintf(archiveName, l.dataset, l.snapshot) }

// expires is the end of the day after that of the link.
func (l link) expires() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, l.day)
	return day.AddDate(0, 0, 2), err
}

// sign returns the path and query of a URL.
func (s *Service) sign(l link) string {
	text := l.text()
	return text + signature + encoding.EncodeToString(s.signer.MAC(purpose, []byte(text)))
}

// encoding is strict: of the letters that could end a signature, one is right.
var encoding = base64.RawURLEncoding.Strict()

// verify returns what a URL names, and until when it is good. One that is not
// to the letter as it was made, or no longer good, is errLink.
func (s *Service) verify(u *url.URL) (l link, until time.Time, err error) {
	text, encoded, _ := strings.Cut(u.EscapedPath()+"?"+u.RawQuery, signature)
	sum, err := encoding.DecodeString(encoded)
	if err != nil || !s.signer.VerifyMAC(purpose, []byte(text), sum) {
		return link{}, time.Time{}, errLink
	}
	if l, err = parse(u); err != nil {
		return link{}, time.Time{}, errLink
	}
	until, err = l.expires()
	if err != nil || !s.now().Before(until) {
		return link{}, time.Time{}, errLink
	}
	return l, until, nil
}

// parse reads a URL whose signature is good.
func parse(u *url.URL) (l link, err error) {
	query := u.Query()
	if l, err = parsePath(u.Path); err != nil {
		return link{}, err
	}
	if l.viewer, err = number[gid.UserID](query.Get("viewer")); err != nil {
		return link{}, err
	}
	if query.Has("width") {
		if l.width, err = number[int](query.Get("width")); err != nil {
			return link{}, err
		}
	}
	if query.Has("snapshot") {
		l.snapshot, err = number[gid.SnapshotID](query.Get("snapshot"))
	}
	l.day = query.Get("day")
	return l, err
}

func parsePath(path string) (l link, err error) {
	if name, ok := strings.CutPrefix(path, snapshots); ok {
		_, err = fmt.Sscanf(name, archiveName, &l.dataset, &l.snapshot)
		return l, err
	}
	rest, _ := strings.CutPrefix(path, images)
	id, name, _ := strings.Cut(rest, "/")
	l.name = name
	l.image, err = number[gid.ImageID](id)
	return l, err
}

func number[N ~int](s string) (N, error) {
	n, err := strconv.Atoi(s)
	return N(n), err
}
