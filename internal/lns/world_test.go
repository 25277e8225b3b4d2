// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// world is an LNS of one or more shards with LACs before it and a plane behind
// it, on a perfect network under simulated time.
type world struct {
	t         testing.TB
	now       time.Time
	cfg       *Config
	engines   []*Engine
	fx        []*Effects
	lacs      []*lac
	plane     map[forward.Key]forward.Session
	logs      map[event.ID]int
	wire      []packet.Datagram // towards the LNS
	arrival   int               // the next datagram's shard: steering is wrong on purpose
	sent      int               // datagrams of the LNS
	inject    [][]byte
	stopped   int
	queries   []asked // to RADIUS
	books     []AccountRecord
	unwritten [][]AuthRef // by shard: of records that are not on disk yet
	noDisk    bool        // and stay so
	answers   func(*Request)
	holdBegin bool          // the shards have other work all the time
	meter     bool          // measure the engines
	spent     time.Duration // in engines, on packets
	traffic   map[uint32]forward.Counters
	lose      func(d *packet.Datagram) bool
}

// asked is a query to RADIUS and who asked.
type asked struct {
	AuthQuery
	shard int
}

// lac is a LAC with modems behind it.
type lac struct {
	w      *world
	name   string
	addr   netip.AddrPort
	ep     *l2tp.Endpoint
	fx     l2tp.Effects
	modems map[l2tp.Element]*modem
	ended  []*modem
	up     map[l2tp.TunnelID]bool
	downs  []l2tp.Effect
	proxy  *l2tp.Call // what ICCN carries, when set
	quiet  bool       // modems do not open LCP themselves
	number string     // calling number; empty: one for each user
}

// modem is a PPP client behind a LAC.
type modem struct {
	link     ppp.Link
	el       l2tp.Element
	name     string
	up4, up6 bool
	down     error       // PPP's reason
	cdn      l2tp.Result // the call's end
	cause    *l2tp.DisconnectCause
	ip       [][]byte // data frames from the LNS
	gone     bool
	silent   bool // neither hears nor says anything
	patient  bool // never gives up for want of echoes
}

var gateway = netip.MustParseAddrPort("192.0.2.1:1701")

// testConfig is one group with a pool of each family, CHAP and local users.
func testConfig() *Config {
	pool4 := &Pool{Name: "v4", Prefix: netip.MustParsePrefix("100.64.0.0/20")}
	pool6 := &Pool{Name: "v6", Prefix: netip.MustParsePrefix("2001:db8:100::/44"), PrefixLength: 64}
	aaa := &AAAProfile{Name: "aaa", Order: []AuthSource{AuthPassword}, Subscribers: map[string]*LocalSubscriber{}}
	for i := range 300 {
		name := fmt.Sprintf("user%d@example", i)
		aaa.Subscribers[name] = &LocalSubscriber{Name: name, Password: "pw"}
	}
	client := &Client{Name: "lac"}
	terms := &Terms{
		Client:  client,
		Tunnel:  &l2tp.TunnelConfig{HostName: "lns", ReceiveWindow: 64},
		AAA:     aaa,
		Profile: &DynamicProfile{Name: "dp", IPv4: true, IPv6: true},
		PPP: &PPPProfile{
			Link:      ppp.Config{Auth: []ppp.AuthMethod{ppp.CHAP, ppp.MSCHAPv2, ppp.PAP}},
			LocalIPv4: netip.MustParseAddr("198.51.100.1"),
			DNS:       [2]netip.Addr{netip.MustParseAddr("198.51.100.53"), netip.MustParseAddr("198.51.100.54")},
			Pool:      pool4, PoolIPv6: pool6,
			Advertisement: RouterAdvertisement{IntervalMax: 10 * time.Minute, RouterLifetime: 30 * time.Minute},
		},
	}
	group := &TunnelGroup{
		Name: "tg", Gateway: gateway.Addr(), Clients: &AccessProfile{Name: "lacs", Clients: map[string]*Client{"lac": client}, Default: client},
		AAA: aaa, Interfaces: []string{"si-1/0/0", "si-1/1/0"}, Profile: terms.Profile, TermsDefault: terms,
	}
	return &Config{
		HostName: "lns", DestructTimeout: 5 * time.Minute, Groups: []*TunnelGroup{group}, Pools: []*Pool{pool4, pool6},
		Instances: []Instance{{0, "default"}},
	}
}

func (c *Config) terms() *Terms { return c.Groups[0].TermsDefault }

