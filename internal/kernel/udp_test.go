// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"pgregory.net/rapid"

	"holdfast/internal/packet"
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// listen opens a socket for the time of the test.
func listen(t testing.TB, at string, o UDPOptions) *UDPSocket {
	t.Helper()
	s, err := ListenUDP(addr(at), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// readAll reads until it has want datagrams and gives back copies.
func readAll(t testing.TB, s *UDPSocket, want, batch int) []packet.Datagram {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := packet.Batch{Datagrams: make([]packet.Datagram, batch)}
	var all []packet.Datagram
	for len(all) < want {
		n, err := s.ReadBatch(&b)
		if err != nil {
			t.Fatalf("after %d of %d datagrams: %v", len(all), want, err)
		}
		for _, d := range b.Datagrams[:n] {
			d.Data = bytes.Clone(d.Data)
			all = append(all, d)
		}
	}
	return all
}

// Every datagram arrives whole, in order, with both addresses, whatever mix of
// trains and single datagrams carries it, over both families.
func TestUDPRoundTrip(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, gro := range []bool{false, true} {
			for _, batch := range []int{1, 7, 500} {
				t.Run(fmt.Sprintf("%s/gro=%v/batch=%d", at, gro, batch), func(t *testing.T) {
					in := listen(t, at, UDPOptions{GRO: gro, ReceiveBuffer: 4 << 20, Timestamps: true})
					out := listen(t, at, UDPOptions{})
					var sent []packet.Datagram
					for i := range 300 {
						// Lengths in runs, with shorter ends, empty ones and long ones between.
						size := []int{40, 40, 40, 30, 100, 100, 0, 1200, 1200, 1200, 5, 8000}[i/7%12]
						data := make([]byte, size)
						for k := range data {
							data[k] = byte(i + k)
						}
						sent = append(sent, packet.Datagram{Data: data, Peer: in.LocalAddr()})
					}
					before := time.Now()
					if n, err := out.WriteBatch(sent); n != len(sent) || err != nil {
						t.Fatalf("WriteBatch: %d, %v", n, err)
					}
					got := readAll(t, in, len(sent), batch)
					if len(got) != len(sent) {
						t.Fatalf("got %d datagrams, want %d", len(got), len(sent))
					}
					for i := range got {
						if !bytes.Equal(got[i].Data, sent[i].Data) {
							t.Fatalf("datagram %d: %d octets, want %d", i, len(got[i].Data), len(sent[i].Data))
						}
						if got[i].Peer != out.LocalAddr() || got[i].Local != in.LocalAddr() {
							t.Fatalf("datagram %d: from %v to %v", i, got[i].Peer, got[i].Local)
						}
						if at := got[i].At; at.Before(before.Add(-time.Millisecond)) || at.After(time.Now()) {
							t.Fatalf("datagram %d: received at %v, sent at %v", i, at, before)
						}
					}
					if st := in.Stats(); gro != (st.Messages < st.Received) {
						t.Errorf("gro=%v: %d messages for %d datagrams", gro, st.Messages, st.Received)
					}
					if st := out.Stats(); st.Trains == 0 || st.Sent != uint64(len(sent)) || st.Refused+st.Dropped != 0 {
						t.Errorf("sender: %+v", st)
					}
				})
			}
		}
	}
}

// Answers to several peers are interleaved in a batch. Each peer must get its
// own in order; the equal-sized ones leave in trains all the same.
func TestUDPWriteBatchKeepsOrderPerPeer(t *testing.T) {
	const peers, each = 12, 30 // more peers than the writer remembers at once
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	var in []*UDPSocket
	for range peers {
		in = append(in, listen(t, "127.0.0.1:0", UDPOptions{GRO: true}))
	}
	var d []packet.Datagram
	for i := range each {
		for p := range peers {
			k := (p*(i%3+1) + i) % peers // the order of peers changes
			d = append(d, packet.Datagram{Data: fmt.Appendf(nil, "%03d/%03d", k, i), Peer: in[k].LocalAddr()})
		}
	}
	want := make([][]string, peers)
	for _, x := range d {
		for k := range in {
			if x.Peer == in[k].LocalAddr() {
				want[k] = append(want[k], string(x.Data))
			}
		}
	}
	if n, err := out.WriteBatch(d); n != len(d) || err != nil {
		t.Fatalf("WriteBatch: %d, %v", n, err)
	}
	for k, s := range in {
		if len(want[k]) == 0 {
			continue
		}
		for i, got := range readAll(t, s, len(want[k]), 64) {
			if string(got.Data) != want[k][i] {
				t.Errorf("peer %d, datagram %d: %q, want %q", k, i, got.Data, want[k][i])
			}
		}
	}
	if st := out.Stats(); st.Trains == 0 {
		t.Errorf("no trains: %+v", st)
	}
}

// Datagrams of different flows to one peer may overtake each other, so that
// equal ones travel together; those of one flow may not.
func TestUDPWriteBatchKeepsOrderPerFlow(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{GRO: true, ReceiveBuffer: 4 << 20})
	out := listen(t, "127.0.0.1:0", UDPOptions{Flow: func(b []byte) uint32 { return uint32(b[0]) }})
	rapid.Check(t, func(t *rapid.T) {
		flows := rapid.IntRange(1, 40).Draw(t, "flows")
		sizes := rapid.SliceOfN(rapid.IntRange(2, 300), 1, 6).Draw(t, "sizes")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var d []packet.Datagram
		var sent [40]byte
		for range rapid.IntRange(1, 600).Draw(t, "datagrams") {
			flow := random.IntN(flows)
			b := make([]byte, sizes[random.IntN(len(sizes))])
			b[0], b[1] = byte(flow), sent[flow]
			sent[flow]++
			d = append(d, packet.Datagram{Data: b, Peer: in.LocalAddr()})
		}
		if n, err := out.WriteBatch(d); n != len(d) || err != nil {
			t.Fatalf("WriteBatch: %d, %v", n, err)
		}
		in.SetReadDeadline(time.Now().Add(10 * time.Second))
		b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
		var got [40]byte
		for left := len(d); left > 0; {
			n, err := in.ReadBatch(&b)
			if err != nil {
				t.Fatalf("%d are missing: %v", left, err)
			}
			for _, x := range b.Datagrams[:n] {
				if flow := x.Data[0]; x.Data[1] != got[flow] {
					t.Fatalf("flow %d: datagram %d came before %d", flow, x.Data[1], got[flow])
				}
				got[x.Data[0]]++
			}
			left -= n
		}
	})
}

