package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
)

func userCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "user",
		Usage: "make, list, disable and enable users",
		Commands: []*cli.Command{
			userCreateCommand(s),
			{
				Name:   "list",
				Usage:  "list all users",
				Flags:  []cli.Flag{jsonFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error { return s.listUsers(ctx, cmd.Bool("json")) },
			},
			{
				Name:        "disable",
				Usage:       "end a user's access",
				Description: "Sessions end within seconds, API keys do nothing any more. Nothing of the user's is deleted.",
				Flags:       []cli.Flag{emailFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return s.withUser(ctx, cmd.String("email"), func(ctx context.Context, a *app, u *ent.User) error {
						return a.auth.Disable(ctx, u.ID)
					})
				},
			},
			{
				Name:        "enable",
				Usage:       "let a user in again who was disabled",
				Description: "Their API keys are good again; of the sessions none is.",
				Flags:       []cli.Flag{emailFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return s.withUser(ctx, cmd.String("email"), func(ctx context.Context, a *app, u *ent.User) error {
						return a.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
							return tx.User.Update().Where(user.ID(u.ID), user.IsActive(false)).SetIsActive(true).Exec(ctx)
						})
					})
				},
			},
			{
				Name:        "password",
				Usage:       "give a user a new password",
				Description: "Ends the user's sessions and revokes their API keys.",
				Flags:       append(passwordFlags(), emailFlag()),
				Action:      s.setPassword,
			},
		},
	}
}

func userCreateCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "create",
		Usage: "make a user",
		Description: `The first user of a workspace becomes its admin. At a terminal it asks for the password.

   datagen user create --email ana@example.com
   datagen user create --email ana@example.com --password-stdin < password.txt`,
		Flags: append(passwordFlags(),
			emailFlag(),
			&cli.StringFlag{Name: "first-name", Usage: "given `NAME`"},
			&cli.StringFlag{Name: "last-name", Usage: "family `NAME`"},
			&cli.StringFlag{Name: "workspace", Value: "default", Usage: "`NAME` of the workspace; made when there is none"},
			&cli.BoolFlag{Name: "admin", Usage: "sees and manages all of the workspace"},
			&cli.BoolFlag{Name: "superuser", Usage: "sees and manages all workspaces"},
		),
		Action: s.createUser,
	}
}

func emailFlag() cli.Flag {
	return &cli.StringFlag{Name: "email", Usage: "`ADDRESS` that the user signs in with", Required: true}
}

func passwordFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "password", Usage: "the `PASSWORD`; other users of this machine may see it, so prefer --password-stdin"},
		&cli.BoolFlag{Name: "password-stdin", Usage: "read the password from standard input, to the end of its first line"},
	}
}

