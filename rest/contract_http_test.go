package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// paths are the methods of each path of the API, whose variables are rows of the client's world.
func paths() map[string][]string {
	paths := map[string][]string{}
	for _, r := range rest.Routes() {
		method, path, _ := strings.Cut(r, " ")
		path = inBraces.ReplaceAllString(path, "$$$1")
		paths[path] = append(paths[path], method)
	}
	return paths
}

// TestSlashes: each path is the same with and without its trailing slash, and with doubled ones, for every method.
func TestSlashes(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for path, methods := range paths() {
			path = strings.Trim(c.fill(t, path), "/")
			for _, method := range append(methods, "OPTIONS", "TRACE") {
				want := c.send(t, "", method, "/api/v1/"+path, "", http.NoBody)
				if want.line() == notFound {
					t.Errorf("%s %s: not found", method, path)
				}
				for _, spelling := range []string{"/api/v1/" + path + "/", "//api/v1//" + path + "//", "/api///v1/" + strings.ReplaceAll(path, "/", "//")} {
					if got := c.send(t, "", method, spelling, "", http.NoBody); got.line() != want.line() {
						t.Errorf("%s %s: %s, want %s", method, spelling, got.line(), want.line())
					}
				}
			}
		}
		c.converse(t, []fact{
			{"patch", "PATCH ~//labels//$label", `{"name": "mast"}`, `200 {"name": "mast"}`},
			{"post", "POST ~/labels", `{"name": "mast", "color": "red"}`, `201 {"name": "mast"}`},
			{"put", "PUT ~/batches/$batch//", `{"name": "1st"}`, `200 {"name": "1st"}`},
			{"delete an image", "DELETE ~/images/$image", "", `204`},
			{"delete a label", "DELETE ~/labels/$label", "", `204`},
			{"image is gone", "GET ~/images/$image/", "", notFound},
			{"label is gone", "GET ~/labels/$label/", "", notFound},
			{"no such path", "GET ~/labels/$label2/more/", "", notFound},
			{"no such path either", "GET /nothing/", "", notFound},
		})
	})
}

// TestMethodNotAllowed: each path says which methods it knows.
func TestMethodNotAllowed(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		all := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
		for path, methods := range paths() {
			known := slices.DeleteFunc(slices.Clone(all), func(m string) bool { return !slices.Contains(methods, m) })
			if slices.Contains(known, "GET") {
				known = append(known, "HEAD")
			}
			allow := strings.Join(append(known, "OPTIONS"), ", ")
			for _, method := range append(all, "HEAD", "TRACE", "PROPFIND") {
				if slices.Contains(known, method) {
					continue
				}
				got := c.ask(t, method+" "+path, "")
				if want := `405 {"detail":"Method \"` + method + `\" not allowed."}`; got.line() != want {
					t.Errorf("%s %s: %s, want %s", method, path, got.line(), want)
				}
				if got.header.Get("Allow") != allow {
					t.Errorf("%s %s: allows %s, want %s", method, path, got.header.Get("Allow"), allow)
				}
			}
			got := c.send(t, "", "OPTIONS", c.target(t, path), "", http.NoBody)
			if got.status != http.StatusOK || got.header.Get("Allow") != allow {
				t.Errorf("OPTIONS %s without credentials: %d, allows %s, want %s", path, got.status, got.header.Get("Allow"), allow)
			}
		}
	})
}

// TestPreflight asks as a browser does before a page of another origin may send a header.
func TestPreflight(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			r := httptest.NewRequestWithContext(t.Context(), "OPTIONS", "//api/v1/datasets/", http.NoBody)
			r.Header = http.Header{
				"Origin": {"https://spa.example"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"authorization,content-type"},
			}
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			allowed := []string{w.Header().Get("Access-Control-Allow-Origin"), w.Header().Get("Access-Control-Allow-Methods"), w.Header().Get("Access-Control-Allow-Headers")}
			if want := []string{"https://spa.example", method, "authorization,content-type"}; w.Code >= 300 || !slices.Equal(allowed, want) {
				t.Errorf("%d %q, want %q", w.Code, allowed, want)
			}
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", c.target(t, "~/"), http.NoBody)
		r.Header = http.Header{"Origin": {"https://spa.example"}, "Authorization": {c.key}, "Sec-Fetch-Site": {"cross-site"}}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "https://spa.example" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	})
}

// TestHead: HEAD answers what GET does, without the body.
func TestHead(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		server := httptest.NewServer(c.handler)
		defer server.Close()
		ask := func(method, path string) (header http.Header, status, length int) {
			r := testkit.Must(http.NewRequestWithContext(t.Context(), method, server.URL+c.target(t, path), http.NoBody))(t)
			r.Header.Set("Authorization", c.key)
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body := testkit.Must(io.ReadAll(response.Body))(t)
			for _, name := range []string{"Date", "X-Request-Id"} {
				response.Header.Del(name)
			}
			return response.Header, response.StatusCode, len(body)
		}
		for _, path := range []string{"/", "/auth/user/", "/datasets/", "~/", "~/images", "~/images/$image/", "~/bar_chart/", "~/jobs/999999/", "~/images/?page=9"} {
			want, wantStatus, _ := ask("GET", path)
			got, status, length := ask("HEAD", path)
			if status != wantStatus || length != 0 || !maps.EqualFunc(got, want, slices.Equal) {
				t.Errorf("HEAD %s: %d %v and %d bytes, want %d %v", path, status, got, length, wantStatus, want)
			}
		}
	})
}

