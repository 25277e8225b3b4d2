// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/config"
	"holdfast/internal/event"
	"holdfast/internal/police"
	"holdfast/internal/shard"
)

// slotsMax is how many ingress devices are policed apart. What comes in at others
// counts at the first one.
const slotsMax = 64

// guard is the one owner of the policers: whatever is not the packet path goes
// through it.
type guard struct {
	mu     sync.Mutex
	police *police.Police
	slots  []police.Slot
	notes  *shard.Writer // of run
}

var _ api.Police = (*guard)(nil)

// startPolice makes the policers.
func (d *daemon) startPolice(r *config.Result) error {
	var key [16]byte
	if _, err := crand.Read(key[:]); err != nil {
		return fmt.Errorf("random key: %w", err)
	}
	g := &guard{notes: d.log.Writer()}
	c, err := g.config(r)
	if err != nil {
		return err
	}
	g.police, err = police.New(police.Options{
		Slots: slotsMax, Epoch: d.began,
		Key: [2]uint64{binary.NativeEndian.Uint64(key[:8]), binary.NativeEndian.Uint64(key[8:])},
	}, c)
	if err != nil {
		return err
	}
	d.guard = g
	return nil
}

// config is the configuration with the ingress devices there are now.
func (g *guard) config(r *config.Result) (police.Config, error) {
	devices, err := ingressDevices(r)
	if err != nil {
		return police.Config{}, err
	}
	g.slots = assignSlots(g.slots, devices)
	c := r.Police
	c.Slots = g.slots
	return c, nil
}

// configure puts a configuration in force that has been checked.
func (g *guard) configure(r *config.Result) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := g.config(r)
	if err != nil {
		return err
	}
	return g.police.Configure(time.Now(), c)
}

// run begins and ends violations, and reports.
func (g *guard) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var events []police.Event
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-timer.C:
			g.mu.Lock()
			events = g.police.Advance(now, events[:0])
			next := g.police.Next()
			g.mu.Unlock()
			for i := range events {
				r := report(&events[i])
				g.notes.Write(now, &r)
			}
			timer.Reset(time.Until(next))
		}
	}
}

// Police is the protection of the control plane.
func (d *daemon) Police() api.Police { return d.guard }

// Policers is the state of all policers, for the metrics.
func (d *daemon) Policers() police.Snapshot { return d.guard.snapshot() }

// Snapshot is the state of all policers.
func (g *guard) Snapshot(context.Context) (police.Snapshot, error) { return g.snapshot(), nil }

func (g *guard) snapshot() police.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.Snapshot(time.Now())
}

// Culprits are the culprit flows of the types, in no particular order.
func (g *guard) Culprits(_ context.Context, s police.Selector) ([]police.Culprit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.Culprits(s, nil), nil
}

// ClearStatistics has counters begin at zero.
func (g *guard) ClearStatistics(_ context.Context, s police.Selector) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.police.ClearStatistics(s)
	return nil
}

// ClearStates forgets violations.
func (g *guard) ClearStates(_ context.Context, s police.Selector) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.police.ClearStates(s)
	return nil
}

// ClearCulprits lets culprit flows go and says how many.
func (g *guard) ClearCulprits(_ context.Context, s police.Selector) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.ClearCulprits(time.Now(), s), nil
}

// reports are the events by what the policers report.
var reports = [...]event.ID{
	police.ViolationSet: event.DDoSViolationSet, police.ViolationClear: event.DDoSViolationClear,
	police.FlowFound: event.DDoSFlowFound, police.FlowNormal: event.DDoSFlowReturnNormal,
	police.FlowTimedOut: event.DDoSFlowTimeout, police.FlowCleared: event.DDoSFlowCleared,
	police.FlowsAggregated: event.DDoSFlowAggregated, police.FlowsDeaggregated: event.DDoSFlowDeaggregated,
}

// report makes a log event.
func report(e *police.Event) event.Record {
	r := event.Record{ID: reports[e.Kind], Name: e.Type.String(), Count: int(e.Count), Text: reportText(e)}
	if f := &e.Flow; e.Kind >= police.FlowFound && e.Kind <= police.FlowCleared {
		r.Peer, r.Tunnel, r.Session, r.Count = f.Peer, f.TunnelID, f.SessionID, int(f.Rate)
	}
	return r
}

// reportText is the event in the words of the original.
func reportText(e *police.Event) string {
	place := fmt.Sprintf("fpc %d", e.Slot.Number)
	if e.Host {
		place = "routing-engine"
	}
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
	flow := func(what string) string {
		return fmt.Sprintf("A flow of protocol %v at aggregation level %v on fpc %d with source addr %s %s",
			e.Type, e.Flow.Level, e.Flow.Slot, flowSource(&e.Flow), what)
	}
	switch e.Kind {
	case police.ViolationSet:
		return fmt.Sprintf("Warning: Host-bound traffic for protocol/exception %v exceeded its allowed bandwidth at %s for %d times, started at %s",
			e.Type, place, e.Count, at(e.Start))
	case police.ViolationClear:
		return fmt.Sprintf("INFO: Host-bound traffic for protocol/exception %v has returned to normal. "+
			"Its allowed bandwidth was exceeded at %s for %d times, from %s to %s",
			e.Type, place, e.Count, at(e.Start), at(e.End))
	case police.FlowFound:
		return flow("is found to be violating its bandwidth at " + at(e.Start))
	case police.FlowNormal:
		return flow(fmt.Sprintf("has returned to normal, found at %s, last violation at %s", at(e.Start), at(e.End)))
	case police.FlowTimedOut:
		return flow(fmt.Sprintf("has timed out, found at %s, last violation at %s", at(e.Start), at(e.End)))
	case police.FlowCleared:
		return flow(fmt.Sprintf("is cleared, found at %s", at(e.Start)))
	case police.FlowsAggregated:
		return fmt.Sprintf("%d flows of protocol %v at aggregation level %v are aggregated", e.Count, e.Type, e.Level)
	}
	return fmt.Sprintf("Flows of protocol %v are deaggregated", e.Type)
}

// flowSource is where a flow comes from, as far as its level knows.
func flowSource(c *police.Culprit) string {
	switch c.Level {
	case police.Subscriber:
		return c.Peer.String()
	case police.LogicalInterface:
		return c.Peer.Addr().String()
	}
	return "-- -- --"
}
