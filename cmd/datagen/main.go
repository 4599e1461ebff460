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
	program := &cli.Command{
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
			workspaceCommand(s),
			tokenCommand(s),
			importCommand(s),
			exportCommand(s),
			gcCommand(s),
			storageCommand(s),
			statsCommand(s),
			benchCommand(s),
			versionCommand(s),
		},
		// The program prints the error once, in main.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
	strict(program)
	return program
}

// strict makes a command, and those below it, refuse words that they have no use for, in one line that
// says where to read on.
func strict(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.FullName())
	}
	if cmd.Action == nil {
		cmd.Action = func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return fmt.Errorf("%s has no command %q; see %[1]s --help", cmd.FullName(), cmd.Args().First())
			}
			return cli.ShowSubcommandHelp(cmd)
		}
	} else if cmd.ArgsUsage == "" {
		cmd.Before = func(ctx context.Context, cmd *cli.Command) (context.Context, error) {
			if cmd.Args().Present() && cmd.Command(cmd.Args().First()) == nil {
				return ctx, fmt.Errorf("%s takes no %q; see %[1]s --help", cmd.FullName(), cmd.Args().First())
			}
			return ctx, nil
		}
	}
	for _, sub := range cmd.Commands {
		strict(sub)
	}
}
