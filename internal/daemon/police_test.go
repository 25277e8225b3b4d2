// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// caller is a LAC with one tunnel, over a real socket.
type caller struct {
	t      *testing.T
	socket *kernel.UDPSocket
	to     netip.AddrPort
	ep     *l2tp.Endpoint
	fx     l2tp.Effects
	tunnel l2tp.TunnelID
	up     bool
}

// newCaller binds a LAC to an address; it has no tunnel yet.
func newCaller(t *testing.T, r *rig, from string) *caller {
	t.Helper()
	s, err := kernel.ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(from), 0), kernel.UDPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &caller{
		t: t, socket: s, to: netip.AddrPortFrom(r.gateway, r.opt.Port),
		ep: l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(1, uint64(s.LocalAddr().Port())))}),
	}
}

// open opens the tunnel; false: no answer for so long.
func (c *caller) open(patience time.Duration) bool {
	c.t.Helper()
	id, err := c.ep.OpenTunnel(time.Now(), c.to, c.socket.LocalAddr(), &l2tp.TunnelConfig{HostName: "lac", HelloInterval: -1}, &c.fx)
	if err != nil {
		c.t.Fatal(err)
	}
	c.tunnel, c.up = id, false
	for end := time.Now().Add(patience); !c.up && time.Now().Before(end); {
		c.settle()
		if b := c.read(min(time.Until(end), 100*time.Millisecond)); b != nil {
			c.ep.Handle(time.Now(), c.to, c.socket.LocalAddr(), b, &c.fx)
		}
		c.ep.Advance(time.Now(), &c.fx)
		c.ep.Flush(time.Now(), &c.fx)
		c.settle()
	}
	return c.up
}

func (c *caller) settle() {
	for _, ef := range c.fx.List {
		switch ef.Kind {
		case l2tp.Send:
			c.send(ef.Packet)
		case l2tp.TunnelUp:
			c.up = true
		}
	}
	c.fx.Reset()
}

func (c *caller) send(messages ...[]byte) {
	c.t.Helper()
	d := make([]packet.Datagram, len(messages))
	for i := range d {
		d[i] = packet.Datagram{Data: messages[i], Peer: c.to}
	}
	if _, err := c.socket.WriteBatch(d); err != nil {
		c.t.Fatal(err)
	}
}

// read waits for a datagram; nil: none came in time.
func (c *caller) read(patience time.Duration) []byte {
	c.t.Helper()
	c.socket.SetReadDeadline(time.Now().Add(patience))
	b := packet.Batch{Datagrams: make([]packet.Datagram, 1)}
	if _, err := c.socket.ReadBatch(&b); err != nil {
		if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
			c.t.Fatal(err)
		}
		return nil
	}
	return b.Datagrams[0].Data
}

// hello sends a HELLO in the tunnel's window and says whether it is acknowledged
// in time.
func (c *caller) hello(patience time.Duration) bool {
	c.t.Helper()
	info, _ := c.ep.Tunnel(c.tunnel)
	h := wire.ControlHeader{TunnelID: uint16(info.PeerTunnelID), Ns: info.Ns, Nr: info.Nr}
	var m wire.Message
	m.Reset(wire.HELLO)
	b := wire.AppendMessage(wire.AppendControlHeader(nil, h), &m, wire.Hiding{})
	wire.SetLength(b)
	c.send(b)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		answer := c.read(time.Until(end))
		if got, _, err := wire.ParseControlHeader(answer); answer != nil && err == nil && got.Nr == info.Ns+1 {
			return true
		}
	}
	return false
}

// strangers is many messages of a type for tunnels that nobody has.
func strangers(t police.Type, n int) (list [][]byte) {
	for i := range n {
		id := uint16(0x8000 + i)
		if t == police.SCCRQ {
			id = 0
		}
		list = append(list, policetest.Octets(t, id, 0))
	}
	return list
}

// ddos is the configuration with statements of ddos-protection.
func ddos(statements string) string {
	return text("SHARDS", "1") + "system ddos-protection { " + statements + " }\n"
}

// policed is a running daemon that does not wait for LACs that are not there any
// more when it stops.
func policed(t *testing.T, statements string) *rig {
	t.Helper()
	r := prepare(t, ddos(statements))
	r.opt.StopTimeout = 50 * time.Millisecond
	return r.start()
}