func newWorld(t testing.TB, cfg *Config, shards int) *world {
	w := &world{
		t: t, now: epoch, cfg: cfg, plane: make(map[forward.Key]forward.Session), logs: make(map[event.ID]int),
		traffic: make(map[uint32]forward.Counters),
	}
	for i := range shards {
		w.engines = append(w.engines, New(Options{
			Config: cfg, Shard: i, Shards: shards, Rand: rand.New(rand.NewPCG(1, uint64(i))), Now: w.now, Epoch: 7,
		}))
		w.fx = append(w.fx, &Effects{})
		w.unwritten = append(w.unwritten, nil)
	}
	return w
}

func (w *world) lac(i int) *lac {
	l := &lac{
		w: w, name: fmt.Sprintf("lac%d", i), addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(100 + i)}), 1701),
		ep:     l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(9, uint64(i)))}),
		modems: make(map[l2tp.Element]*modem), up: make(map[l2tp.TunnelID]bool),
	}
	w.lacs = append(w.lacs, l)
	return l
}

// carry carries out one engine's effects.
func (w *world) carry(i int) {
	fx := w.fx[i]
	for _, s := range fx.Install {
		w.plane[s.Key] = s
	}
	for _, k := range fx.Remove {
		delete(w.plane, k)
	}
	for _, in := range fx.Inject {
		w.inject = append(w.inject, append([]byte(nil), in.Packet...))
	}
	read := append([]uint32(nil), fx.Read...)
	for _, r := range fx.Log {
		w.logs[r.ID]++
	}
	for _, q := range fx.Authenticate {
		w.queries = append(w.queries, asked{q, i})
	}
	for _, r := range fx.Account {
		r.Counters = w.traffic[r.Element]
		w.books = append(w.books, r)
		if r.Kind.Awaited() {
			w.unwritten[i] = append(w.unwritten[i], r.Ref)
		}
	}
	if w.answers != nil {
		for _, r := range fx.Answers {
			w.answers(r)
		}
	}
	if fx.Stopped {
		w.stopped |= 1 << i
	}
	messages := append([]Message(nil), fx.Messages...)
	for j := range messages {
		messages[j].Datagram = append([]byte(nil), messages[j].Datagram...)
	}
	down := make([]packet.Datagram, 0, len(fx.Transmit))
	for _, d := range fx.Transmit {
		d.Data = append([]byte(nil), d.Data...)
		down = append(down, d)
	}
	fx.Reset()
	if len(read) > 0 {
		counters := make([]forward.Counters, len(read))
		for j, el := range read {
			counters[j] = w.traffic[el]
		}
		w.engines[i].Traffic(w.now, read, counters, fx)
		w.carry(i)
	}
	if refs := w.unwritten[i]; len(refs) > 0 && !w.noDisk {
		w.unwritten[i] = nil
		w.engines[i].Durable(w.now, refs, fx)
		w.carry(i)
	}
	for j := range messages {
		to := messages[j].To
		w.engines[to].Deliver(w.now, &messages[j], w.fx[to])
		w.beginAt(to)
		w.carry(messages[j].To)
	}
	for j := range down {
		w.sent++
		if w.lose != nil && w.lose(&down[j]) {
			continue
		}
		for _, l := range w.lacs {
			if l.addr == down[j].Peer {
				l.ep.Handle(w.now, down[j].Local, down[j].Peer, down[j].Data, &l.fx)
				l.settle()
			}
		}
	}
}

// beginAt begins parked calls, as the shard does when it has nothing else to do.
func (w *world) beginAt(i int) {
	for !w.holdBegin && w.engines[i].Begin(w.now, w.fx[i]) {
	}
}

func (w *world) begin() {
	for i := range w.engines {
		w.beginAt(i)
		w.carry(i)
	}
}

// run delivers all that is on the wire until nothing moves.
func (w *world) run() {
	for range 1000 {
		for _, l := range w.lacs {
			l.ep.Flush(w.now, &l.fx)
			l.settle()
		}
		if len(w.wire) == 0 {
			return
		}
		batch := w.wire
		w.wire = nil
		if w.holdBegin { // a busy shard takes what has come in one input
			w.engines[0].Packets(w.now, batch, w.fx[0])
			w.carry(0)
			continue
		}
		for i := range batch {
			if w.lose != nil && w.lose(&batch[i]) {
				continue
			}
			shard := w.arrival % len(w.engines)
			w.arrival++
			began := time.Time{}
			if w.meter {
				began = time.Now()
			}
			w.engines[shard].Packets(w.now, batch[i:i+1], w.fx[shard])
			w.beginAt(shard)
			if w.meter {
				w.spent += time.Since(began)
			}
			w.carry(shard)
		}
	}
	w.t.Fatal("the world does not come to rest")
}

