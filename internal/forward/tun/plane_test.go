// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

func (w *twin) session(n uint16) forward.Session {
	return forward.Session{
		Key: forward.Key{TunnelID: 0x0105, SessionID: 100 + n}, Element: uint32(n), PeerTunnelID: 7, PeerSessionID: n,
		Local: w.Local, Peer: w.Peer, IPv4: netip.AddrFrom4([4]byte{100, 64, 1, byte(n)}),
		IPv6: netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, 0, 0, byte(n)}), 64), MTU: 1492,
	}
}

func (w *twin) install(t testing.TB, sessions ...forward.Session) {
	t.Helper()
	if err := w.Plane.Handle(1).Install(sessions); err != nil {
		t.Fatal(err)
	}
}

func (w *twin) read(s forward.Session) forward.Counters {
	var c [1]forward.Counters
	w.Plane.Handle(1).Read([]uint32{s.Element}, c[:])
	return c[0]
}

var core = netip.MustParseAddr("203.0.113.9")

func superTCP(s forward.Session, octets int) []byte {
	tcp := append(forwardtest.TCPHeader(0x18, nil)[:20], make([]byte, octets)...)
	return forwardtest.IP{From: core, To: s.IPv4, DF: true, TCP: tcp}.Bytes()
}

// A super-packet leaves as datagrams of equal size, all but the last.
func TestSuperPacket(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	w.install(t, s)
	w.device.super(frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1452, NeedsChecksum: true, ChecksumStart: 20, ChecksumOffset: 16}, superTCP(s, 10*1452+3))
	o := w.Settle()
	if len(o.Sent) != 11 {
		t.Fatalf("%d datagrams, want 11", len(o.Sent))
	}
	bytes := 0
	for i, d := range o.Sent {
		ip := d.Data[10:]
		want := 1492
		if i == 10 {
			want = 43
		}
		if len(ip) != want || forwardtest.TransportSum(ip) != 0xffff || forwardtest.Sum(ip[:20]) != 0xffff {
			t.Errorf("datagram %d: %d octets, want %d, or wrong checksums", i, len(ip), want)
		}
		bytes += len(ip)
	}
	if got, want := w.read(s), (forward.Counters{DownPackets: 11, DownBytes: uint64(bytes)}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Bulk from a subscriber reaches the kernel in super-packets; a kernel that
// takes none of UDP gets single packets, and loses none.
func TestTrains(t *testing.T) {
	for _, old := range []bool{false, true} {
		w := newTwin(t, nil)
		s := w.session(1)
		w.install(t, s)
		w.device.noUDP = old
		w.Settle() // the reader waits, and will find everything in whole batches
		const n = 40
		want := map[string]int{}
		for i := range n {
			tcp := append(forwardtest.TCPHeader(0x10, nil)[:20], make([]byte, 1000)...)
			binary.BigEndian.PutUint32(tcp[4:], uint32(i*1000))
			for _, p := range []forwardtest.IP{{From: s.IPv4, To: core, ID: uint16(i), TCP: tcp}, {From: s.IPv4, To: core, ID: uint16(i), Size: 900}} {
				ip := p.Bytes()
				want[string(ip)]++
				w.socket.in.hold(packet.Datagram{Peer: w.Peer, Data: forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(ip)})
			}
		}
		w.socket.in.release()
		o := w.Settle()
		for _, ip := range o.Core {
			want[string(ip)]--
		}
		for _, left := range want {
			if left != 0 {
				t.Fatalf("old kernel %v: packets were lost, changed or doubled", old)
			}
		}
		most := 4 // batches of 64 hold two trains each
		if old {
			most = 2
		}
		if w.device.supers == 0 || w.device.supers > most {
			t.Errorf("old kernel %v: %d super-packets, want 1 to %d", old, w.device.supers, most)
		}
		if got, want := w.read(s), (forward.Counters{UpPackets: 2 * n, UpBytes: n * (1040 + 900)}); got != want || w.Totals() != (forward.Totals{}) {
			t.Errorf("old kernel %v: %+v, want %+v; totals %+v", old, got, want, w.Totals())
		}
	}
}

// A super-packet of segments that do not fit is answered once.
func TestSuperPacketTooBig(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	w.install(t, s)
	w.device.super(frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1460}, superTCP(s, 10*1460))
	o := w.Settle()
	if len(o.Sent) != 0 || len(o.Core) != 1 || w.Totals().ICMPSent != 1 || w.read(s).TooBig != 1 {
		t.Errorf("%d sent, %d errors, totals %+v, counters %+v", len(o.Sent), len(o.Core), w.Totals(), w.read(s))
	}
}

// What the kernel says of its packets is not believed blindly.
func TestDeviceNonsense(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	w.install(t, s)
	ip := superTCP(s, 100)
	w.device.super(frame.VNet{GSO: frame.GSOTCPv6, GSOSize: 10}, ip)
	w.device.super(frame.VNet{NeedsChecksum: true, ChecksumStart: 20, ChecksumOffset: 9999}, ip)
	w.device.super(frame.VNet{}, ip[:30])
	w.device.in.put([]byte{1, 2, 3})
	if o := w.Settle(); len(o.Sent) != 0 || w.Totals() != (forward.Totals{Malformed: 4}) || w.read(s).Dropped != 2 {
		t.Errorf("%d sent, totals %+v, counters %+v", len(o.Sent), w.Totals(), w.read(s))
	}
}

