// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"holdfast/internal/netlab"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// patience is how long the tests wait for what must happen soon.
const patience = 10 * time.Second

// lac is an access concentrator with one tunnel and the modems behind it. One
// goroutine reads its socket; everything is behind a lock.
type lac struct {
	t      *testing.T
	socket *net.UDPConn
	local  netip.AddrPort
	done   chan struct{}

	mu       sync.Mutex
	changed  *sync.Cond
	endpoint *l2tp.Endpoint
	tunnel   l2tp.TunnelID
	up       bool
	modems   map[l2tp.Element]*modem
	serial   uint32
	rand     *rand.Rand
	fx       l2tp.Effects
	ppp      ppp.Effects
	frame    []byte
}

// modem is one subscriber's line. What others read of it is behind the LAC's lock.
type modem struct {
	lac     *lac
	element l2tp.Element
	cfg     ppp.Config
	login   ppp.Credentials
	wish    ppp.Network // addresses it asks for
	link    ppp.Link
	open    map[ppp.Protocol]bool
	ended   bool
	err     error
	router  advertisement // the last

	packets, bytes int // inner packets that came, Router Advertisements not counted
}

// dialling is how a modem dials.
type dialling struct {
	user, password string
	ipv6           bool
	methods        []ppp.AuthMethod // nil: all
	wish           ppp.Network
	calling        string
}

// newLAC opens a tunnel to the LNS.
func newLAC(t *testing.T, in *netlab.Namespace, at string, lns netip.AddrPort) *lac {
	t.Helper()
	l := &lac{
		t: t, local: netip.AddrPortFrom(netip.MustParseAddr(at), 1701), done: make(chan struct{}),
		modems: map[l2tp.Element]*modem{}, rand: rand.New(rand.NewPCG(1, 2)),
	}
	l.changed = sync.NewCond(&l.mu)
	l.endpoint = l2tp.New(l2tp.Config{Rand: l.rand})
	check(t, in.Do(func() (err error) {
		l.socket, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(l.local))
		return err
	}))
	check(t, l.socket.SetReadBuffer(4<<20))
	go l.run()
	t.Cleanup(func() { l.socket.Close(); <-l.done })
	l.mu.Lock()
	defer l.mu.Unlock()
	tunnel, err := l.endpoint.OpenTunnel(time.Now(), lns, l.local, &l2tp.TunnelConfig{HostName: "lac1"}, &l.fx)
	check(t, err)
	l.tunnel = tunnel
	l.carryOut(time.Now())
	if !l.wait(func() bool { return l.up }) {
		t.Fatal("the tunnel does not come up")
	}
	return l
}

// run drives the machines until the socket is closed.
func (l *lac) run() {
	defer close(l.done)
	b := make([]byte, 65536)
	for {
		_ = l.socket.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // a closed one tells by the read
		n, from, err := l.socket.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		l.mu.Lock()
		now := time.Now()
		if err == nil {
			l.endpoint.Handle(now, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), l.local, b[:n], &l.fx)
			l.carryOut(now)
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			l.t.Log(err) // such as port unreachable, while the LNS is dead
		}
		l.advance(now)
		l.changed.Broadcast()
		l.mu.Unlock()
	}
}

func (l *lac) advance(now time.Time) {
	l.endpoint.Advance(now, &l.fx)
	l.carryOut(now)
	for _, m := range l.modems {
		if at := m.link.Next(); !at.IsZero() && !at.After(now) {
			m.link.Advance(now, &l.ppp)
			m.carryOut(now)
		}
	}
	l.endpoint.Flush(now, &l.fx)
	l.carryOut(now)
}

