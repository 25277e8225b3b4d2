// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"testing"

	"holdfast/internal/packet"
)

// What a batch of 256 answers costs to send, delivery on loopback included.
// "same" is a storm's case: answers of one length to one LAC. "lengths" mixes
// three lengths, "flows" likewise, of answers whose order does not matter;
// "peers" are three LACs in turn, "strangers" 256 of them; "singly" switches
// trains off.
func BenchmarkUDPWriteBatch(b *testing.B) {
	const size = 256
	sink := make([]*UDPSocket, size)
	for i := range sink {
		sink[i] = listen(b, "127.0.0.1:0", UDPOptions{ReceiveBuffer: 4096, GRO: true, Messages: 1})
	}
	batch := func(lengths, peers int) []packet.Datagram {
		d := make([]packet.Datagram, size)
		for i := range d {
			d[i] = packet.Datagram{Data: make([]byte, 60+4*(i/peers%lengths)), Peer: sink[i%peers].LocalAddr()}
			d[i].Data[0] = byte(i)
		}
		return d
	}
	for _, c := range []struct {
		name           string
		lengths, peers int
		singly, flows  bool
	}{
		{"same", 1, 1, false, false}, {"same/singly", 1, 1, true, false},
		{"lengths", 3, 1, false, false}, {"lengths/singly", 3, 1, true, false}, {"flows", 3, 1, false, true},
		{"peers", 1, 3, false, false}, {"peers/singly", 1, 3, true, false},
		{"strangers", 1, size, false, false}, {"strangers/singly", 1, size, true, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			o := UDPOptions{}
			if c.flows {
				o.Flow = func(b []byte) uint32 { return uint32(b[0]) }
			}
			out := listen(b, "127.0.0.1:0", o)
			out.noTrains = c.singly
			d := batch(c.lengths, c.peers)
			b.ReportAllocs()
			for b.Loop() {
				if n, err := out.WriteBatch(d); n != size || err != nil {
					b.Fatalf("WriteBatch: %d, %v", n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/size, "ns/datagram")
		})
	}
}

// A batch of 64 datagrams sent and received, with trains and without.
func BenchmarkUDPRoundTrip(b *testing.B) {
	for _, c := range []struct {
		name string
		gro  bool
	}{{"trains", true}, {"singly", false}} {
		b.Run(c.name, func(b *testing.B) {
			in := listen(b, "127.0.0.1:0", UDPOptions{GRO: c.gro, Timestamps: true, ReceiveBuffer: 4 << 20})
			out := listen(b, "127.0.0.1:0", UDPOptions{})
			out.noTrains = !c.gro
			d := make([]packet.Datagram, 64)
			for i := range d {
				d[i] = packet.Datagram{Data: make([]byte, 100), Peer: in.LocalAddr()}
			}
			into := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
			b.ReportAllocs()
			for b.Loop() {
				if n, err := out.WriteBatch(d); n != len(d) || err != nil {
					b.Fatalf("WriteBatch: %d, %v", n, err)
				}
				for left := len(d); left > 0; {
					n, err := in.ReadBatch(&into)
					if err != nil {
						b.Fatal(err)
					}
					left -= n
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/datagram")
		})
	}
}