// The tail of a burst goes with it; a short answer does not end a train of
// longer ones to others.
func TestUDPWriteBatchTrains(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{ReceiveBuffer: 4 << 20})
	datagrams := func(flowsAndSizes ...int) (d []packet.Datagram) {
		for i := 0; i < len(flowsAndSizes); i += 2 {
			b := make([]byte, flowsAndSizes[i+1])
			b[0] = byte(flowsAndSizes[i])
			d = append(d, packet.Datagram{Data: b, Peer: in.LocalAddr()})
		}
		return d
	}
	for _, c := range []struct {
		why      string
		d        []packet.Datagram
		messages int
	}{
		{"a burst and its tail", datagrams(1, 1000, 1, 1000, 1, 1000, 1, 10), 1},
		{"two bursts", datagrams(1, 1000, 1, 1000, 1, 10, 1, 1000, 1, 1000, 1, 10), 2},
		{"answers of two lengths to many", datagrams(1, 60, 2, 40, 3, 60, 4, 40, 5, 60, 6, 40), 2},
		{"answers of two lengths to each", datagrams(1, 60, 2, 60, 1, 40, 2, 40, 3, 60, 3, 40), 2},
		{"one flow of two lengths", datagrams(1, 40, 1, 60, 1, 40, 1, 60), 4},
	} {
		out := listen(t, "127.0.0.1:0", UDPOptions{Flow: func(b []byte) uint32 { return uint32(b[0]) }})
		if out.plan(c.d); out.messages != c.messages {
			t.Errorf("%s: %d messages, want %d", c.why, out.messages, c.messages)
		}
	}
}

// A datagram that cannot be sent costs itself, not the batch.
func TestUDPWriteBatchRefused(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{})
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	d := []packet.Datagram{
		{Data: []byte("a"), Peer: in.LocalAddr()},
		{Data: []byte("wrong family"), Peer: addr("[::1]:9")},
		{Data: []byte("no peer")},
		{Data: []byte("no port"), Peer: addr("127.0.0.1:0")},
		{Data: []byte("no port"), Peer: addr("127.0.0.1:0")},
		{Data: make([]byte, 65508), Peer: in.LocalAddr()},
		{Data: []byte("b"), Peer: in.LocalAddr()},
		{Data: []byte("c"), Peer: in.LocalAddr()},
	}
	n, err := out.WriteBatch(d)
	if n != 3 || err != nil {
		t.Fatalf("WriteBatch: %d, %v", n, err)
	}
	got := readAll(t, in, 3, 8)
	if string(got[0].Data)+string(got[1].Data)+string(got[2].Data) != "abc" {
		t.Errorf("got %v", got)
	}
	if st := out.Stats(); st.Refused != 5 || st.Sent != 3 {
		t.Errorf("%+v", st)
	}
	if out.segmentMax != trainBytes || out.noTrains {
		t.Error("a peer without a port has switched trains off")
	}
}

