// Package bench measures how fast a server answers, each operation beside a floor: the same bytes from one statement written by
// hand, through the same driver and as many connections, served as they come.
package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/database"
)

// Config says what to measure.
type Config struct {
	DB      *database.DB
	Auth    *auth.Authority
	Handler http.Handler // of the server

	Images      int           // of the dataset that pages are read of, each with Annotations
	Annotations int           // on each image
	Children    int           // images of each of three datasets that the first ten are read of
	Time        time.Duration // for each operation and number of connections
	Only        func(operation string) bool
	Progress    func(what string) // is told what goes on
}

// Connections are how many clients ask at once, in turns, unless an operation says something else.
func Connections() []int { return []int{1, 4, 64} }

// Result is how an operation was answered.
type Result struct {
	Operation   string        `json:"operation"`
	Connections int           `json:"connections"`
	P50         time.Duration `json:"p50_ns"`
	P99         time.Duration `json:"p99_ns"`
	PerSecond   float64       `json:"requests_per_second"`
	Allocations float64       `json:"allocations_per_request"` // of the process, with the client
	Bytes       int64         `json:"bytes"`                   // of an answer
	Floor       *Floor        `json:"floor,omitempty"`         // nil for operations that have none
}

// Floor is the same of the floor.
type Floor struct {
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	PerSecond float64       `json:"requests_per_second"`
}

// Ratio is the requests a second beside those of the floor; 0 when there is none.
func (r Result) Ratio() float64 {
	if r.Floor == nil {
		return 0
	}
	return r.PerSecond / r.Floor.PerSecond
}

// Run makes data, measures, calls each with what comes out, and deletes the data again. One may run at a time.
func Run(ctx context.Context, c Config, each func(Result) error) (err error) {
	if c.Images < 1 || c.Children < 1 || c.Annotations < 0 {
		return errors.New("there must be images to measure with")
	}
	d := &data{Config: c}
	if err := d.remove(ctx); err != nil { // what a run that was killed has left
		return err
	}
	defer func() { err = errors.Join(err, d.remove(context.WithoutCancel(ctx))) }()
	if err := d.makeAll(ctx); err != nil {
		return fmt.Errorf("make data to measure with: %w", err)
	}
	server, err := serve(ctx, c.Handler)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := d.upload(ctx, server.url); err != nil {
		return fmt.Errorf("upload images to measure with: %w", err)
	}
	for _, op := range operations(d) {
		if c.Only != nil && !c.Only(op.name) {
			continue
		}
		if err := c.measure(ctx, server.url, op, each); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
	}
	return nil
}

// measure measures an operation, in turns with its floor.
func (c Config) measure(ctx context.Context, server string, op operation, each func(Result) error) (err error) {
	var floor string
	if op.floor != nil {
		handler, err := op.floor(ctx, server)
		if err != nil {
			return err
		}
		s, err := serve(ctx, handler)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		floor = s.url
	}
	if err := op.try(ctx, &http.Client{}, server, floor); err != nil {
		return err
	}
	connections := op.connections
	if connections == nil {
		connections = Connections()
	}
	for _, n := range connections {
		c.Progress(fmt.Sprintf("%s, %d connections", op.name, n))
		r := Result{Operation: op.name, Connections: n}
		load, base, err := c.turns(ctx, op, n, server, floor)
		if err != nil {
			return err
		}
		r.P50, r.P99, r.PerSecond = load.percentile(50), load.percentile(99), load.perSecond()
		r.Allocations, r.Bytes = load.allocations(), load.bytes
		if base != nil {
			r.Floor = &Floor{base.percentile(50), base.percentile(99), base.perSecond()}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// rounds are the turns that an operation and its floor take, if there is time for them, so that what else the machine does falls on
// both.
const rounds = 4

func (c Config) rounds() time.Duration { return max(1, min(rounds, c.Time/(100*time.Millisecond))) }

func (c Config) turns(ctx context.Context, op operation, n int, server, floor string) (load, base *load, err error) {
	l, b := newLoad(n), newLoad(n)
	for range c.rounds() {
		runtime.GC()
		if err := l.run(ctx, c.Time/c.rounds(), op, server); err != nil {
			return nil, nil, err
		}
		if floor == "" {
			continue
		}
		runtime.GC()
		if err := b.run(ctx, c.Time/c.rounds(), op, floor); err != nil {
			return nil, nil, fmt.Errorf("floor: %w", err)
		}
	}
	if floor == "" {
		return l, nil, nil
	}
	return l, b, nil
}
