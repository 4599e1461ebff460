package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
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
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"dataset": makeDataset,
			"picture": makePicture,
			"sql":     runSQL,
			"tagged":  checkTags,
		},
	})
}

// openDatabase opens the one in the folder of a script.
func openDatabase(ts *testscript.TestScript) (context.Context, *database.DB) {
	ctx := access.System(context.Background())
	db, err := database.Open(ctx, config.DatabaseURL("sqlite:"+ts.MkAbs("data/datagen.db")))
	ts.Check(err)
	return ctx, db
}

// checkTags compares the tags of an image with those that follow its number.
func checkTags(ts *testscript.TestScript, _ bool, args []string) {
	ctx, db := openDatabase(ts)
	defer db.Close()
	id, err := strconv.Atoi(args[0])
	ts.Check(err)
	if diff := cmp.Diff(args[1:], db.Image.GetX(ctx, gid.ImageID(id)).Tags); diff != "" {
		ts.Fatalf("tags (-want +got):\n%s", diff)
	}
}

// makeDataset makes a dataset of that name, of the first user's.
func makeDataset(ts *testscript.TestScript, _ bool, args []string) {
	ctx, db := openDatabase(ts)
	defer db.Close()
	user := db.User.Query().FirstX(ctx)
	db.Dataset.Create().SetName(args[0]).SetOwner(user).SetWorkspaceID(user.WorkspaceID).ExecX(ctx)
}

// runSQL runs a statement, past the program.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	ctx, db := openDatabase(ts)
	defer db.Close()
	_, err := db.ExecContext(ctx, strings.Join(args, " "))
	ts.Check(err)
}

// makePicture writes a picture of a shade, 0 to 255, to a file.
func makePicture(ts *testscript.TestScript, _ bool, args []string) {
	shade, err := strconv.ParseUint(args[1], 10, 8)
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, 3, 2))
	img.SetGray(1, 1, color.Gray{uint8(shade)})
	var b bytes.Buffer
	ts.Check(png.Encode(&b, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}