// A train may be refused as a whole, for one when its datagrams exceed the MTU.
// They leave singly then, and the next ones do not try again. Loopback's MTU is
// larger than any train, so a segment count that the kernel does not allow
// stands for it: the refusal is the same.
func TestUDPTrainRefused(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{ReceiveBuffer: 8 << 20})
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	d := []packet.Datagram{{Data: make([]byte, 1000), Peer: in.LocalAddr()}, {Data: make([]byte, 1000), Peer: in.LocalAddr()}}
	out.plan(d)
	out.control[0].putSegment(0, 1) // 2,000 segments of one octet
	n, err := out.flush()
	if n != 2 || err != nil {
		t.Fatalf("flush: %d, %v", n, err)
	}
	if got := readAll(t, in, 2, 8); len(got[0].Data) != 1000 || len(got[1].Data) != 1000 {
		t.Errorf("got %d and %d octets", len(got[0].Data), len(got[1].Data))
	}
	if out.segmentMax != 999 {
		t.Errorf("segmentMax is %d, want 999", out.segmentMax)
	}
	trains := out.Stats().Trains
	if n, err := out.WriteBatch(d); n != 2 || err != nil {
		t.Fatalf("WriteBatch: %d, %v", n, err)
	}
	if st := out.Stats(); st.Trains != trains || st.Refused != 0 {
		t.Errorf("tried a train again: %+v", st)
	}
}

// What the receive buffer loses is counted, and the count outlives the socket.
func TestUDPDropped(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{ReceiveBuffer: 4096})
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	const sent = 200
	for range sent {
		if _, err := out.WriteBatch([]packet.Datagram{{Data: make([]byte, 1000), Peer: in.LocalAddr()}}); err != nil {
			t.Fatal(err)
		}
	}
	lost := in.Dropped()
	if lost == 0 || lost >= sent {
		t.Fatalf("lost %d of %d", lost, sent)
	}
	if got := len(readAll(t, in, sent-int(lost), 8)); got != sent-int(lost) {
		t.Errorf("%d arrived and %d were lost, of %d", got, lost, sent)
	}
	in.Close()
	if in.Dropped() != lost {
		t.Errorf("after Close: %d, want %d", in.Dropped(), lost)
	}
}

// On a socket bound to a wildcard each datagram says which address it was sent
// to, and the answer leaves from there.
func TestUDPPacketInfo(t *testing.T) {
	for _, c := range []struct{ wildcard, at string }{{"0.0.0.0:0", "127.0.0.7"}, {"[::]:0", "::1"}} {
		in := listen(t, c.wildcard, UDPOptions{PacketInfo: true, GRO: true})
		to := netip.AddrPortFrom(netip.MustParseAddr(c.at), in.LocalAddr().Port())
		out := listen(t, netip.AddrPortFrom(to.Addr(), 0).String(), UDPOptions{GRO: true})
		out.WriteBatch([]packet.Datagram{{Data: []byte("x"), Peer: to}})
		got := readAll(t, in, 1, 4)[0]
		if got.Local != to {
			t.Fatalf("sent to %v, said to be for %v", to, got.Local)
		}
		answer := packet.Datagram{Data: []byte("yes"), Peer: got.Peer, Local: got.Local}
		if n, err := in.WriteBatch([]packet.Datagram{answer, answer}); n != 2 || err != nil {
			t.Fatalf("answer: %d, %v", n, err)
		}
		for _, back := range readAll(t, out, 2, 4) {
			if back.Peer != to || string(back.Data) != "yes" {
				t.Errorf("answer %q from %v, want it from %v", back.Data, back.Peer, to)
			}
		}
	}
}

// A socket that asks for it learns at which device each datagram came in, of a
// train too; its own address stays what it is bound to.
func TestUDPDevice(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		in := listen(t, at, UDPOptions{Device: true, GRO: true, Timestamps: true})
		out := listen(t, at, UDPOptions{GRO: true})
		one := packet.Datagram{Data: []byte("x"), Peer: in.LocalAddr()}
		out.WriteBatch([]packet.Datagram{one, one, one})
		for _, got := range readAll(t, in, 3, 4) {
			if got.Device != uint32(lo.Index) || got.Local != in.LocalAddr() {
				t.Errorf("%s: device %d, to %v; want %d, %v", at, got.Device, got.Local, lo.Index, in.LocalAddr())
			}
		}
		if n, err := in.WriteBatch([]packet.Datagram{{Data: []byte("y"), Peer: out.LocalAddr()}}); n != 1 || err != nil {
			t.Errorf("%s: answer: %d, %v", at, n, err)
		}
		readAll(t, out, 1, 4)
	}
}

