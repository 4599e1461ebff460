package rest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/rest"
)

// TestREADMEsListEveryRoute keeps the tables in the READMEs whole, and free of what is not there.
func TestREADMEsListEveryRoute(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for path, methods := range rest.Methods() {
		if path == rest.Base+"/schema/" || path == rest.Base+"/docs/" {
			continue // the text names them
		}
		rows["| `"+strings.Join(methods, "` `")+"` | `"+path+"` | "] = true
	}
	for _, name := range []string{"README.md", "README.es.md"} {
		text := string(testkit.Must(os.ReadFile("../" + name))(t))
		for row := range rows {
			if !strings.Contains(text, "\n"+row) {
				t.Errorf("%s lacks a row that starts: %s", name, row)
			}
		}
		if listed := strings.Count(text, "` | `"+rest.Base+"/"); listed != len(rows) {
			t.Errorf("%s lists %d paths, of %d that there are", name, listed, len(rows))
		}
		for _, path := range []string{"/schema/", "/docs/"} {
			if !strings.Contains(text, "`"+rest.Base+path+"`") {
				t.Errorf("%s does not name %s", name, path)
			}
		}
	}
}
