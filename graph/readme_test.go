package graph_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"

	"github.com/datasetgen/datagen/internal/testkit"
)

var documentBlock = regexp.MustCompile("(?s)```graphql\n(.*?)```")

// TestREADMEDocuments: what each README shows of GraphQL can be sent as it stands.
func TestREADMEDocuments(t *testing.T) {
	t.Parallel()
	for _, readme := range []string{"../README.md", "../README.es.md"} {
		blocks := documentBlock.FindAllStringSubmatch(string(testkit.Must(os.ReadFile(readme))(t)), -1)
		if len(blocks) == 0 {
			t.Errorf("%s shows no document", readme)
		}
		for _, block := range blocks {
			if _, errs := gqlparser.LoadQueryWithRules(theSchema(), block[1], nil); errs != nil {
				t.Errorf("%s: %v\n%s", readme, errs, block[1])
			}
		}
	}
}
