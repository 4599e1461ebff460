package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/graph"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/demo"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/playground"
	"github.com/datasetgen/datagen/internal/upload"
	"github.com/datasetgen/datagen/internal/web"
	"github.com/datasetgen/datagen/rest"
)

func serveCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "run the server",
		Description: `Brings the database up to date, then answers until it is told to stop (Ctrl-C):

   /graphql   the API; in a browser, a page to try it on
   /api/v1/   the REST API, for clients of the service before; /api/v1/docs/ describes it
   /uploads/  large files in parts, by the protocol tus
   /media/    pictures, and zips of snapshots
   /healthz   says that the process runs
   /readyz    says that it can do its work

The first user is made by: datagen user create --email you@example.com`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Usage: "listen on `HOST:PORT` instead of ADDR"},
			&cli.BoolFlag{Name: "demo", Usage: "fill an empty database with an account and a dataset to look around in"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if addr := cmd.String("addr"); addr != "" {
				s.environ = append(s.environ, "ADDR="+addr)
			}
			return s.serve(ctx, cmd.Bool("demo"))
		},
	}
}

func (s surroundings) serve(ctx context.Context, withDemo bool) error {
	return s.withStore(ctx, func(system context.Context, a *app, p *pictures) error {
		return s.serveWith(ctx, system, a, p, withDemo)
	})
}

// serveWith answers until ctx is done. What the program does by itself it does in the context system.
func (s surroundings) serveWith(ctx, system context.Context, a *app, p *pictures, withDemo bool) error {
	boundMemory()
	handler, err := a.handler(p, withDemo)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s; choose another address with --addr or ADDR", a.config.Addr)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.Addr, err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() { a.auth.Run(work) })
	background.Go(func() { a.sweep(work, p) })
	background.Go(func() { a.foldStats(work) })
	background.Go(func() { a.tellReads(work) })
	defer background.Wait()
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if withDemo { // meanwhile the server answers
		background.Go(func() {
			if err := s.fillDemo(system, a, p, listener); err != nil {
				fail(fmt.Errorf("make the demo data: %w", err))
			}
		})
	}
	if err := a.greetNobody(system, withDemo); err != nil {
		return err
	}
	a.log.InfoContext(ctx, "listening", "url", address(listener), "version", version)
	server := web.NewServer(handler, map[string]web.Check{"database": a.db.Ping}, a.log)
	server.DrainDelay = a.config.ShutdownDelay
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// boundMemory has the collector keep up with pictures that are decoded, each of which leaves up to 200 MB behind. GOMEMLIMIT
// sets another bound.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(pixelMemory() * 5 / 4)
	}
}

// greetNobody says how to make the first user where there is none.
func (a *app) greetNobody(ctx context.Context, withDemo bool) error {
	known, err := a.db.User.Query().Exist(ctx)
	if err != nil || known || withDemo {
		return err
	}
	a.log.WarnContext(ctx, "nobody can sign in yet; make a user with: datagen user create --email you@example.com")
	return nil
}

// handler is all that the server answers.
func (a *app) handler(p *pictures, open bool) (http.Handler, error) {
	gateway, err := graph.New(
		&graph.Resolver{
			DB: a.db, Auth: a.auth, Ingest: p.ingest, Importer: importer.New(a.db, p.ingest), Media: p.media, Exports: p.exports, Quota: a.limits(),
			NearDuplicates: catalog.NewNearDuplicates(a.db),
		},
		graph.Options{Introspection: open || a.config.Debug, Log: a.log},
	)
	if err != nil {
		return nil, err
	}
	a.reads = gateway.Reads
	api, err := rest.New(gateway, a.auth.Authenticate, a.log)
	if err != nil {
		return nil, err
	}
	page, err := playground.New(playground.Options{Path: "/graphql"})
	if err != nil {
		return nil, err
	}
	middleware, err := web.Middleware(web.Options{
		Log:            a.log,
		PublicURL:      strings.TrimSuffix(a.config.PublicURL.String(), "/"),
		AllowedHosts:   a.config.AllowedHosts,
		AllowedOrigins: a.config.CORSAllowedOrigins,
		TrustedProxies: []netip.Prefix(a.config.TrustedProxies),
		MaxBody:        int64(a.config.MaxBody),
		Unbounded:      upload.Path,
	})
	if err != nil {
		return nil, err
	}
	compress, err := web.Compress()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(middleware...)
	r.Use(chimiddleware.CleanPath) // the base URL of old clients ends in a slash, and so they double it
	r.Handle("/media/*", p.media)
	for _, path := range []string{upload.Path, upload.Path + "/*"} {
		r.Handle(path, authenticate(a.auth)(p.uploads))
	}
	r.Handle("/graphql/assets/*", compress(page))
	for _, path := range []string{download.Path, download.Path + "/"} {
		r.Handle(path, authenticate(a.auth)(p.exports))
	}
	r.Handle("/api/*", compress(api))
	r.Handle("/graphql", compress(choose(playground.Wants, page, authenticate(a.auth)(gateway))))
	r.Get("/", http.RedirectHandler("/graphql", http.StatusSeeOther).ServeHTTP)
	return r, nil
}

// choose sends requests that suit to one handler and the others to another.
func choose(suits func(*http.Request) bool, yes, no http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if suits(r) {
			yes.ServeHTTP(w, r)
			return
		}
		no.ServeHTTP(w, r)
	})
}

// authenticate tells the handlers who asks: somebody whose credentials are good, or nobody, who
// sent none. Credentials that are no good are refused here.
func authenticate(a *auth.Authority) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v, err := a.Authenticate(r.Context(), r.Header.Get("Authorization"))
			switch {
			case err == nil:
				r = r.WithContext(access.WithViewer(r.Context(), v))
			case !errors.Is(err, auth.ErrNoCredentials):
				w.Header().Set("WWW-Authenticate", "Bearer")
				web.Error(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// address is where a person finds the server.
func address(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return listener.Addr().String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// fillDemo makes the demo data and says how to look at them.
func (s surroundings) fillDemo(ctx context.Context, a *app, p *pictures, listener net.Listener) error {
	account, filled, err := demo.Fill(ctx, demo.Deps{DB: a.db, Auth: a.auth, Ingest: p.ingest})
	if err != nil {
		return err
	}
	if !filled {
		a.log.InfoContext(ctx, "the database has users already: no demo data were made")
		return nil
	}
	welcome(s.out, address(listener), account)
	return nil
}

func welcome(w io.Writer, url string, account demo.Account) {
	fmt.Fprintf(w, `
  Open      %[1]s/graphql
  E-mail    %[2]s
  Password  %[3]s
  API key   %[4]s

  curl %[1]s/graphql -H 'Authorization: Bearer %[4]s' \
    -H 'Content-Type: application/json' \
    -d '{"query":"{ datasets { edges { node { name stats { images annotations } } } } }"}'

`, url, account.Email, account.Password, account.APIKey)
	for _, c := range account.Colleagues {
		fmt.Fprintf(w, "  %-24s %s, with the same password\n", c.Email, strings.ToLower(string(c.Role)))
	}
	fmt.Fprintln(w)
}
