// SPDX-License-Identifier: Apache-2.0

package tun_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/forward/tun"
	"holdfast/internal/kernel"
	"holdfast/internal/netlab"
	"holdfast/internal/packet"
	"holdfast/internal/testenv"
)

// patience bounds every wait of these tests; a healthy run waits for microseconds.
const patience = 10 * time.Second

func newLab(t testing.TB, name string) *netlab.Lab {
	t.Helper()
	testenv.TUN(t)
	lab, err := netlab.New(fmt.Sprintf("hf-%s-%d", name, os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	return lab
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// rig is a plane on a real device with real sockets, in one namespace. The host
// does not forward, so that nothing answers what comes out of the device: the
// packet socket sees it, and that is all.
type rig struct {
	t        *testing.T
	plane    *tun.Plane
	tap      *kernel.PacketSocket
	ends     map[netip.AddrPort]*kernel.UDPSocket
	peer     netip.AddrPort
	local    netip.AddrPort
	recorder *forwardtest.Recorder

	mu     sync.Mutex
	change sync.Cond
	core   [][]byte
	sent   []packet.Datagram
	tasks  sync.WaitGroup
}

// marker is the session by which the rig knows that everything before has been
// handled. It lives in its own tunnel.
func (r *rig) marker() forward.Session {
	return forward.Session{
		Key: forward.Key{TunnelID: 0xfe01, SessionID: 1}, Element: 1 << 19,
		PeerTunnelID: 0xfe02, PeerSessionID: 2, Local: r.local, Peer: r.peer,
		IPv4: netip.MustParseAddr("100.64.255.254"),
	}
}

func openRig(t *testing.T) forwardtest.Harness {
	lab := newLab(t, "contract")
	ns := must(lab.Namespace("lns"))
	r := &rig{
		t: t, recorder: &forwardtest.Recorder{}, ends: map[netip.AddrPort]*kernel.UDPSocket{},
		local: netip.MustParseAddrPort("127.0.0.1:1701"), peer: netip.MustParseAddrPort("127.0.0.2:1701"),
	}
	r.change.L = &r.mu
	// Otherwise IPv6 would answer that there is no route.
	if out, err := ns.Command(t.Context(), "ip", "-6", "route", "add", "blackhole", "default").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	stranger := netip.MustParseAddrPort("127.0.0.3:1701")
	err := ns.Do(func() error {
		socket, err := kernel.ListenUDP(r.local, kernel.UDPOptions{GRO: true, ReceiveBuffer: 8 << 20})
		if err != nil {
			return err
		}
		r.plane, err = tun.New(tun.Options{
			Shards: forwardtest.Shards, ShardOf: forwardtest.ShardOf, Queues: 1,
			Punt: r.recorder.Punt, Sequenced: r.recorder.Sequenced, Sockets: []tun.Socket{tun.UDP(socket)},
		})
		if err != nil {
			return err
		}
		for _, a := range []netip.AddrPort{r.peer, stranger} {
			if r.ends[a], err = kernel.ListenUDP(a, kernel.UDPOptions{ReceiveBuffer: 8 << 20}); err != nil {
				return err
			}
		}
		if err := r.plane.Instance(forwardtest.Instance()); err != nil {
			return err
		}
		r.tap, err = kernel.OpenPacket("hf0", true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.plane.Handle(0).Install([]forward.Session{r.marker()}); err != nil {
		t.Fatal(err)
	}
	r.tasks.Go(r.readTap)
	r.tasks.Go(r.readPeer)
	t.Cleanup(r.close)
	return forwardtest.Harness{
		Plane: sameNamespace{r.plane, ns}, Recorder: r.recorder, Local: r.local, Peer: r.peer, Stranger: stranger,
		Up: r.up, Down: r.down, Settle: r.settle,
	}
}

// sameNamespace calls Instance where the device is.
type sameNamespace struct {
	*tun.Plane
	ns *netlab.Namespace
}

func (p sameNamespace) Instance(i forward.Instance) error {
	return p.ns.Do(func() error { return p.Plane.Instance(i) })
}

func (r *rig) close() {
	err := errors.Join(r.plane.Close(), r.tap.Close())
	for _, s := range r.ends {
		err = errors.Join(err, s.Close())
	}
	r.tasks.Wait()
	if err != nil {
		r.t.Error(err)
	}
}

func (r *rig) readTap() {
	b := make([]byte, frame.VNetLength+1<<16)
	for {
		n, err := r.tap.Read(b)
		if err != nil {
			return
		}
		v, ip, ok := frame.ParseVNet(b[:n])
		if !ok {
			r.t.Errorf("the device gave %d octets", n)
			return
		}
		r.mu.Lock()
		if cut, super := frame.NewSegments(ip, v); super {
			for {
				p, more := cut.Append(nil)
				if !more {
					break
				}
				r.core = append(r.core, p)
			}
		} else {
			r.core = append(r.core, slices.Clone(ip))
		}
		r.change.Broadcast()
		r.mu.Unlock()
	}
}

func (r *rig) readPeer() {
	b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
	for {
		n, err := r.ends[r.peer].ReadBatch(&b)
		if err != nil {
			return
		}
		r.mu.Lock()
		for _, d := range b.Datagrams[:n] {
			r.sent = append(r.sent, packet.Datagram{Data: slices.Clone(d.Data), Peer: r.peer})
		}
		r.change.Broadcast()
		r.mu.Unlock()
	}
}

func (r *rig) up(from netip.AddrPort, b []byte) {
	if n, err := r.ends[from].WriteBatch([]packet.Datagram{{Data: b, Peer: r.local}}); n != 1 || err != nil {
		r.t.Errorf("sent %d datagrams: %v", n, err)
	}
}

func (r *rig) down(ip []byte) {
	if err := r.tap.Write(append(frame.AppendVNet(nil, frame.VNet{}), ip...)); err != nil {
		r.t.Errorf("send %d octets to the device: %v", len(ip), err)
	}
}

// settle sends marked packets behind the others, twice: the first says that all
// before it were looked at, the second that their batch is finished with.
func (r *rig) settle() (o forwardtest.Output) {
	m := r.marker()
	away := netip.MustParseAddr("203.0.113.254")
	for id := range uint16(2) {
		up := forwardtest.IP{From: m.IPv4, To: away, ID: id + 1}.Bytes()
		down := forwardtest.IP{From: away, To: m.IPv4, ID: id + 1}.Bytes()
		r.up(r.peer, forwardtest.L2TP{TunnelID: m.TunnelID, SessionID: m.SessionID, Protocol: 0x21}.Bytes(up))
		r.down(down)
		r.waitFor("a packet at the core", func() bool { return r.cut(&r.core, up) })
		r.waitFor("a datagram at the LAC", func() bool { return r.cutSent(down) })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o.Core, o.Sent = r.core, r.sent
	r.core, r.sent = nil, nil
	r.recorder.Take(&o)
	return o
}

// cut takes the marked packet out if it is there.
func (r *rig) cut(list *[][]byte, ip []byte) bool {
	i := slices.IndexFunc(*list, func(b []byte) bool { return slices.Equal(b, ip) })
	if i < 0 {
		return false
	}
	if *list = slices.Delete(*list, i, i+1); len(*list) == 0 {
		*list = nil
	}
	return true
}

func (r *rig) cutSent(ip []byte) bool {
	i := slices.IndexFunc(r.sent, func(d packet.Datagram) bool {
		return binary.BigEndian.Uint16(d.Data[2:]) == 0xfe02 && slices.Equal(d.Data[10:], ip)
	})
	if i < 0 {
		return false
	}
	r.sent = slices.Delete(r.sent, i, i+1)
	return true
}

func (r *rig) waitFor(what string, ready func() bool) {
	late := false
	timer := time.AfterFunc(patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		late = true
		r.change.Broadcast()
	})
	defer timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !ready() {
		if late {
			r.t.Fatalf("waited %v for %s; totals %+v", patience, what, r.plane.Totals())
		}
		r.change.Wait()
	}
}

// The plane on a real device with real sockets does what every plane must.
func TestRootContract(t *testing.T) {
	testenv.TUN(t)
	forwardtest.Run(t, openRig)
}