// wait waits for a condition; the lock is held.
func (l *lac) wait(done func() bool) bool {
	for end := time.Now().Add(patience); !done(); l.changed.Wait() { // the reader wakes us at least every 20 ms
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// carryOut does what the endpoint wants. Doing so can make it want more.
func (l *lac) carryOut(now time.Time) {
	for i := 0; i < len(l.fx.List); i++ {
		e := l.fx.List[i]
		m := l.modems[e.Element]
		switch e.Kind {
		case l2tp.Send:
			_, _ = l.socket.WriteToUDPAddrPort(e.Packet, e.Peer) // what is lost is sent again
		case l2tp.TunnelUp:
			l.up = true
		case l2tp.TunnelDown:
			l.up = false
		case l2tp.CallAccepted:
			l.endpoint.ConnectCall(now, e.Element, &l2tp.Call{TxSpeed: 100_000_000, RxSpeed: 40_000_000, FramingType: 1}, &l.fx)
		case l2tp.CallUp:
			m.link.Init(&m.cfg, &m.login)
			m.link.Grant(now, m.wish, &l.ppp)
			m.link.Open(now, &l.ppp)
			m.carryOut(now)
		case l2tp.CallDown:
			if m != nil { // it has not hung up itself
				m.link.Abort(now)
				m.end(e.Err)
			}
		case l2tp.Data:
			m.receive(now, e.Packet)
		}
	}
	l.fx.Reset()
}

// dial dials and does not wait.
func (l *lac) dial(d dialling) *modem {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.methods == nil {
		d.methods = []ppp.AuthMethod{ppp.CHAP, ppp.PAP}
	}
	if d.password == "" {
		d.password = "password"
	}
	l.serial++
	m := &modem{
		lac: l, login: ppp.Credentials{Name: d.user, Password: d.password}, wish: d.wish, open: map[ppp.Protocol]bool{},
		cfg: ppp.Config{Role: ppp.Peer, Rand: l.rand, Auth: d.methods, IPCP: true, IPV6CP: d.ipv6, SuggestDNS: true, EchoInterval: -1, MRU: 1492},
	}
	now := time.Now()
	element, err := l.endpoint.OpenCall(now, l.tunnel, &l2tp.Call{Serial: l.serial, CallingNumber: d.calling, CalledNumber: "0800"}, &l.fx)
	check(l.t, err)
	m.element = element
	l.modems[element] = m
	l.carryOut(now)
	return m
}

// end takes note that the call is over; the lock is held.
func (m *modem) end(err error) {
	if !m.ended {
		m.ended, m.err = true, err
		clear(m.open)
		delete(m.lac.modems, m.element)
	}
}

func (m *modem) carryOut(now time.Time) {
	fx := &m.lac.ppp
	for i := range fx.List {
		switch e := &fx.List[i]; e.Kind {
		case ppp.SendFrame:
			m.sendFrame(e.Frame)
		case ppp.NetworkUp:
			m.open[e.Protocol] = true
		case ppp.NetworkDown:
			delete(m.open, e.Protocol)
		case ppp.Down:
			m.lac.endpoint.CloseCall(now, m.element, l2tp.Result{Code: 1}, nil, &m.lac.fx)
			m.end(e.Err)
		}
	}
	fx.Reset()
}

func (m *modem) sendFrame(frame []byte) {
	l := m.lac
	peer, _, _, _, _, ok := l.endpoint.DataHeader(m.element)
	if !ok {
		return // the call ended in this very batch
	}
	l.frame = l.endpoint.AppendData(l.frame[:0], m.element, frame)
	_, _ = l.socket.WriteToUDPAddrPort(l.frame, peer) // the link has its own retransmission
}

func (m *modem) receive(now time.Time, frame []byte) {
	if m == nil {
		return // it has hung up
	}
	protocol, payload, ok := ppp.ParseFrame(frame)
	switch {
	case !ok:
	case protocol == ppp.ProtoIPv6 && m.router.read(payload):
	case protocol == ppp.ProtoIPv4 || protocol == ppp.ProtoIPv6:
		m.packets++
		m.bytes += len(payload)
	default:
		m.link.Handle(now, frame, &m.lac.ppp)
		m.carryOut(now)
	}
}

// isUp waits until the link has all that it wants, or is over, and says which.
func (m *modem) isUp() bool {
	l := m.lac
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait(func() bool { return m.ended || m.complete() })
	return !m.ended && m.complete()
}

func (m *modem) complete() bool {
	return m.open[ppp.ProtoIPCP] && (!m.cfg.IPV6CP || m.open[ppp.ProtoIPV6CP] && m.router.seen)
}

// isDown waits until the call is over.
func (m *modem) isDown() bool {
	l := m.lac
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait(func() bool { return m.ended })
}

// network is what the link has agreed on.
func (m *modem) network() ppp.Network {
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	return m.link.Network()
}

func (m *modem) address() netip.Addr { return m.network().LocalIPv4 }

// received is the number of inner packets that came, and their octets.
func (m *modem) received() (packets, bytes int) {
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	return m.packets, m.bytes
}

// hangUp ends the call in order.
func (m *modem) hangUp() {
	m.lac.mu.Lock()
	now := time.Now()
	m.link.Close(now, "hanging up", &m.lac.ppp)
	m.carryOut(now)
	m.lac.carryOut(now)
	m.lac.mu.Unlock()
	if !m.isDown() {
		m.lac.t.Error("a call does not end")
	}
}

// send sends n UDP packets of so many octets, from one of its addresses.
func (m *modem) send(from netip.Addr, to netip.AddrPort, n, size int) {
	protocol := ppp.ProtoIPv4
	if from.Is6() {
		protocol = ppp.ProtoIPv6
	}
	frame := append([]byte{0xff, 0x03, byte(protocol >> 8), byte(protocol)}, datagram(from, to, size)...)
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	for range n {
		m.sendFrame(frame)
	}
}

// advertised is the last Router Advertisement.
func (m *modem) advertised() advertisement {
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	return m.router
}

// over reports whether the call has ended.
func (m *modem) over() bool {
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	return m.ended
}

// clear has the LAC clear the call, as when the line is pulled.
func (m *modem) clear() {
	m.lac.mu.Lock()
	defer m.lac.mu.Unlock()
	now := time.Now()
	m.link.Abort(now)
	m.lac.endpoint.CloseCall(now, m.element, l2tp.Result{Code: 1}, nil, &m.lac.fx)
	m.end(nil)
	m.lac.carryOut(now)
}
