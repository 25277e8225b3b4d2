// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"holdfast/internal/aaa"
	"holdfast/internal/admission"
	"holdfast/internal/config"
	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/forward/tun"
	"holdfast/internal/netio"
	"holdfast/internal/shard"
	"holdfast/internal/store"
)

// Options is what a daemon is started with; the rest is in its configuration.
type Options struct {
	ConfigFile  string
	Socket      string           // path of the API's Unix socket
	Version     string           // for show version
	Log         io.Writer        // nil: the standard error
	StopTimeout time.Duration    // how long tunnels may take to be told of the end; 0: 5 s
	Reload      <-chan os.Signal // asks for the configuration to be loaded again; nil: never
	Port        uint16           // UDP port of the gateways; 0: that of L2TP

	// Burn makes a slow server of a fast one, for comparison: so much processor
	// time is spent on top of each dear step of a call's set-up.
	Burn     time.Duration
	Without  admission.Mechanisms // of admission that are switched off, likewise
	BurnLate bool                 // it begins when Slow says so
	Slow     <-chan os.Signal     // see Serve
}

// daemon is one running daemon.
type daemon struct {
	opt    Options
	began  time.Time
	system *system
	level  slog.LevelVar
	log    *shard.Log
	notes  *shard.Writer // the daemon's own events; of the goroutine of Run
	undos  []func() error

	plane      forward.Plane
	tun        *tun.Plane // the same, if it is one
	sockets    *netio.Sockets
	aaa        *aaa.Service
	store      *store.Store    // nil: nobody is accounted
	accounting *aaa.Accounting // likewise
	guard      *guard
	shards     []*shard.Shard
	readers    []*netio.Reader
	core       *layer
	surfaces   *layer
	failed     chan error // the first failure of a task

	addresses []netip.Prefix // put on the host by us; of the goroutine of Run
	current   atomic.Pointer[generation]
}

// generation is a configuration in force.
type generation struct {
	*config.Result
	since time.Time
}

// Run starts a daemon, serves until ctx is done or a task fails, and stops it.
func Run(ctx context.Context, o Options) error {
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 5 * time.Second
	}
	d := &daemon{opt: o, began: time.Now(), failed: make(chan error, 1), system: newSystem()}
	if err := d.start(); err != nil {
		return errors.Join(err, d.unwind())
	}
	return d.serve(ctx)
}

// undo remembers how to stop what has been started.
func (d *daemon) undo(f func() error) { d.undos = append(d.undos, f) }

// unwind stops everything, the last first.
func (d *daemon) unwind() error {
	var errs []error
	for len(d.undos) > 0 {
		last := d.undos[len(d.undos)-1]
		d.undos = d.undos[:len(d.undos)-1]
		errs = append(errs, last())
	}
	return errors.Join(errs...)
}

// start brings everything up in the order of doc.go.
func (d *daemon) start() error {
	r, err := d.load()
	if err != nil {
		return err
	}
	d.current.Store(&generation{r, d.began})
	d.startLog(r)
	added, err := ensureAddresses(r)
	if err != nil {
		return err
	}
	d.addresses = added
	d.undo(func() error { return removeAddresses(d.addresses) })
	if err := d.startPolice(r); err != nil {
		return err
	}
	if err := d.startPlane(r); err != nil {
		return err
	}
	if err := d.openSockets(r); err != nil {
		return err
	}
	if err := d.startAAA(r); err != nil {
		return err
	}
	if err := d.startAccounting(r); err != nil {
		return err
	}
	if err := d.startCore(r, d.began); err != nil {
		return err
	}
	if err := d.startSurfaces(r); err != nil {
		return err
	}
	d.note(event.Record{ID: event.ConfigurationLoaded, Name: d.opt.ConfigFile})
	d.note(event.Record{ID: event.DaemonReady, Name: d.opt.Socket, Count: len(d.shards)})
	return notify(systemd.SdNotifyReady)
}

// load reads the configuration file.
func (d *daemon) load() (*config.Result, error) {
	r, err := load(d.opt.ConfigFile)
	if err == nil {
		r.LNS.Admission.Without = d.opt.Without
	}
	return r, err
}

// load reads, parses and builds a configuration.
func load(path string) (*config.Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, r, errs := config.Load(path, text)
	if len(errs) > 0 {
		return nil, config.Errors(errs)
	}
	return r, nil
}

// startLog begins to write events.
func (d *daemon) startLog(r *config.Result) {
	d.level.Set(r.Daemon.LogLevel)
	d.log = shard.NewLog(slog.New(slog.NewTextHandler(d.opt.Log, &slog.HandlerOptions{Level: &d.level, ReplaceAttr: timeForJournal()})))
	d.notes = d.log.Writer()
	l := newLayer(d.failed)
	l.run(part("log", d.log.Run))
	d.undo(l.stop)
}

// timeForJournal leaves the time out when systemd's journal stamps each line itself.
func timeForJournal() func([]string, slog.Attr) slog.Attr {
	if os.Getenv("JOURNAL_STREAM") == "" {
		return nil
	}
	return func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}
}

// note logs an event of the daemon.
func (d *daemon) note(r event.Record) { d.notes.Write(time.Now(), &r) }

// notify tells the service manager, if there is one.
func notify(state string) error {
	if _, err := systemd.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}

// serve waits for what ends the daemon.
func (d *daemon) serve(ctx context.Context) error {
	for {
		select {
		case <-d.opt.Reload:
			d.reload(ctx)
		case <-ctx.Done():
			return d.stop("signal", nil)
		case err := <-d.failed:
			return d.stop("fault", err)
		}
	}
}

// stop tells every tunnel that the LNS ends, for no longer than StopTimeout,
// and brings everything down.
func (d *daemon) stop(why string, cause error) error {
	// A service manager that has gone before us is no reason to fail.
	_ = notify(systemd.SdNotifyStopping)
	errs := []error{cause}
	d.note(event.Record{ID: event.DaemonStopping, Name: why, Count: len(d.shards)})
	errs = append(errs, d.surfaces.stop())
	ctx, cancel := context.WithTimeout(context.Background(), d.opt.StopTimeout)
	defer cancel()
	var told errgroup.Group
	for _, s := range d.shards {
		told.Go(func() error { return s.Stop(ctx) })
	}
	// A peer that does not answer is no reason to fail: it was told, or will
	// find out by its own HELLO.
	if err := told.Wait(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		errs = append(errs, err)
	}
	d.stopAccounting()
	return errors.Join(append(errs, d.unwind())...)
}