// The checksum that the host left to the device is made before anything else
// changes the packet.
func TestPartialChecksum(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	w.install(t, s)
	want := forwardtest.IP{From: core, To: s.IPv4, TCP: forwardtest.SYN(1452, true)}.Bytes()
	ip := forwardtest.IP{From: core, To: s.IPv4, TCP: forwardtest.SYN(9000, true)}.Bytes()
	binary.BigEndian.PutUint16(ip[36:], forwardtest.Sum(slices.Concat(ip[12:20], []byte{0, 6, 0, byte(len(ip) - 20)})))
	w.device.super(frame.VNet{NeedsChecksum: true, ChecksumStart: 20, ChecksumOffset: 16}, ip)
	if o := w.Settle(); len(o.Sent) != 1 || !slices.Equal(o.Sent[0].Data[10:], want) {
		t.Errorf("sent %x, want %x", o.Sent, want)
	}
}

// What a socket or a device does not take is lost and counted.
func TestRefusedByKernel(t *testing.T) {
	w := newTwin(t, nil)
	s, elsewhere := w.session(1), w.session(2)
	elsewhere.Local = netip.MustParseAddrPort("192.0.2.99:1701") // no socket of ours
	w.install(t, s, elsewhere)
	w.socket.full, w.device.broken = true, true
	w.Down(forwardtest.IP{From: core, To: s.IPv4}.Bytes())
	w.Down(forwardtest.IP{From: core, To: elsewhere.IPv4}.Bytes())
	w.Up(w.Peer, forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(forwardtest.IP{From: s.IPv4, To: core}.Bytes()))
	w.Settle()
	if got, want := w.Totals(), (forward.Totals{SendDropped: 2, DeviceDropped: 1}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	if a, b := w.read(s), w.read(elsewhere); a.Dropped != 1 || a.UpPackets != 0 || b.Dropped != 1 || b.DownPackets != 0 {
		t.Errorf("counters %+v and %+v", a, b)
	}
}

// A gateway whose socket comes later is served from then on.
func TestAddSocket(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	s.Local = netip.MustParseAddrPort("192.0.2.2:1701")
	w.install(t, s)
	later := newTwinSocket(s.Local)
	if err := w.AddSocket(later); err != nil {
		t.Fatal(err)
	}
	w.Down(forwardtest.IP{From: core, To: s.IPv4}.Bytes())
	w.Settle()
	if n := len(later.taken()); n != 1 {
		t.Errorf("%d datagrams through the new socket, want 1", n)
	}
	if err := w.Plane.Close(); err != nil {
		t.Fatal(err)
	}
	if late := newTwinSocket(s.Local); w.AddSocket(late) == nil || !late.in.closed {
		t.Error("a closed plane has taken a socket, or left it open")
	}
}

// Shards that hold on to data of unknown sessions for ever do not keep PPP
// control away: each lane has its own buffers.
func TestLanesAreApart(t *testing.T) {
	var mu sync.Mutex
	var held []*packet.Batch
	control := 0
	w := newTwin(t, func(o *Options) {
		o.Punt = func(_ int, b *packet.Batch) bool {
			mu.Lock()
			defer mu.Unlock()
			if b.Datagrams[0].Data[8] == 0 { // IPv4, not LCP
				held = append(held, b)
				return true
			}
			control += len(b.Datagrams)
			b.Release()
			return true
		}
	})
	unknown := forwardtest.L2TP{TunnelID: 0x0105, SessionID: 9, Protocol: 0x21}.Bytes(make([]byte, 40))
	lcp := forwardtest.L2TP{TunnelID: 0x0105, SessionID: 9, Protocol: 0xc021}.Bytes([]byte{9, 1, 0, 8, 0, 0, 0, 0})
	const flood = 1000
	for range flood {
		w.Up(w.Stranger, unknown)
		w.Up(w.Peer, lcp)
	}
	w.Settle()
	mu.Lock()
	if got := w.Totals(); control != flood || got.PuntedControl != flood || got.UnknownSession != flood {
		t.Errorf("%d control datagrams arrived of %d; totals %+v", control, flood, got)
	}
	through := 0
	for _, b := range held {
		through += len(b.Datagrams)
	}
	if len(held) > laneBuffers || through+int(w.Totals().PuntDropped) != flood {
		t.Errorf("%d batches, %d datagrams and %d dropped, of %d", len(held), through, w.Totals().PuntDropped, flood)
	}
	for _, b := range held {
		b.Release()
	}
	held = held[:0]
	mu.Unlock()
	w.Up(w.Stranger, unknown)
	w.Settle()
	mu.Lock()
	defer mu.Unlock()
	if len(held) != 1 {
		t.Errorf("%d batches after all were given back, want 1", len(held))
	}
}

// Errors about packets that are too big keep to their rate.
func TestICMPRate(t *testing.T) {
	b := newBucket(10, 3)
	now, taken := time.Duration(0), 0
	for range 100 { // at once
		if b.take(now) {
			taken++
		}
	}
	if taken != 3 {
		t.Errorf("%d at once, want the burst of 3", taken)
	}
	for range 1000 { // ten seconds
		now += 10 * time.Millisecond
		if b.take(now) {
			taken++
		}
	}
	if taken < 102 || taken > 104 {
		t.Errorf("%d in ten seconds at 10/s, want 103", taken)
	}

	w := newTwin(t, func(o *Options) { o.ICMPRate = 1 })
	s := w.session(1)
	w.install(t, s)
	for range 5 {
		w.Down(forwardtest.IP{From: core, To: s.IPv4, DF: true, Size: 1500}.Bytes())
	}
	o := w.Settle()
	got := w.Totals()
	if got.ICMPSent+got.ICMPSuppressed != 5 || got.ICMPSuppressed == 0 || int(got.ICMPSent) != len(o.Core) || w.read(s).TooBig != 5 {
		t.Errorf("%d errors, totals %+v", len(o.Core), got)
	}
}

// Sessions come and go while packets flow; packets of the one that stays all
// pass. (For the race detector above all.)
func TestChangesUnderTraffic(t *testing.T) {
	w := newTwin(t, nil)
	stays := w.session(1)
	w.install(t, stays)
	up := forwardtest.L2TP{TunnelID: stays.TunnelID, SessionID: stays.SessionID, Protocol: 0x21}.Bytes(forwardtest.IP{From: stays.IPv4, To: core}.Bytes())
	down := forwardtest.IP{From: core, To: stays.IPv4}.Bytes()
	const n = 2000
	var tasks sync.WaitGroup
	for shard := range forwardtest.Shards {
		tasks.Go(func() {
			h := w.Plane.Handle(shard)
			for i := range uint16(n / 10) {
				s := w.session(2 + i%200)
				s.TunnelID = uint16(shard)<<8 | 5
				s.Routes = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(shard), byte(i), 0}), 24)}
				if err := h.Install([]forward.Session{s}); err != nil {
					t.Error(err)
				}
				w.Plane.Handle(shard).Inject(s.Key, forwardtest.IP{From: s.IPv4, To: core}.Bytes())
				if i%2 == 0 {
					if err := h.Remove([]forward.Key{s.Key}); err != nil {
						t.Error(err)
					}
				}
				h.Read([]uint32{s.Element, 1}, make([]forward.Counters, 2))
			}
		})
	}
	for range n {
		w.Up(w.Peer, up)
		w.Down(down)
	}
	tasks.Wait()
	w.Settle()
	if got, want := w.read(stays), (forward.Counters{UpPackets: n, UpBytes: n * 100, DownPackets: n, DownBytes: n * 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A plane is not made without those who take what it cannot forward.
func TestOptions(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("made without shards")
	}
	if _, err := New(Options{Shards: 1}); err == nil {
		t.Error("made without Punt")
	}
}

// Routing instances do not see each other: the same address is two subscribers.
func TestInstancesAreApart(t *testing.T) {
	devices := map[string]*twinDevice{}
	w := newTwin(t, func(o *Options) {
		o.open = func(name string, _ int) ([]device, error) {
			devices[name] = &twinDevice{in: newInbox[[]byte]()}
			return []device{devices[name]}, nil
		}
	})
	second := forwardtest.Instance()
	second.ID, second.Name, second.Addresses = 12, "VR-12", []netip.Prefix{netip.MustParsePrefix("198.51.100.12/32")}
	if err := w.Plane.Instance(second); err != nil {
		t.Fatal(err)
	}
	a, b := w.session(1), w.session(2)
	b.IPv4, b.IPv6, b.Instance = a.IPv4, a.IPv6, 12
	w.install(t, a, b)
	for name, s := range map[string]forward.Session{"hf0": a, "hf12": b} {
		d := devices[name]
		if d == nil {
			t.Fatalf("no device %s in %v", name, devices)
		}
		d.super(frame.VNet{}, forwardtest.IP{From: core, To: s.IPv4}.Bytes())
		d.super(frame.VNet{}, forwardtest.IP{From: core, To: s.IPv4, Size: 1500, DF: true}.Bytes())
		w.Up(w.Peer, forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(forwardtest.IP{From: s.IPv4, To: core}.Bytes()))
		d.in.settle()
		w.socket.in.settle()
		sent, back := w.socket.taken(), d.taken()
		if len(sent) != 1 || binary.BigEndian.Uint16(sent[0].Data[4:]) != s.PeerSessionID {
			t.Errorf("%s: sent %v, want one datagram of session %d", name, sent, s.PeerSessionID)
		}
		if len(back) != 2 {
			t.Fatalf("%s: %d packets to the core, want the subscriber's and an ICMP error", name, len(back))
		}
		from := map[string]byte{"hf0": 1, "hf12": 12}[name]
		if !slices.ContainsFunc(back, func(ip []byte) bool { return ip[9] == 1 && ip[15] == from }) {
			t.Errorf("%s: no ICMP error from its own address in %x", name, back)
		}
	}
}
