package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	barWidth     = 30 // characters
	barPeriod    = 100 * time.Millisecond
	reportPeriod = 10 * time.Second // where there is no terminal
)

// progress tells a person how far long work has come: as a bar that moves on a terminal, as a line now and then elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	total    int // 0 when it is not known
	began    time.Time
	told     time.Time
	width    int // of the longest line so far
}

func (s surroundings) newProgress(total int) *progress {
	f, ok := s.err.(*os.File)
	now := time.Now()
	return &progress{out: s.err, terminal: ok && term.IsTerminal(int(f.Fd())), total: total, began: now, told: now}
}

// show tells that so many of the total are done, and what became of them.
func (p *progress) show(done int, said string) {
	period := reportPeriod
	if p.terminal {
		period = barPeriod
	}
	if now := time.Now(); now.Sub(p.told) >= period {
		p.told = now
		p.write(done, said)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.width, "")
	}
}

func (p *progress) write(done int, said string) {
	p.tell(p.line(done, time.Since(p.began)) + "  " + said)
}

// tell says what goes on, at once.
func (p *progress) tell(line string) {
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	p.width = max(p.width, len([]rune(line)))
	fmt.Fprintf(p.out, "\r%-*s", p.width, line)
}

// line is how far the work has come after a time.
func (p *progress) line(done int, after time.Duration) string {
	rate := float64(done) / max(after.Seconds(), 0.001)
	if p.total == 0 {
		return fmt.Sprintf("%s  %.0f/s", grouped(done), rate)
	}
	full := min(barWidth*done/p.total, barWidth)
	left := "?"
	if rate > 0 {
		left = (time.Duration(float64(p.total-done)/rate) * time.Second).String()
	}
	return fmt.Sprintf("[%s%s] %s of %s  %.0f/s  %s left",
		strings.Repeat("#", full), strings.Repeat("-", barWidth-full), grouped(done), grouped(p.total), rate, left)
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesOf is a number of bytes as people read it.
func bytesOf(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, names := float64(n)/unit, "kMGTPE"
	for value >= unit && len(names) > 1 {
		value, names = value/unit, names[1:]
	}
	return fmt.Sprintf("%.1f %cB", value, names[0])
}
