// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"holdfast/internal/event"
)

// logMax is how many lines wait for the log's writer, which may be slow.
const logMax = 1024

// Log writes declared events. Lines are queued and written by Run, because a
// shard must not wait for a terminal or a journal.
type Log struct {
	logger *slog.Logger
	lines  chan line
	lost   atomic.Uint64
}

// line is one event on its way to the log.
type line struct {
	at         time.Time
	record     event.Record
	suppressed int // lines of the same event that the rate limit has held back since the last
}

// NewLog makes a log that writes to logger.
func NewLog(logger *slog.Logger) *Log {
	return &Log{logger: logger, lines: make(chan line, logMax)}
}

// Lost is how many lines found the queue full.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// Run writes lines until ctx is done, and then those that still wait.
func (l *Log) Run(ctx context.Context) error {
	for {
		select {
		case n := <-l.lines:
			l.write(ctx, &n)
		case <-ctx.Done():
			for {
				select {
				case n := <-l.lines:
					l.write(ctx, &n)
				default:
					return nil
				}
			}
		}
	}
}

// levels are slog's names for the events' levels.
var levels = [...]slog.Level{event.Debug: slog.LevelDebug, event.Info: slog.LevelInfo, event.Warning: slog.LevelWarn, event.Error: slog.LevelError}

func (l *Log) write(ctx context.Context, n *line) {
	d := n.record.ID.Def()
	if !l.logger.Enabled(ctx, levels[d.Level]) {
		return
	}
	r := slog.NewRecord(n.at, levels[d.Level], d.Name, 0)
	for key, value := range n.record.All() {
		r.AddAttrs(slog.Any(key, value))
	}
	if n.suppressed > 0 {
		r.AddAttrs(slog.Int("suppressed", n.suppressed))
	}
	// An error here means that standard error is gone. Nobody is left to tell.
	_ = l.logger.Handler().Handle(context.WithoutCancel(ctx), r)
}

// Writer is for one goroutine. It holds each event to its declared rate, so
// that a hostile peer cannot fill the disk.
type Writer struct {
	log    *Log
	events [1 << 8]struct {
		second     time.Time // the second that is being counted began here
		count      int       // lines in it
		suppressed int       // held back and not yet told
	}
}

// Writer makes a writer.
func (l *Log) Writer() *Writer { return &Writer{log: l} }

// Write logs r, which happened at now. It never waits.
func (w *Writer) Write(now time.Time, r *event.Record) {
	e := &w.events[r.ID]
	if rate := r.ID.Def().Rate; rate > 0 {
		if now.Sub(e.second) >= time.Second {
			e.second, e.count = now, 0
		}
		if e.count >= rate {
			e.suppressed++
			return
		}
		e.count++
	}
	select {
	case w.log.lines <- line{now, *r, e.suppressed}:
		e.suppressed = 0
	default:
		w.log.lost.Add(1)
		e.suppressed++
	}
}