// The cure of operators whose LNS drowns in calls is an aggregate policer of 250.
// It works, and as they have found it takes Hellos too, if enough of the flood is
// as urgent as these. Nobody's Hello is lost while the aggregate is not configured,
// nor to a flood of what is less urgent.
func TestAggregateAndHellos(t *testing.T) {
	const cure = "protocols l2tp aggregate { bandwidth 250; burst 250; recover-time 90; }"
	for _, c := range []struct {
		name, config string
		flood        police.Type
		lost         bool
	}{
		{"cure", cure, police.Hello, true},
		{"cure, less urgent flood", cure, police.SCCRQ, false},
		{"default", "global flow-detection-mode automatic;", police.Hello, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := policed(t, c.config)
			lac, other := newCaller(t, r, "127.0.0.2"), newCaller(t, r, "127.0.0.3")
			if !lac.open(10 * time.Second) {
				t.Fatal("no tunnel")
			}
			flood, lost := strangers(c.flood, 2000), false
			for range 20 {
				other.send(flood...)
				patience := 5 * time.Second
				if c.lost {
					patience = 200 * time.Millisecond
				}
				if lost = !lac.hello(patience); lost {
					break
				}
			}
			if lost != c.lost {
				t.Errorf("a Hello was lost: %v, want %v\n%s", lost, c.lost, r.scrape())
			}
			if c.config == cure {
				r.wantLog("DDOS_PROTOCOL_VIOLATION_SET name=L2TP:aggregate count=1",
					"exceeded its allowed bandwidth at fpc 0 for 1 times, started at ")
				want(t, "alarms", r.show("show", "system", "alarms"), "L2TP:aggregate exceeds its bandwidth of 250 pps")
				want(t, "metrics", r.scrape(), `holdfast_ddos_violated{protocol="l2tp",type="aggregate"} 1`)
			}
			r.stop()
		})
	}
}

// wantLog waits until the log has all parts.
func (r *rig) wantLog(parts ...string) {
	r.t.Helper()
	late := time.After(20 * time.Second)
	for {
		log := r.log.String()
		missing := ""
		for _, p := range parts {
			if !strings.Contains(log, p) {
				missing = p
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-r.log.wrote:
		case <-late:
			r.t.Fatalf("no %q in the log\n%s", missing, log)
		}
	}
}

// One LAC of three goes wild. It is found and what is not of its established
// tunnel is dropped; that tunnel and the other two LACs notice nothing.
func TestWildLAC(t *testing.T) {
	r := policed(t, `
		global flow-detection;
		protocols l2tp aggregate {
			flow-detection-mode on; flow-detect-time 1; flow-recover-time 1;
			flow-level-detection subscriber off;
			flow-level-bandwidth logical-interface 200;
		}`)
	wild := newCaller(t, r, "127.0.0.4")
	honest := []*caller{newCaller(t, r, "127.0.0.2"), newCaller(t, r, "127.0.0.3")}
	for _, c := range append([]*caller{wild}, honest...) {
		if !c.open(10 * time.Second) {
			t.Fatal("no tunnel")
		}
	}
	found, still := make(chan struct{}), make(chan struct{})
	raging := newCaller(t, r, "127.0.0.4")
	go func() {
		defer close(still)
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-found:
				return
			case <-pace.C:
				raging.send(strangers(police.ICRQ, 20)...)
			}
		}
	}()
	r.wantLog("DDOS_SCFD_FLOW_FOUND", "with source addr 127.0.0.4 is found")
	for range 20 {
		if !wild.hello(5 * time.Second) {
			t.Error("flow control took a Hello of an established tunnel")
		}
		for _, c := range honest {
			if !c.hello(5 * time.Second) {
				t.Error("an honest LAC lost a Hello")
			}
		}
	}
	for _, c := range honest {
		if !c.open(5 * time.Second) {
			t.Error("an honest LAC does not get another tunnel")
		}
	}
	if wild.open(300 * time.Millisecond) {
		t.Error("the wild LAC got another tunnel")
	}
	close(found)
	<-still
	r.wantLog("DDOS_SCFD_FLOW_RETURN_NORMAL")
	if strings.Count(r.log.String(), "DDOS_SCFD_FLOW_FOUND") != 1 {
		t.Errorf("another flow was found\n%s", &r.log)
	}
	if wild = newCaller(t, r, "127.0.0.4"); !wild.open(10 * time.Second) {
		t.Error("the LAC that has calmed down does not get a tunnel")
	}
	r.stop()
}

// A reload puts policers in force, and takes them back.
func TestReloadPolicers(t *testing.T) {
	r := policed(t, "protocols l2tp sccrq { bandwidth 0; burst 1; }")
	lac := newCaller(t, r, "127.0.0.2")
	if lac.open(300 * time.Millisecond) {
		t.Error("a tunnel, although no SCCRQ may come in")
	}
	r.write(ddos("protocols l2tp sccrq bandwidth 100;"))
	r.reload <- os.Interrupt
	r.wantNotice("READY=1")
	if lac = newCaller(t, r, "127.0.0.2"); !lac.open(10 * time.Second) {
		t.Error("no tunnel after the reload")
	}
	r.stop()
}
