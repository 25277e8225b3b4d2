// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"testing"

	"holdfast/internal/testenv"
	"holdfast/l2tp"
	"holdfast/test/tshark"
)

// pair is two ends of L2TP without PPP, for messages that an LNS rarely sends.
type pair struct {
	file *pcap
	ends [2]*end
}

type end struct {
	*l2tp.Endpoint
	address netip.AddrPort
	config  *l2tp.TunnelConfig
	fx      l2tp.Effects
	connect *l2tp.Call // what this end says when a call is accepted
	calls   []l2tp.Element
	up      int
	down    []error
}

func newPair(secret string, hide bool) *pair {
	p := &pair{file: newPcap()}
	addresses := []string{"[2001:db8::11]:1701", "[2001:db8::1]:1701"} // IPv6 below, for a change
	for i, name := range []string{"lac.example", "lns.example"} {
		p.ends[i] = &end{
			Endpoint: l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(3, uint64(i)))}),
			address:  netip.MustParseAddrPort(addresses[i]),
			config: &l2tp.TunnelConfig{HostName: name, VendorName: "holdfast", FirmwareRevision: 1, BearerCapabilities: 3,
				Secret: secret, Authenticate: secret != "", HideAVPs: hide},
			connect: &l2tp.Call{TxSpeed: 100_000_000, RxSpeed: 40_000_000, FramingType: 1},
		}
	}
	return p
}

// settle carries messages to and fro until neither end has more to say.
func (p *pair) settle() {
	for busy := true; busy; {
		busy = false
		for i, e := range p.ends {
			other := p.ends[1-i]
			e.Flush(epoch, &e.fx)
			for k := 0; k < len(e.fx.List); k++ {
				busy = true
				switch f := e.fx.List[k]; f.Kind {
				case l2tp.Send:
					p.file.add(epoch, f.Local, f.Peer, f.Packet)
					other.Handle(epoch, f.Local, f.Peer, bytes.Clone(f.Packet), &other.fx)
				case l2tp.TunnelRequested:
					e.AcceptTunnel(epoch, f.Tunnel, e.config, &e.fx)
				case l2tp.CallRequested:
					e.AcceptCall(epoch, f.Element, &e.fx)
					if s, ok := e.Session(f.Element); ok && s.Call.Outgoing {
						e.ConnectCall(epoch, f.Element, e.connect, &e.fx)
					}
				case l2tp.CallAccepted:
					if s, ok := e.Session(f.Element); ok && !s.Call.Outgoing {
						e.ConnectCall(epoch, f.Element, e.connect, &e.fx)
					}
				case l2tp.CallUp:
					e.up++
					e.calls = append(e.calls, f.Element)
				case l2tp.CallDown, l2tp.TunnelDown:
					e.down = append(e.down, f.Err)
				}
			}
			e.fx.Reset()
		}
	}
}