// password is what the flags of passwordFlags say, or the person at the terminal.
func (s surroundings) password(cmd *cli.Command) (string, error) {
	terminal, isTerminal := s.terminal()
	switch given, stdin := cmd.String("password"), cmd.Bool("password-stdin"); {
	case given != "" && stdin:
		return "", errors.New("give --password or --password-stdin, not both")
	case given != "":
		return given, nil
	case isTerminal:
		return s.askPassword(terminal)
	case !stdin:
		return "", errors.New("give --password-stdin, or --password")
	}
	line, err := bufio.NewReader(io.LimitReader(s.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// terminal is the file descriptor of standard input, if a person types there.
func (s surroundings) terminal() (fd int, ok bool) {
	file, ok := s.in.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}

// askPassword has a person type a password twice, unseen.
func (s surroundings) askPassword(terminal int) (string, error) {
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(s.err, prompt)
		b, err := term.ReadPassword(terminal)
		fmt.Fprintln(s.err)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}

func (s surroundings) createUser(ctx context.Context, cmd *cli.Command) (err error) {
	password, err := s.password(cmd)
	if err != nil {
		return err
	}
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	email := auth.NormalizeEmail(cmd.String("email"))
	if err := auth.CheckEmail(email, "email"); err != nil {
		return err
	}
	hash, err := a.auth.HashPassword(ctx, email, password, "password")
	if err != nil {
		return err
	}
	name := strings.TrimSpace(cmd.String("workspace"))
	if name == "" {
		return fault.InvalidAt("must not be blank", "workspace")
	}
	err = a.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		id, isNew, err := workspaceNamed(ctx, tx, name)
		if err != nil {
			return err
		}
		return tx.User.Create().
			SetWorkspaceID(id).
			SetEmail(email).
			SetPasswordHash(hash).
			SetFirstName(cmd.String("first-name")).
			SetLastName(cmd.String("last-name")).
			SetIsAdmin(isNew || cmd.Bool("admin")).
			SetIsSuperuser(cmd.Bool("superuser")).
			Exec(ctx)
	})
	if ent.IsConstraintError(err) {
		return fault.InvalidAt("there is a user of that address", "email")
	}
	if err == nil {
		fmt.Fprintf(s.out, "made %s in the workspace %s\n", email, name)
	}
	return err
}

func workspaceNamed(ctx context.Context, tx *ent.Tx, name string) (id gid.WorkspaceID, isNew bool, err error) {
	w, err := tx.Workspace.Query().Where(workspace.Name(name)).Only(ctx)
	if ent.IsNotFound(err) {
		w, err = tx.Workspace.Create().SetName(name).Save(ctx)
		isNew = true
	}
	if err != nil {
		return 0, false, err
	}
	return w.ID, isNew, nil
}

// listedUser is a user as the list shows them.
type listedUser struct {
	ID        int    `json:"id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Workspace string `json:"workspace"`
	Rights    string `json:"rights"`
	Active    bool   `json:"active"`
	LastLogin string `json:"lastLogin"`
}

func (s surroundings) listUsers(ctx context.Context, asJSON bool) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	users, err := a.db.User.Query().WithWorkspace().Order(user.ByID()).All(ctx)
	if err != nil {
		return err
	}
	list := make([]listedUser, len(users))
	for i, u := range users {
		list[i] = listed(u)
	}
	if asJSON {
		return json.NewEncoder(s.out).Encode(list)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tE-MAIL\tNAME\tWORKSPACE\tRIGHTS\tACTIVE\tLAST SIGN-IN")
	for _, u := range list {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Email, dash(u.Name), u.Workspace, dash(u.Rights), yes(u.Active), dash(u.LastLogin))
	}
	return table.Flush()
}

func listed(u *ent.User) listedUser {
	l := listedUser{
		ID:     int(u.ID),
		Email:  u.Email,
		Name:   strings.TrimSpace(u.FirstName + " " + u.LastName),
		Active: u.IsActive,
	}
	if w := u.Edges.Workspace; w != nil {
		l.Workspace = w.Name
	}
	switch {
	case u.IsSuperuser:
		l.Rights = "superuser"
	case u.IsAdmin:
		l.Rights = "admin"
	}
	if u.LastLogin != nil {
		l.LastLogin = when(*u.LastLogin)
	}
	return l
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (s surroundings) setPassword(ctx context.Context, cmd *cli.Command) error {
	password, err := s.password(cmd)
	if err != nil {
		return err
	}
	return s.withUser(ctx, cmd.String("email"), func(ctx context.Context, a *app, u *ent.User) error {
		return a.auth.SetPassword(ctx, u.ID, password, "password")
	})
}

// withUser does something to the user of an address, and says so.
func (s surroundings) withUser(ctx context.Context, email string, do func(context.Context, *app, *ent.User) error) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	u, err := a.userOf(ctx, email)
	if err != nil {
		return err
	}
	if err := do(ctx, a, u); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "done")
	return nil
}

func (a *app) userOf(ctx context.Context, email string) (*ent.User, error) {
	u, err := a.db.User.Query().Where(user.Email(auth.NormalizeEmail(email))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.InvalidAt("there is no user of that address", "email")
	}
	return u, err
}
