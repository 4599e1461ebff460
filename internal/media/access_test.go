package media_test

import (
	"context"
	"fmt"
	"image/color"
	"net/http"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestWhoSees: a URL shows what the viewer it names may see, whoever opens it.
func TestWhoSees(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for name, want := range map[string]int{
			"owner":     http.StatusOK,
			"viewer":    http.StatusOK,
			"assignee":  http.StatusOK,
			"admin":     http.StatusOK,
			"superuser": http.StatusOK,
			"colleague": http.StatusNotFound,
			"stranger":  http.StatusNotFound,
		} {
			for _, address := range []string{w.urlFor(t, name), w.ThumbnailURL(w.as(t, name), w.image, 64)} {
				if got := w.get(t, address).Code; got != want {
					t.Errorf("%s: %d, want %d", name, got, want)
				}
			}
		}
	})
}

// TestAccessEnds: within 5 s a URL dies with the access of the viewer it names, and no other.
func TestAccessEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		steps := []struct {
			what string
			who  string
			end  func(ctx context.Context, tx *ent.Tx) error
		}{
			{"disabled", "owner", func(ctx context.Context, tx *ent.Tx) error {
				return tx.User.UpdateOne(w.users["owner"]).SetIsActive(false).Exec(ctx)
			}},
			{"no member", "viewer", func(ctx context.Context, tx *ent.Tx) error {
				_, err := tx.Member.Delete().Where(member.UserID(w.users["viewer"].ID)).Exec(ctx)
				return err
			}},
			{"job is another's", "assignee", func(ctx context.Context, tx *ent.Tx) error {
				return tx.Job.Update().Where(job.DatasetID(w.dataset.ID)).SetAssignee(w.users["colleague"]).Exec(ctx)
			}},
			{"no admin", "admin", func(ctx context.Context, tx *ent.Tx) error {
				return tx.User.UpdateOne(w.users["admin"]).SetIsAdmin(false).Exec(ctx)
			}},
			{"image is gone", "superuser", func(ctx context.Context, tx *ent.Tx) error {
				return tx.Image.DeleteOneID(w.image.ID).Exec(ctx)
			}},
		}
		for i, step := range steps {
			for _, other := range steps[i:] {
				if got := w.get(t, w.urlFor(t, other.who)).Code; got != http.StatusOK {
					t.Errorf("before %s is %s: %s gets %d, want %d", step.who, step.what, other.who, got, http.StatusOK)
				}
			}
			w.clock.advance(3 * time.Second)
			if got := w.get(t, w.urlFor(t, step.who)).Code; got != http.StatusOK { // into the cache, as late as can be
				t.Errorf("just before %s is %s: %d, want %d", step.who, step.what, got, http.StatusOK)
			}
			w.write(t, step.end)
			w.clock.advance(5 * time.Second)
			if got := w.get(t, w.urlFor(t, step.who)).Code; got != http.StatusNotFound {
				t.Errorf("%s is %s: %d, want %d", step.who, step.what, got, http.StatusNotFound)
			}
		}
	})
}

// TestAccessBegins: that a viewer saw nothing is not remembered.
func TestAccessBegins(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		address := w.urlFor(t, "colleague")
		if got := w.get(t, address).Code; got != http.StatusNotFound {
			t.Errorf("before: %d, want %d", got, http.StatusNotFound)
		}
		w.write(t, func(ctx context.Context, tx *ent.Tx) error {
			return tx.Member.Create().SetDataset(w.dataset).SetUser(w.users["colleague"]).SetRole(member.RoleViewer).Exec(ctx)
		})
		if got := w.get(t, address).Code; got != http.StatusOK {
			t.Errorf("after: %d, want %d", got, http.StatusOK)
		}
	})
}

// TestOtherName: an id alone is not enough, for a database may give it to another image later.
func TestOtherName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t))
	for name, want := range map[string]int{w.image.Name: http.StatusOK, "0a1b-other.x": http.StatusNotFound} {
		text := fmt.Sprintf("/media/images/%d/%s?viewer=%d&day=2026-11-23", w.image.ID, name, w.users["viewer"].ID)
		if got := w.get(t, w.signed(text)).Code; got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// TestStatements: a viewer and an image cost a statement each, and nothing in the next seconds.
func TestStatements(t *testing.T) {
	t.Parallel()
	var n int
	w := newWorld(t, testkit.SQLite(t, database.WithTrace(func(string) { n++ })))
	second := w.add(t, "b.png", image.FormatPNG, pngOf(2, 2, color.Black))
	urls := []string{w.urlFor(t, "viewer"), w.URL(w.as(t, "viewer"), second)}
	for _, step := range []struct {
		what string
		url  string
		wait time.Duration
		want int
	}{
		{"first image", urls[0], 0, 2},
		{"again", urls[0], time.Second, 0},
		{"second image", urls[1], time.Second, 1},
		{"again", urls[1], time.Second, 0},
		{"later", urls[1], 2 * time.Second, 2},
	} {
		w.clock.advance(step.wait)
		n = 0
		if got := w.get(t, step.url).Code; got != http.StatusOK || n != step.want {
			t.Errorf("%s: %d and %d statements, want %d and %d", step.what, got, n, http.StatusOK, step.want)
		}
	}
}
