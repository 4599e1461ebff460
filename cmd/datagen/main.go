// Command datagen is the Datagen server, and the commands that look after it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/internal/fault"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := newProgram(os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	if err := program.Run(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "datagen:", said(err))
		return 1
	}
	return 0
}

// said is an error in words for a person at a terminal, who may see all of it.
func said(err error) string {
	if fields, ok := errors.AsType[fault.Fields](err); ok {
		return fields.Error()
	}
	return err.Error()
}

// surroundings are what a command reads and writes.
type surroundings struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

func newProgram(environ []string, in io.Reader, out, errs io.Writer) *cli.Command {
	s := surroundings{environ, in, out, errs}
	return &cli.Command{
		Name:      "datagen",
		Usage:     "make, label, version and export image datasets",
		Version:   version,
		Writer:    out,
		ErrWriter: errs,
		Description: `Start with a server that has something to show:

   datagen serve --demo

Settings are environment variables, or lines NAME=value in a file .env; the
README lists them. What is kept goes to ./data unless they say otherwise.`,
		Commands: []*cli.Command{
			serveCommand(s),
			migrateCommand(s),
			userCommand(s),
			tokenCommand(s),
			versionCommand(s),
		},
		HideVersion: true,
		// The program prints the error once, in main.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
}
