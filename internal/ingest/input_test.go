package ingest_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestOriginalName(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for name, want := range map[string]string{
			"folder/x.png":                    "x.png",
			strings.Repeat("a", 600):          strings.Repeat("a", 500),
			strings.Repeat("a", 499) + "éé":   strings.Repeat("a", 499),
			strings.Repeat("图", 300) + ".gif": strings.Repeat("图", 166),
		} {
			img := testkit.Must(w.create(t, file(name, webP())))(t)[0]
			if img.OriginalName != want {
				t.Errorf("%q is remembered as %q, want %q", name, img.OriginalName, want)
			}
		}
		named := file("file.png", webP())
		named.OriginalName = new("given/by hand")
		if img := testkit.Must(w.create(t, named))(t)[0]; img.OriginalName != "given/by hand" {
			t.Errorf("a name of its own is remembered as %q", img.OriginalName)
		}
	})
}

func TestData(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		// A picture in whose base64 both alphabets differ.
		content := append(pngOf(2, 2, 1), bytes.Repeat([]byte{0xfb, 0xef, 0xff}, 40)...)
		std, web := base64.StdEncoding.EncodeToString(content), base64.RawURLEncoding.EncodeToString(content)
		wrapped := strings.Join(lines(std, 76), "\r\n")
		const ok, notBase64, notPicture = "", "neither a data URL nor base64", "not a PNG, JPEG, WebP or GIF picture"
		for name, tt := range map[string]struct{ text, want string }{
			"data URL":               {"data:image/png;base64," + std, ok},
			"wrong type":             {"data:text/html;base64," + std, ok},
			"no type":                {"data:;base64," + std, ok},
			"nothing but base64":     {"data:base64," + std, ok},
			"parameters":             {"data:image/png;charset=utf-8;name=a.png;base64," + std, ok},
			"capitals":               {"DATA:IMAGE/PNG;BASE64," + std, ok},
			"bare":                   {std, ok},
			"no padding":             {strings.TrimRight(std, "="), ok},
			"URL alphabet":           {web, ok},
			"URL alphabet, padded":   {"data:image/png;base64," + web + "=", ok},
			"wrapped":                {"\n data:image/png;base64,\r\n" + wrapped + "\n\n", ok},
			"wrapped and indented":   {strings.ReplaceAll(wrapped, "\r\n", "\n\t  "), ok},
			"not in base64":          {"data:image/png," + std, "a data URL must be in base64"},
			"base64 as a type":       {"data:image/base64," + std, "a data URL must be in base64"},
			"header alone":           {"data:image/png;base64", notPicture},
			"empty data URL":         {"data:image/png;base64,", notPicture},
			"empty":                  {"", notPicture},
			"blank":                  {" \n", notPicture},
			"padding alone":          {"====", notPicture},
			"both alphabets":         {web + "+/+/", notBase64},
			"padding in the middle":  {std + "==" + std, notBase64},
			"a character is missing": {std[:len(std)/4*4-3], notBase64},
			"truncated":              {std[:40], "the picture is cut off or corrupted"},
			"a URL":                  {"https://example.com/a.png", notBase64},
			"NUL":                    {std + "\x00", notBase64},
			"emoji":                  {std + "🙂", notBase64},
			"text":                   {base64Of([]byte("<svg onload=alert(1)>")), notPicture},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				images, err := w.create(t, data(tt.text))
				switch {
				case tt.want != ok:
					if got := fault.Describe(err).Message; got != "images[0].data: "+tt.want {
						t.Errorf("message = %q, want %q", got, tt.want)
					}
				case err != nil:
					t.Error(err)
				case images[0].Sha256 != sumOf(content):
					t.Errorf("other bytes: SHA-256 = %s", images[0].Sha256)
				}
			})
		}
	})
}

// lines cuts s into pieces of that length.
func lines(s string, length int) (pieces []string) {
	for len(s) > length {
		pieces = append(pieces, s[:length])
		s = s[length:]
	}
	return append(pieces, s)
}
