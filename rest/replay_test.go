package rest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/testkit"
)

// exchange is a request to the old service and what it answered.
type exchange struct {
	Name            string
	As              string
	Method          string
	Path            string
	Request         json.RawMessage
	Status          int
	Response        any
	Allow           string
	WWWAuthenticate string `json:"www_authenticate"`
	ContentType     string `json:"content_type"`
	Note            string
}

// corrected is what is right where the old service was not, or where words may differ.
var corrected = map[string]struct {
	status   int
	response string // a regular expression of the body; empty when the recorded one is right
}{
	"auth: malformed json":                  {400, `^\{"detail":"JSON parse error - .+"\}$`},
	"datasets: get no slash":                {200, `"name":"Boats"`},
	"images: create not an image":           {400, `^\{"image":\[".+"\]\}$`},
	"annotations: batch not a list":         {400, `^\{"error":".*list.*"\}$`},
	"annotations: list":                     {200, `"count":3,.*0\.3.*0\.5.*3f2504e0`}, // in the order saved; it was by UUIDs that were drawn at random
	"annotations: after failed batch":       {200, `"count":3,`},
	"charts: image_pie_chart":               {200, `^\[\{"name":"synthetic","value":1,"color":"#111411"\},\{"name":"real","value":2,"color":"#905ef8"\}\]$`},
	"charts: image_bar_chart":               {200, `^\[\{"name":"sail boat","real":0,"synthetic":1\},\{"name":"cargo","real":0,"synthetic":1\}\]$`},
	"batches: assign missing":               {400, `^\{"message":".*user_ids.*images_per_task.*"\}$`},
	"batches: assign no users":              {400, `^\{"message":".*assignee.*"\}$`},
	"snapshots: generate other user":        {403, `^\{"detail":"You do not have permission to perform this action."\}$`},
	"snapshots: generate missing":           {404, `^\{"detail":"Not found."\}$`},
	"root":                                  {200, `/api/v1/datasets/`},
	"datasets: list ignores unknown filter": {200, ""},
}

// TestReplay sends what was sent to the old service, and compares what is answered.
func TestReplay(t *testing.T) {
	var exchanges []exchange
	if err := json.Unmarshal(testkit.Must(os.ReadFile("testdata/recorded.json"))(t), &exchanges); err != nil {
		t.Fatal(err)
	}
	servers(t, func(t *testing.T, s *server) {
		r := &replay{server: s, ids: map[string]string{}}
		r.people(t)
		for _, e := range exchanges {
			t.Run(e.Name, func(t *testing.T) { r.check(t, e) })
		}
	})
}

type replay struct {
	*server

	tokens map[string]string
	ids    map[string]string // ours by the recorded ones, with what they are of
}

// people makes the users of the recording, and signs them in.
func (r *replay) people(t *testing.T) {
	t.Helper()
	ctx := access.System(context.WithoutCancel(t.Context()))
	w := r.db.Workspace.Create().SetName("default").SaveX(ctx)
	r.tokens = map[string]string{}
	for _, name := range []string{"ana", "beto"} {
		email := name + "@example.com"
		hash := testkit.Must(r.auth.HashPassword(ctx, email, "s3cret-pass"))(t)
		r.db.User.Create().SetEmail(email).SetPasswordHash(hash).SetFirstName(strings.ToUpper(name[:1]) + name[1:]).SetWorkspace(w).ExecX(ctx)
		got := r.sendJSON(t, "", "POST", "/api/v1/auth/token/", map[string]string{"username": email, "password": "s3cret-pass"})
		token, _ := got.json(t).(map[string]any)["token"].(string)
		if token == "" {
			t.Fatalf("%s cannot sign in: %d %s", name, got.status, got.body)
		}
		r.tokens[name] = "Token " + token
	}
}

var jobPath = regexp.MustCompile(`/jobs/(\d+)/`)

func (r *replay) check(t *testing.T, e exchange) {
	t.Helper()
	path := jobPath.ReplaceAllStringFunc(e.Path, func(part string) string {
		if ours, ok := r.ids["job "+strings.Trim(part[len("/jobs/"):], "/")]; ok {
			return "/jobs/" + ours + "/"
		}
		return part
	})
	contentType, body := r.body(t, e.Request)
	got := r.send(t, r.tokens[e.As], e.Method, path, contentType, body)
	want, isCorrected := corrected[e.Name]
	if e.Note != "" && !isCorrected {
		t.Fatalf("nothing says what is right: %s", e.Note)
	}
	if !isCorrected {
		want.status = e.Status
	}
	if got.status != want.status {
		t.Fatalf("status %d, want %d: %s", got.status, want.status, got.body)
	}
	if e.Allow != "" && got.header.Get("Allow") != e.Allow {
		t.Errorf("Allow: %s, want %s", got.header.Get("Allow"), e.Allow)
	}
	if got.header.Get("WWW-Authenticate") != e.WWWAuthenticate {
		t.Errorf("WWW-Authenticate: %s, want %s", got.header.Get("WWW-Authenticate"), e.WWWAuthenticate)
	}
	if isCorrected && want.response != "" {
		if !regexp.MustCompile(want.response).MatchString(got.body) {
			t.Errorf("answer %s, want %s", got.body, want.response)
		}
		return
	}
	if e.Response == nil {
		if got.body != "" {
			t.Errorf("a body where there was none: %s", got.body)
		}
		return
	}
	if got.header.Get("Content-Type") != e.ContentType {
		t.Errorf("Content-Type: %s, want %s", got.header.Get("Content-Type"), e.ContentType)
	}
	r.compare(t, entityIn(e.Path), "", e.Response, got.json(t))
}

