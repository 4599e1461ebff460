package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"datagen": func() { os.Exit(run()) }})
}

// TestScripts runs testdata/*.txtar: commands as a person types them, each script in a folder of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("LOG_LEVEL", "WARN")
			return nil
		},
	})
}
