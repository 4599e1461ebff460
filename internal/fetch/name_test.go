package fetch_test

import (
	"net/http"
	"testing"
)

func TestName(t *testing.T) {
	t.Parallel()
	const path = "/album/boat.png"
	for name, tt := range map[string]struct{ disposition, path, want string }{
		"path":                  {"", path, "boat.png"},
		"path and query":        {"", path + "?name=other.png#part", "boat.png"},
		"folder":                {"", "/album/", "album"},
		"no path":               {"", "", ""},
		"root":                  {"", "/", ""},
		"dots":                  {"", "/album/%2e%2e", ""},
		"escaped":               {"", "/album/b%C3%A5t%20one.png", "båt one.png"},
		"escaped slash":         {"", "/album/a%2Fb.png", "b.png"},
		"escaped backslash":     {"", "/album/a%5Cb.png", "b.png"},
		"escaped controls":      {"", "/album/a%00%0A%7F%C2%85b.png", "ab.png"},
		"no UTF-8":              {"", "/album/a%FF%FEb.png", "ab.png"},
		"attachment":            {`attachment; filename="ship.png"`, path, "ship.png"},
		"inline":                {`inline; filename=ship.png`, path, "ship.png"},
		"capitals":              {`ATTACHMENT; FILENAME="ship.png"`, path, "ship.png"},
		"no name":               {`attachment`, path, "boat.png"},
		"empty name":            {`attachment; filename=""`, path, "boat.png"},
		"quoted pair":           {`attachment; filename="a \"ship\".png"`, path, `a "ship".png`},
		"extended":              {`attachment; filename*=UTF-8''%e2%82%ac%20rates.png`, path, "€ rates.png"},
		"extended wins":         {`attachment; filename="EUR.png"; filename*=UTF-8''%e2%82%ac.png`, path, "€.png"},
		"extended wins, first":  {`attachment; filename*=UTF-8''%e2%82%ac.png; filename="EUR.png"`, path, "€.png"},
		"other character set":   {`attachment; filename="EUR.png"; filename*=KOI8-R''%e2%82%ac.png`, path, "EUR.png"},
		"folders":               {`attachment; filename="/etc/cron.d/ship.png"`, path, "ship.png"},
		"up":                    {`attachment; filename="../../ship.png"`, path, "ship.png"},
		"Windows":               {`attachment; filename="C:\\Users\\me\\ship.png"`, path, "ship.png"},
		"extended folders":      {`attachment; filename*=UTF-8''..%2f..%2fship.png`, path, "ship.png"},
		"extended backslashes":  {`attachment; filename*=UTF-8''..%5c..%5cship.png`, path, "ship.png"},
		"extended controls":     {`attachment; filename*=UTF-8''ship%0d%0aSet-Cookie%00.png`, path, "shipSet-Cookie.png"},
		"only dots":             {`attachment; filename=".."`, path, "boat.png"},
		"only blanks":           {`attachment; filename="  "`, path, "boat.png"},
		"dots between controls": {`attachment; filename*=UTF-8''.%00.`, path, "boat.png"},
		"malformed":             {`attachment; filename="ship.png`, path, "boat.png"},
		"twice":                 {`attachment; filename=a.png; filename=b.png`, path, "boat.png"},
		"raw UTF-8":             {`attachment; filename="båt.png"`, path, "båt.png"},
		"raw Latin-1":           {"attachment; filename=\"b\xe5t.png\"", path, "bt.png"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.disposition != "" {
					w.Header().Set("Content-Disposition", tt.disposition)
				}
			}, nil)
			got, err := in.fetcher().Get(t.Context(), "https://"+site+tt.path)
			if err != nil || got.Name != tt.want {
				t.Errorf("name %q, %v, want %q", got.Name, err, tt.want)
			}
		})
	}
}