// entityIn is what the ids of a path's answer are of.
func entityIn(path string) string {
	for _, entity := range []string{"annotation", "job", "batch", "snapshot", "label", "image", "user", "dataset"} {
		if strings.Contains(path, "/"+entity) {
			return entity
		}
	}
	return ""
}

// entityOf is what the ids below a key are of.
var entityOf = map[string]string{
	"labels": "label", "label": "label", "annotations": "annotation", "thumbnail": "image", "owner": "user", "assignee": "user",
	"job": "job", "batch": "batch", "dataset": "dataset", "base_image": "image", "images": "image", "derivatives": "image",
	"snapshot_id": "snapshot", "dataset_id": "dataset", "current_image": "image", "start_range": "image", "end_range": "image",
}

var (
	aTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)
	aUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// compare complains unless every recorded value is in what is answered, of the same type.
func (r *replay) compare(t *testing.T, entity, path string, recorded, ours any) {
	t.Helper()
	key := path[strings.LastIndexByte(path, '.')+1:]
	switch want := recorded.(type) {
	case map[string]any:
		got, ok := ours.(map[string]any)
		if !ok {
			t.Errorf("%s: %v, want an object", path, ours)
			return
		}
		for name, value := range want {
			below, present := got[name]
			if !present {
				t.Errorf("%s.%s is missing", path, name)
				continue
			}
			of := entity
			if entityOf[name] != "" {
				of = entityOf[name]
			}
			r.compare(t, of, path+"."+name, value, below)
		}
	case []any:
		got, ok := ours.([]any)
		if !ok || len(got) != len(want) {
			t.Errorf("%s: %v, want %v", path, ours, recorded)
			return
		}
		for i := range want {
			r.compare(t, entity, path, want[i], got[i])
		}
	case string:
		got, ok := ours.(string)
		if !ok || !r.sameText(entity, key, want, got) {
			t.Errorf("%s: %v, want %v", path, ours, recorded)
		}
	case float64:
		if !r.sameNumber(entity, key, want, ours) {
			t.Errorf("%s: %v, want %v", path, ours, recorded)
		}
	default:
		if ours != recorded {
			t.Errorf("%s: %v, want %v", path, ours, recorded)
		}
	}
}

func (r *replay) sameText(entity, key, want, got string) bool {
	switch {
	case strings.HasPrefix(want, "<string: the URL>"), strings.Contains(want, "://legacy.example/"):
		return strings.HasPrefix(got, "http://example.com/")
	case key == "token":
		return got != ""
	case key == "snapshot_url":
		return strings.HasPrefix(got, want+"?")
	case key == "id":
		return r.sameID(entity, want, got)
	case aTime.MatchString(want):
		return aTime.MatchString(got)
	}
	return aUUID.ReplaceAllString(want, "UUID") == aUUID.ReplaceAllString(got, "UUID")
}

func (r *replay) sameNumber(entity, key string, want float64, ours any) bool {
	got, ok := ours.(float64)
	isID := key == "id" || entityOf[key] != "" || key == "images" || key == "derivatives"
	if !ok || !isID {
		return ok && got == want
	}
	return r.sameID(entity, fmt.Sprint(want), fmt.Sprint(got))
}

func (r *replay) sameID(entity, want, got string) bool {
	known, ok := r.ids[entity+" "+want]
	if !ok {
		r.ids[entity+" "+want] = got
		return true
	}
	return known == got
}

var sizeInName = regexp.MustCompile(`(\d+)x(\d+) png`)

// body makes what the recording describes.
func (r *replay) body(t *testing.T, recorded json.RawMessage) (contentType string, body io.Reader) {
	t.Helper()
	if len(recorded) == 0 {
		return "", http.NoBody
	}
	var text string
	if json.Unmarshal(recorded, &text) != nil {
		filled := strings.ReplaceAll(string(recorded), `"<first image id>"`, "1")
		filled = strings.ReplaceAll(filled, `<\"hello\">`, base64.StdEncoding.EncodeToString([]byte("hello")))
		filled = regexp.MustCompile(`<\d+x\d+ png>`).ReplaceAllStringFunc(filled, func(size string) string {
			return base64.StdEncoding.EncodeToString(picture(t, size))
		})
		return "application/json", strings.NewReader(filled)
	}
	switch {
	case strings.HasPrefix(text, "multipart:"):
		return multipartBody(t, map[string]string{"is_synthetic": "false"}, map[string][]byte{"image": picture(t, text)})
	case strings.HasPrefix(text, "{"):
		return "application/json", strings.NewReader(text)
	}
	return "application/x-www-form-urlencoded", strings.NewReader(text)
}

func multipartBody(t *testing.T, fields map[string]string, files map[string][]byte) (contentType string, body io.Reader) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		file := testkit.Must(form.CreateFormFile(name, "photo.png"))(t)
		testkit.Must(file.Write(content))(t)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), &b
}

// picture is a PNG of the size that a text names.
func picture(t *testing.T, size string) []byte {
	t.Helper()
	var w, h int
	match := sizeInName.FindStringSubmatch(size)
	if _, err := fmt.Sscan(strings.Join(match[1:], " "), &w, &h); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
