// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"
	"time"

	"holdfast/internal/config"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
	"holdfast/internal/storm"
)

const delay = 5 * time.Millisecond // of the simulated link

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is an LNS and LACs on a simulated link that loses nothing.
type world struct {
	t      *testing.T
	now    time.Time
	engine *lns.Engine
	lacs   map[netip.AddrPort]*storm.LAC
	flight []flying // in the order of their arrival: the delay is the same for all
	file   *pcap
	fx     lns.Effects
	lacFx  storm.Effects
}

type flying struct {
	at       time.Time
	from, to netip.AddrPort
	data     []byte
}

func newWorld(t *testing.T) *world {
	t.Helper()
	text, err := os.ReadFile("../interop/testdata/interop.conf")
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Parse("interop.conf", text)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	result, errs := config.Build(tree)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	w := &world{t: t, now: epoch, lacs: map[netip.AddrPort]*storm.LAC{}, file: newPcap()}
	w.engine = lns.New(lns.Options{Config: result.LNS, Shards: 1, Rand: rand.New(rand.NewPCG(1, 2)), Now: w.now})
	return w
}

// dial adds a LAC with a plan and starts it. Its lines are its own: a line that
// dials again would replace itself.
func (w *world) dial(address string, plan storm.Plan) *storm.LAC {
	w.t.Helper()
	plan.Calling = fmt.Sprintf("555%d%%d", len(w.lacs))
	plan.CircuitID = fmt.Sprintf("dslam-%d atm 1/%%d", len(w.lacs))
	plan = plan.WithDefaults()
	if err := plan.Check(); err != nil {
		w.t.Fatal(err)
	}
	local := netip.MustParseAddrPort(address)
	l := storm.NewLAC(&plan, 0, local, w.now)
	w.lacs[local] = l
	l.Start(w.now, &w.lacFx)
	w.carryOut()
	return l
}

// run lets simulated time pass.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); ; {
		next := end
		earlier := func(at time.Time) {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		earlier(w.engine.Next())
		for _, l := range w.lacs {
			earlier(l.Next())
		}
		if len(w.flight) > 0 {
			earlier(w.flight[0].at)
		}
		if next.After(w.now) {
			w.now = next
		}
		w.arrive()
		w.engine.Advance(w.now, &w.fx)
		for _, l := range w.lacs {
			l.Advance(w.now, &w.lacFx)
		}
		w.carryOut()
		if !w.now.Before(end) && (len(w.flight) == 0 || w.flight[0].at.After(end)) {
			return
		}
	}
}

// arrive delivers what is due.
func (w *world) arrive() {
	for len(w.flight) > 0 && !w.flight[0].at.After(w.now) {
		f := w.flight[0]
		w.flight = w.flight[1:]
		d := []packet.Datagram{{Data: f.data, Peer: f.from, Local: f.to, At: w.now}}
		if l := w.lacs[f.to]; l != nil {
			l.Handle(w.now, d, &w.lacFx)
		} else {
			w.engine.Packets(w.now, d, &w.fx)
			for w.engine.Begin(w.now, &w.fx) {
			}
		}
		w.carryOut()
	}
}

// carryOut records and sends what the machines want sent.
func (w *world) carryOut() {
	w.send(w.fx.Transmit)
	w.send(w.lacFx.Transmit)
	w.fx.Reset()
	w.lacFx.Reset()
}

func (w *world) send(list []packet.Datagram) {
	for _, d := range list {
		w.file.add(w.now, d.Local, d.Peer, d.Data)
		w.flight = append(w.flight, flying{w.now.Add(delay), d.Local, d.Peer, bytes.Clone(d.Data)})
	}
}