// Every message that an end can send, with every AVP that it can put in, in the
// clear and hidden.
func TestEveryMessage(t *testing.T) {
	testenv.Commands(t, "tshark")
	for name, hide := range map[string]bool{"clear": false, "hidden": true} {
		t.Run(name, func(t *testing.T) {
			p := newPair("secret", hide)
			lac, lns := p.ends[0], p.ends[1]
			everyMessage(t, p, lac, lns)
			file := filepath.Join(t.TempDir(), name+".pcap")
			p.file.write(t, file)
			tshark.WantSound(t, file)
			tshark.WantSeen(t, file, "l2tp.avp.message_type", "1", "2", "3", "4", "7", "8", "9", "10", "11", "12", "14", "15", "16")
			if !hide {
				tshark.WantSeen(t, file, "l2tp.avp.type", "0", "1", "2", "3", "4", "6", "7", "8", "9", "10", "11", "13", "14", "15", "16", "17", "18", "19",
					"21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "37", "38", "39", "46")
			}
		})
	}
}

func everyMessage(t *testing.T, p *pair, lac, lns *end) {
	t.Helper()
	tunnel, err := lac.OpenTunnel(epoch, lns.address, lac.address, lac.config, &lac.fx)
	if err != nil {
		t.Fatal(err)
	}
	p.settle()

	lac.connect = fullCall()
	if _, err := lac.OpenCall(epoch, tunnel, fullCall(), &lac.fx); err != nil {
		t.Fatal(err)
	}
	p.settle()
	lnsTunnel, ok := lns.TunnelAfter(0)
	if !ok {
		t.Fatal("the LNS has no tunnel")
	}
	outgoing := &l2tp.Call{Outgoing: true, MinimumBPS: 9600, MaximumBPS: 64_000, BearerType: 1, FramingType: 1, CalledNumber: "5551234", SubAddress: "7"}
	if _, err := lns.OpenCall(epoch, lnsTunnel, outgoing, &lns.fx); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if lac.up != 2 || lns.up != 2 {
		t.Fatalf("%d and %d calls are up, want 2: %v %v", lac.up, lns.up, lac.down, lns.down)
	}

	lns.SendSLI(epoch, lns.calls[0], 0x000a0000, 0xffffffff, &lns.fx)
	lac.SendWEN(epoch, lac.calls[0], l2tp.CallErrors{CRC: 1, Framing: 2, HardwareOverruns: 3, BufferOverruns: 4, Timeouts: 5, Alignment: 6}, &lac.fx)
	for range 3 { // sequenced: the LAC has asked for it
		frame := []byte{0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4} // LCP Echo-Request
		p.file.add(epoch, lac.address, lns.address, lac.AppendData(nil, lac.calls[0], frame))
		p.file.add(epoch, lns.address, lac.address, lns.AppendData(nil, lns.calls[0], frame))
	}
	p.settle()
	lns.CloseCall(epoch, lns.calls[0], l2tp.Result{Code: 2, Error: 6, Message: "Zähler abgelaufen"},
		&l2tp.DisconnectCause{Code: 1, Protocol: 0xc021, Direction: 1, Message: "enough"}, &lns.fx)
	lac.CloseCall(epoch, lac.calls[1], l2tp.Result{Code: 3}, nil, &lac.fx)
	p.settle()
	lns.CloseTunnel(epoch, lnsTunnel, l2tp.Result{Code: 2, Error: 4, Message: "no more"}, &lns.fx)
	p.settle()
	if len(lac.down) != 3 || len(lns.down) != 3 {
		t.Errorf("down: %v and %v", lac.down, lns.down)
	}
}

// fullCall has something in every field.
func fullCall() *l2tp.Call {
	return &l2tp.Call{
		Serial: 7, BearerType: 1, FramingType: 1, PhysicalChannel: 9, CalledNumber: "5550000", CallingNumber: "5551111", SubAddress: "3",
		PrivateGroup: "group", TxSpeed: 100_000_000, RxSpeed: 40_000_000, Sequencing: true,
		ProxyLCP: &l2tp.ProxyLCP{
			InitialReceived: []byte{1, 4, 5, 212, 5, 6, 1, 2, 3, 4},
			LastSent:        []byte{3, 5, 0xc2, 0x23, 5, 5, 6, 9, 9, 9, 9},
			LastReceived:    []byte{1, 4, 5, 212, 5, 6, 1, 2, 3, 4},
		},
		ProxyAuth: &l2tp.ProxyAuth{Type: 2, Name: "alice@example", Challenge: bytes.Repeat([]byte{5}, 16), ID: 3, Response: bytes.Repeat([]byte{6}, 16)},
		Line: &l2tp.Line{AgentCircuitID: "dslam-1 atm 1/1:1.32", AgentRemoteID: "line 7", ActualUp: 10_000_000, ActualDown: 50_000_000,
			MinimumUp: 1_000_000, MinimumDown: 2_000_000, AttainableUp: 12_000_000, AttainableDown: 60_000_000, MaximumUp: 10_000_000,
			MaximumDown: 50_000_000, MinimumLowPowerUp: 100_000, MinimumLowPowerDown: 200_000, DelayMaxUp: 8, DelayUp: 4, DelayMaxDown: 16,
			DelayDown: 8, Encapsulation: [3]byte{1, 1, 1}, LineType: 5, Interworked: true},
	}
}

// What tshark would not mark would prove nothing.
func TestTsharkSeesFaults(t *testing.T) {
	testenv.Commands(t, "tshark")
	p := newPcap()
	from, to := netip.MustParseAddrPort("192.0.2.1:1701"), netip.MustParseAddrPort("192.0.2.2:1701")
	// An SCCRQ whose second AVP says that it is 3 octets long.
	p.add(epoch, from, to, []byte{0xc8, 2, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 8, 0, 0, 0, 0, 0, 1, 0x80, 3, 0, 0, 0, 7, 'a', 'b'})
	// A Configure-Request with an MRU option of 9 octets in a packet of 8.
	p.add(epoch, from, to, []byte{0x40, 2, 0, 20, 0, 1, 0, 1, 0xff, 3, 0xc0, 0x21, 1, 1, 0, 8, 1, 9, 5, 0xd4})
	file := filepath.Join(t.TempDir(), "faults.pcap")
	p.write(t, file)
	if out := tshark.Faults(t, file); len(out) != 2 {
		t.Errorf("tshark finds %d faults of 2: %v", len(out), out)
	}
}