// advance lets d pass, stopping at each deadline on the way.
func (w *world) advance(d time.Duration) {
	end := w.now.Add(d)
	for {
		w.run()
		next := end
		for _, e := range w.engines {
			if at := e.Next(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		for _, l := range w.lacs {
			if at := l.next(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if next.After(w.now) {
			w.now = next
		}
		for i, e := range w.engines {
			e.Advance(w.now, w.fx[i])
			w.carry(i)
		}
		for _, l := range w.lacs {
			l.advance()
		}
		if !w.now.Before(end) {
			w.run()
			return
		}
	}
}

// until lets time pass until cond holds.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	for range 200 {
		w.run()
		if cond() {
			return
		}
		w.advance(100 * time.Millisecond)
	}
	w.t.Fatalf("%s: not within 20 s", what)
}

func (l *lac) next() time.Time {
	next := l.ep.Next()
	for _, m := range l.modems {
		next = first(next, m.link.Next())
	}
	return next
}

func (l *lac) advance() {
	l.ep.Advance(l.w.now, &l.fx)
	l.settle()
	for _, m := range l.sorted() {
		var fx ppp.Effects
		if m.patient {
			m.link.Alive(l.w.now)
		}
		m.link.Advance(l.w.now, &fx)
		l.pppEffects(m, &fx)
	}
}

func (l *lac) sorted() []*modem {
	var all []*modem
	for el := l2tp.Element(0); len(all) < len(l.modems); el++ {
		if m := l.modems[el]; m != nil {
			all = append(all, m)
		}
	}
	return all
}

func (l *lac) settle() {
	for i := 0; i < len(l.fx.List); i++ {
		ef := l.fx.List[i]
		switch ef.Kind {
		case l2tp.Send:
			l.w.wire = append(l.w.wire, packet.Datagram{Data: append([]byte(nil), ef.Packet...), Peer: ef.Local, Local: ef.Peer, At: l.w.now})
		case l2tp.TunnelUp:
			l.up[ef.Tunnel] = true
		case l2tp.TunnelDown:
			delete(l.up, ef.Tunnel)
			l.downs = append(l.downs, ef)
		case l2tp.CallAccepted:
			call := l.proxy
			if call == nil {
				call = &l2tp.Call{TxSpeed: 100e6, RxSpeed: 40e6, FramingType: 1}
			}
			l.ep.ConnectCall(l.w.now, ef.Element, call, &l.fx)
		case l2tp.CallUp:
			var fx ppp.Effects
			m := l.modems[ef.Element]
			if l.quiet {
				continue
			}
			m.link.Open(l.w.now, &fx)
			l.pppEffects(m, &fx)
		case l2tp.CallDown:
			if m := l.modems[ef.Element]; m != nil {
				m.link.Abort(l.w.now)
				m.gone, m.cdn, m.cause = true, ef.Result, ef.Cause
				delete(l.modems, ef.Element)
				l.ended = append(l.ended, m)
			}
		case l2tp.Data:
			m := l.modems[ef.Element]
			if m == nil || m.silent {
				continue
			}
			proto, payload, _ := ppp.ParseFrame(ef.Packet)
			if proto == ppp.ProtoIPv4 || proto == ppp.ProtoIPv6 {
				m.ip = append(m.ip, append([]byte(nil), payload...))
				continue
			}
			var fx ppp.Effects
			m.link.Handle(l.w.now, ef.Packet, &fx)
			l.pppEffects(m, &fx)
		}
	}
	l.fx.Reset()
}

func (l *lac) pppEffects(m *modem, fx *ppp.Effects) {
	for i := 0; i < len(fx.List); i++ {
		switch ef := fx.List[i]; ef.Kind {
		case ppp.SendFrame:
			if !m.silent {
				l.send(m, ef.Frame)
			}
		case ppp.NetworkUp:
			m.up4 = m.up4 || ef.Protocol == ppp.ProtoIPCP
			m.up6 = m.up6 || ef.Protocol == ppp.ProtoIPV6CP
		case ppp.NetworkDown:
			m.up4 = m.up4 && ef.Protocol != ppp.ProtoIPCP
			m.up6 = m.up6 && ef.Protocol != ppp.ProtoIPV6CP
		case ppp.Down:
			m.down = ef.Err
			if !m.gone {
				l.ep.CloseCall(l.w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
			}
		}
	}
}

func (l *lac) send(m *modem, frame []byte) {
	l.w.wire = append(l.w.wire, packet.Datagram{
		Data: l.ep.AppendData(nil, m.el, frame), Peer: l.addr, Local: gateway, At: l.w.now,
	})
}

// tunnel opens a tunnel and waits until it is up.
func (l *lac) tunnel() l2tp.TunnelID {
	l.w.t.Helper()
	id := l.open(&l2tp.TunnelConfig{HostName: l.name})
	l.w.until("tunnel", func() bool { return l.up[id] })
	return id
}

func (l *lac) open(cfg *l2tp.TunnelConfig) l2tp.TunnelID {
	l.w.t.Helper()
	id, err := l.ep.OpenTunnel(l.w.now, gateway, l.addr, cfg, &l.fx)
	if err != nil {
		l.w.t.Fatal(err)
	}
	l.settle()
	return id
}

// dial starts a modem's call.
func (l *lac) dial(id l2tp.TunnelID, name, password string, methods ...ppp.AuthMethod) *modem {
	l.w.t.Helper()
	if len(methods) == 0 {
		methods = []ppp.AuthMethod{ppp.CHAP}
	}
	m := &modem{name: name}
	m.link.Init(&ppp.Config{
		Role: ppp.Peer, Rand: rand.New(rand.NewPCG(5, uint64(len(l.modems)+len(l.ended)))), Auth: methods,
		IPCP: true, IPV6CP: true, SuggestDNS: true, EchoInterval: 10 * time.Second,
	}, &ppp.Credentials{Name: name, Password: password})
	number := l.number
	if number == "" {
		number = "tel-" + name
	}
	el, err := l.ep.OpenCall(l.w.now, id, &l2tp.Call{Serial: 1, CallingNumber: number, BearerType: 1}, &l.fx)
	if err != nil {
		l.w.t.Fatal(err)
	}
	m.el = el
	l.modems[el] = m
	l.settle()
	return m
}

// login dials and waits until both families are up.
func (l *lac) login(id l2tp.TunnelID, name string, methods ...ppp.AuthMethod) *modem {
	l.w.t.Helper()
	m := l.dial(id, name, "pw", methods...)
	l.w.until("log-in of "+name, func() bool { return m.up4 && m.up6 })
	return m
}

// request asks every shard to the last page.
func (w *world) request(r Request) Request {
	w.t.Helper()
	out := r
	for i, e := range w.engines {
		p := r
		for range 10000 {
			e.Request(w.now, &p, w.fx[i])
			w.carry(i)
			if p.Done {
				break
			}
		}
		out.Tunnels = append(out.Tunnels, p.Tunnels...)
		out.Sessions = append(out.Sessions, p.Sessions...)
		out.Subscribers = append(out.Subscribers, p.Subscribers...)
		out.Destinations = append(out.Destinations, p.Destinations...)
		out.Pools = append(out.Pools, p.Pools...)
		out.Groups = append(out.Groups, p.Groups...)
		out.Clients = append(out.Clients, p.Clients...)
		out.Cleared = append(out.Cleared, p.Cleared...)
		out.Admission = append(out.Admission, p.Admission...)
		out.Calls = append(out.Calls, p.Calls...)
		for s, n := range p.Summary.States {
			out.Summary.States[s] += n
		}
		out.Summary.Tunnels += p.Summary.Tunnels
		out.Summary.Sessions += p.Summary.Sessions
	}
	return out
}

// wantClean checks that nothing is held any more by anybody.
func (w *world) wantClean() {
	w.t.Helper()
	if len(w.plane) > 0 {
		w.t.Errorf("%d sessions are left in the plane", len(w.plane))
	}
	for i, e := range w.engines {
		for st, n := range e.states {
			if n != 0 {
				w.t.Errorf("shard %d: %d subscribers in state %d", i, n, st)
			}
		}
		for k, l := range e.leases {
			if l.Used() != 0 {
				w.t.Errorf("shard %d: %d tokens of %v in use", i, l.Used(), k)
			}
		}
		for name, p := range e.pools {
			if p.local.Used() != 0 {
				w.t.Errorf("shard %d: %d units of pool %s in use", i, p.local.Used(), name)
			}
		}
		if n := e.home.Claims(); n != 0 {
			w.t.Errorf("shard %d: home of %d claims", i, n)
		}
		if n := e.wheel.Len(); n != 0 {
			w.t.Errorf("shard %d: %d timers", i, n)
		}
		if n := len(e.lines); n != 0 {
			w.t.Errorf("shard %d: home of %d lines", i, n)
		}
		for _, f := range e.interfaces.list {
			if f.sessions != 0 {
				w.t.Errorf("shard %d: %d sessions on %s", i, f.sessions, f.name)
			}
		}
		for name, u := range e.groups {
			if u.sessions != 0 {
				w.t.Errorf("shard %d: %d sessions in group %s", i, u.sessions, name)
			}
		}
	}
}