// TestCredentials of each kind, in each spelling.
func TestCredentials(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		c.setPassword(t, c.Users["owner"])
		signedIn := c.sendJSON(t, "", "POST", "/api/v1/auth/token/", map[string]string{"username": c.Users["owner"].Email, "password": password})
		tokens, _ := signedIn.json(t).(map[string]any)
		token, _ := tokens["token"].(string)
		access, _ := tokens["access"].(string)
		key := strings.TrimPrefix(c.key, "Token ")
		const (
			invalid = `401 {"detail":"Invalid token."}`
			empty   = `401 {"detail":"Invalid token header. No credentials provided."}`
			user    = `200`
		)
		for name, tt := range map[string]struct{ header, want string }{
			"nothing":            {"", anonymous},
			"another scheme":     {"Basic YTpi", anonymous},
			"a bare token":       {token, anonymous},
			"no token":           {"Token", empty},
			"blank token":        {"Token  ", empty},
			"no bearer":          {"Bearer", empty},
			"spaces":             {"Token a b", `401 {"detail":"Invalid token header. Token string should not contain spaces."}`},
			"unknown token":      {"Token d2ec3a20e8ea6d2e89e28ea251401702d6dcd4ac", invalid},
			"unknown bearer":     {"Bearer a.b.c", invalid},
			"broken token":       {"Token " + token + "x", invalid},
			"no letters":         {"Token \xff\x00", invalid},
			"JWT as Token":       {"Token " + token, user},
			"JWT as Bearer":      {"Bearer " + token, user},
			"access as Bearer":   {"Bearer " + access, user},
			"key as Token":       {"Token " + key, user},
			"key as Bearer":      {"Bearer " + key, user},
			"scheme in any case": {"token " + key, user},
		} {
			got := c.send(t, tt.header, "GET", "/api/v1/auth/user/", "", http.NoBody)
			if tt.want == user {
				c.compare(t, name, got, `200 {"id": $owner}`)
				continue
			}
			if got.line() != tt.want || got.header.Get("WWW-Authenticate") != "Token" {
				t.Errorf("%s: %s, WWW-Authenticate %q, want %s", name, got.line(), got.header.Get("WWW-Authenticate"), tt.want)
			}
		}
	})
}

// TestSignIn and what comes of it.
func TestSignIn(t *testing.T) {
	clients(t, func(t *testing.T, c *client) {
		owner, viewer := c.Users["owner"], c.Users["viewer"]
		c.setPassword(t, owner)
		c.setPassword(t, viewer)
		c.db.User.UpdateOneID(viewer.ID).SetIsActive(false).ExecX(asSystem(t))
		c.names["email"], c.names["disabled"] = owner.Email, viewer.Email
		c.key = "Token an old one" // which does not matter
		const (
			unable = `400 {"non_field_errors": ["Unable to log in with provided credentials."]}`
			bad    = `401 {"detail": "Token is invalid or expired", "code": "token_not_valid"}`
		)
		c.converse(t, []fact{
			{"JSON", "POST /auth/token/", `{"username": "$email", "password": "s3cret-pass"}`, `200 {"token": "~.", "access": "=access", "refresh": "=refresh"}`},
			{"a form", "POST /auth/token", `form username=$email&password=s3cret-pass`, `200 {"token": "=token"}`},
			{"wrong password", "POST /auth/token/", `{"username": "$email", "password": "s3cret-pass "}`, unable},
			{"nobody", "POST /auth/token/", `{"username": "nobody@example.com", "password": "s3cret-pass"}`, unable},
			{"disabled", "POST /auth/token/", `{"username": "$disabled", "password": "s3cret-pass"}`, unable},
			{"verify", "POST /auth/token/verify/", `{"token": "$token"}`, `200 {}`},
			{"verify the access token", "POST /auth/token/verify/", `{"token": "$access"}`, `200 {}`},
			{"verify nonsense", "POST /auth/token/verify/", `{"token": "x"}`, bad},
			{"verify nothing", "POST /auth/token/verify/", `{}`, `400 {"token": ["This field is required."]}`},
			{"refresh", "POST /auth/token/refresh/", `{"refresh": "$refresh"}`, `200 {"access": "=fresh", "refresh": "~."}`},
			{"verify the fresh one", "POST /auth/token/verify/", `form token=$fresh`, `200 {}`},
			{"refresh nonsense", "POST /auth/token/refresh/", `{"refresh": "x"}`, bad},
			{"refresh nothing", "POST /auth/token/refresh/", ``, `400 {"refresh": ["This field is required."]}`},
		})
		if days := lifetime(t, c.names["token"]).Hours() / 24; days < 29.9 || days > 30.1 {
			t.Errorf("the token is good for %f days, want 30", days)
		}
		if minutes := lifetime(t, c.names["access"]).Minutes(); minutes < 14.9 || minutes > 15.1 {
			t.Errorf("the access token is good for %f minutes, want 15", minutes)
		}
		for header, want := range map[string]string{
			"":                           `200 {"authenticated":false}`,
			"Token " + c.names["token"]:  `200 {"authenticated":true}`,
			"Bearer " + c.names["fresh"]: `200 {"authenticated":true}`,
			"Basic YTpi":                 `200 {"authenticated":false}`,
			"Token x":                    `401 {"detail":"Invalid token."}`,
			"Token":                      `401 {"detail":"Invalid token header. No credentials provided."}`,
		} {
			if got := c.send(t, header, "GET", "/api/v1/auth/is_authenticated/", "", http.NoBody); got.line() != want {
				t.Errorf("%q: %s, want %s", header, got.line(), want)
			}
		}
	})
}

// lifetime is how long a JWT is good for, as it says itself.
func lifetime(t *testing.T, token string) time.Duration {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %s", token)
	}
	var claims struct{ Exp float64 }
	if err := json.Unmarshal(testkit.Must(base64.RawURLEncoding.DecodeString(parts[1]))(t), &claims); err != nil {
		t.Fatal(err)
	}
	return time.Until(time.Unix(int64(claims.Exp), 0))
}