// Close and a deadline wake a reader.
func TestUDPReadWakes(t *testing.T) {
	s := listen(t, "127.0.0.1:0", UDPOptions{})
	b := packet.Batch{Datagrams: make([]packet.Datagram, 1)}
	s.SetReadDeadline(time.Unix(1, 0))
	if _, err := s.ReadBatch(&b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	s.SetReadDeadline(time.Time{})
	done := make(chan error)
	go func() {
		_, err := s.ReadBatch(&b)
		done <- err
	}()
	s.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("close: %v", err)
	}
	if _, err := s.WriteBatch([]packet.Datagram{{Data: []byte("x"), Peer: addr("127.0.0.1:9")}}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

// An address that is not the host's is told by its error number.
func TestUDPListenErrors(t *testing.T) {
	if _, err := ListenUDP(addr("192.0.2.77:0"), UDPOptions{}); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("foreign address: %v", err)
	}
	s := listen(t, "127.0.0.1:0", UDPOptions{})
	if _, err := ListenUDP(s.LocalAddr(), UDPOptions{ReusePort: true}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("address in use: %v", err)
	}
}

// What the program returns is the place of the socket in the order of binding.
func TestUDPReusePortProgram(t *testing.T) {
	first := listen(t, "127.0.0.1:0", UDPOptions{ReusePort: true})
	group := []*UDPSocket{first}
	for range 3 {
		group = append(group, listen(t, first.LocalAddr().String(), UDPOptions{ReusePort: true}))
	}
	prog, err := bpf.Assemble([]bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 1}, bpf.RetA{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.AttachReusePortCBPF(prog); err != nil {
		t.Fatal(err)
	}
	if err := first.AttachReusePortCBPF(nil); err == nil {
		t.Error("an empty program was taken")
	}
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	for i := range group {
		d := packet.Datagram{Data: []byte{byte(i), 'x'}, Peer: first.LocalAddr()}
		if n, err := out.WriteBatch([]packet.Datagram{d, d}); n != 2 || err != nil {
			t.Fatalf("WriteBatch: %d, %v", n, err)
		}
	}
	for i, s := range group {
		for _, d := range readAll(t, s, 2, 4) {
			if d.Data[0] != byte(i) {
				t.Errorf("socket %d got a datagram for %d", i, d.Data[0])
			}
		}
	}
}

// The age of a datagram comes from the wall clock, which may be set between
// receipt and read. A stamp that cannot be is not believed.
func TestUDPTimestampSanity(t *testing.T) {
	s := listen(t, "127.0.0.1:0", UDPOptions{})
	r := &s.read
	r.now = time.Now()
	r.wall = time.Duration(r.now.UnixNano())
	for _, c := range []struct {
		why  string
		back time.Duration // the stamp lies this far in the past
		age  time.Duration
	}{
		{"waited in the buffer", 250 * time.Millisecond, 250 * time.Millisecond},
		{"from the future", -time.Hour, 0},
		{"the clock was set forward", time.Hour, 0},
	} {
		r.control[0] = control{}
		b := r.control[0].header(0, syscall.SOL_SOCKET, syscall.SCM_TIMESTAMPNS, 16)
		stamp := r.wall - c.back
		binary.NativeEndian.PutUint64(b, uint64(stamp/time.Second))
		binary.NativeEndian.PutUint64(b[8:], uint64(stamp%time.Second))
		r.headers[0].hdr.SetControllen(32)
		r.next = 0
		r.start()
		if got := r.now.Sub(r.at); got != c.age {
			t.Errorf("%s: age %v, want %v", c.why, got, c.age)
		}
	}
}

// Neither direction allocates once the socket is open.
func TestUDPBatchesDoNotAllocate(t *testing.T) {
	in := listen(t, "127.0.0.1:0", UDPOptions{GRO: true, Timestamps: true})
	out := listen(t, "127.0.0.1:0", UDPOptions{})
	d := make([]packet.Datagram, 48)
	for i := range d {
		d[i] = packet.Datagram{Data: make([]byte, 60+i/16), Peer: in.LocalAddr()}
	}
	b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
	if got := testing.AllocsPerRun(100, func() {
		if n, err := out.WriteBatch(d); n != len(d) || err != nil {
			t.Fatalf("WriteBatch: %d, %v", n, err)
		}
		for left := len(d); left > 0; {
			n, err := in.ReadBatch(&b)
			if err != nil {
				t.Fatal(err)
			}
			left -= n
		}
	}); got != 0 {
		t.Errorf("%v allocations for a batch sent and received", got)
	}
}
