// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is an Engine that does what the test says and notes what it was given.
type machine struct {
	packets func(now time.Time, d []packet.Datagram, fx *lns.Effects)
	advance func(now time.Time, fx *lns.Effects)
	request func(r *lns.Request, fx *lns.Effects)
	stop    func(fx *lns.Effects)
	at      time.Time // what Next says
	parked  int       // calls that Begin has to begin
	inputs  []string
	quiet   bool // inputs of packets, messages and inner packets are not noted
}

func (m *machine) note(format string, args ...any) {
	m.inputs = append(m.inputs, fmt.Sprintf(format, args...))
}

func (m *machine) Packets(now time.Time, d []packet.Datagram, fx *lns.Effects) {
	if !m.quiet {
		m.note("packets %s", texts(d))
	}
	if m.packets != nil {
		m.packets(now, d, fx)
	}
}

func (m *machine) Outbound(_ time.Time, element uint32, ip []byte, _ *lns.Effects) {
	if !m.quiet {
		m.note("outbound %d %s", element, ip)
	}
}

func (m *machine) Deliver(_ time.Time, g *lns.Message, _ *lns.Effects) {
	if !m.quiet {
		m.note("message %s", g.Datagram)
	}
}

func (m *machine) Request(_ time.Time, r *lns.Request, fx *lns.Effects) {
	m.note("request %d", r.Kind)
	if m.request != nil {
		m.request(r, fx)
		return
	}
	r.Done = true
	fx.Answers = append(fx.Answers, r)
}

func (m *machine) Configure(_ time.Time, cfg *lns.Config, _ *lns.Effects) {
	m.note("configure %s", cfg.HostName)
}

func (m *machine) Begin(_ time.Time, fx *lns.Effects) bool {
	if m.parked == 0 {
		return false
	}
	m.parked--
	fx.Dear++
	m.note("begin")
	return true
}

func (m *machine) Traffic(_ time.Time, elements []uint32, counters []forward.Counters, _ *lns.Effects) {
	for i, el := range elements {
		m.note("traffic %d %d", el, counters[i].UpPackets)
	}
}

func (m *machine) Authenticated(_ time.Time, a lns.AuthAnswer, _ *lns.Effects) {
	m.note("answer %d %d", a.Ref.Element, a.Result)
}

// Standing knows no tunnel.
func (m *machine) Standing(uint16) (peer netip.AddrPort, nr uint16, window int, ok bool) {
	return peer, 0, 0, false
}

func (m *machine) Durable(_ time.Time, refs []lns.AuthRef, _ *lns.Effects) {
	for _, r := range refs {
		m.note("durable %d", r.Element)
	}
}

func (m *machine) Stop(_ time.Time, fx *lns.Effects) {
	m.note("stop")
	if m.stop != nil {
		m.stop(fx)
	}
}

func (m *machine) Next() time.Time { return m.at }

func (m *machine) Advance(now time.Time, fx *lns.Effects) {
	if m.advance != nil {
		m.advance(now, fx)
	}
}

func texts(d []packet.Datagram) string {
	var s []string
	for i := range d {
		s = append(s, string(d[i].Data))
	}
	return strings.Join(s, ",")
}

// outside records effects in the order in which they are carried out; it is
// the plane's handle and the sender of the shard under test.
type outside struct {
	done    []string
	refuse  error
	sent    int
	counted bool // count what is sent and record nothing
}

func (o *outside) Install(s []forward.Session) error {
	o.done = append(o.done, fmt.Sprintf("install %d", len(s)))
	return o.refuse
}

func (o *outside) Remove(k []forward.Key) error {
	o.done = append(o.done, fmt.Sprintf("remove %d", len(k)))
	return o.refuse
}

func (o *outside) Read([]uint32, []forward.Counters) {}

func (o *outside) Inject(_ forward.Key, ip []byte) {
	o.done = append(o.done, fmt.Sprintf("inject %s", ip))
}

func (o *outside) Send(d []packet.Datagram) error {
	o.sent += len(d)
	if !o.counted {
		o.done = append(o.done, "send "+texts(d))
	}
	return o.refuse
}

// rig is a shard with its log's text, running.
type rig struct {
	*Shard
	engine  *machine
	outside *outside
	log     *Log
	text    bytes.Buffer
	end     func() // ends the loop and the log, and waits for both
}

func newRig(m *machine) *rig {
	r := &rig{engine: m, outside: &outside{}}
	r.log = NewLog(slog.New(slog.NewTextHandler(&r.text, &slog.HandlerOptions{ReplaceAttr: withoutTime})))
	r.Shard = New(Options{Engine: m, Plane: r.outside, Sender: r.outside, Log: r.log})
	return r
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func (r *rig) start() *rig {
	ctx, cancel := context.WithCancel(context.Background())
	logCtx, cancelLog := context.WithCancel(context.Background())
	loop, writer := make(chan error), make(chan error)
	go func() { loop <- r.Run(ctx) }()
	go func() { writer <- r.log.Run(logCtx) }()
	r.end = func() {
		cancel()
		<-loop
		cancelLog()
		<-writer
	}
	return r
}

// batch makes a batch of datagrams with these texts; freed counts its releases.
func batch(freed *int, texts ...string) *packet.Batch {
	b := &packet.Batch{Free: func(*packet.Batch) { *freed++ }}
	for _, t := range texts {
		b.Datagrams = append(b.Datagrams, packet.Datagram{Data: []byte(t)})
	}
	return b
}

func wantInputs(t *testing.T, m *machine, want ...string) {
	t.Helper()
	if !slices.Equal(m.inputs, want) {
		t.Errorf("the engine was given\n\t%s\nwant\n\t%s", strings.Join(m.inputs, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// What waits when the loop comes round is served control first, then messages,
// punts, outbound packets and requests; waiting batches, and what other shards have
// handed over, make one input.
func TestTurnOrder(t *testing.T) {
	r := newRig(&machine{})
	freed := 0
	r.Outbound(7, []byte("inner"))
	sccrq := string(policetest.Octets(police.SCCRQ, 0, 0))
	r.deliver(&lns.Message{Kind: lns.MessageDatagram, Datagram: []byte(sccrq)})
	r.Strange([]packet.Datagram{{Data: []byte("stranger")}})
	bulk := batch(&freed, "bulk")
	bulk.Bulk = true
	r.Punt(bulk)
	r.Punt(batch(&freed, "punt1", "punt2"))
	r.Punt(batch(&freed, "punt3"))
	r.deliver(&lns.Message{Kind: lns.MessageDirectory, Datagram: []byte("m")})
	r.deliver(&lns.Message{Kind: lns.MessageDatagram, Datagram: []byte("handed")})
	r.Packets() <- batch(&freed, "a", "b")
	r.Packets() <- batch(&freed, "c")
	if !r.turn() {
		t.Error("the turn found nothing to do")
	}
	wantInputs(t, r.engine, "packets a,b,c,handed", "message m", "packets punt1,punt2,punt3", "packets bulk",
		"packets "+sccrq+",stranger", "outbound 7 inner")
	if freed != 5 {
		t.Errorf("%d batches released, want 5", freed)
	}
	if r.turn() {
		t.Error("the second turn found something to do")
	}
}

// A flood in one lane leaves the others their share of each turn.
func TestTurnIsBounded(t *testing.T) {
	r := newRig(&machine{})
	freed := 0
	flood := make([]string, puntMax)
	for i := range flood {
		flood[i] = "x"
	}
	if !r.Punt(batch(&freed, flood...)) {
		t.Fatal("the lane did not take what it has room for")
	}
	if r.Punt(batch(&freed, "one more")) {
		t.Error("the lane took more than its bound")
	}
	if freed != 1 {
		t.Errorf("%d batches released; a refused one stays the plane's", freed)
	}
	data := batch(&freed, flood[:bulkMax]...)
	if data.Bulk = true; !r.Punt(data) || r.Punt(data) {
		t.Error("bulk has no bound of its own")
	}
	r.bulk.take(bulkMax)
	strangers := make([]packet.Datagram, strangersMax)
	r.Strange(strangers)
	r.Strange(strangers[:2])
	r.strangers.take(strangersMax)
	for range 3 {
		r.Packets() <- batch(&freed, "control")
		r.turn()
	}
	if len(r.engine.inputs) != 6 {
		t.Fatalf("%d inputs in three turns", len(r.engine.inputs))
	}
	for i, in := range r.engine.inputs {
		if want := i%2 == 0; (in == "packets control") != want {
			t.Errorf("input %d is %.20q", i, in)
		}
		if n := strings.Count(in, "x"); i%2 == 1 && n != turnMax {
			t.Errorf("a turn served %d punts, want %d", n, turnMax)
		}
	}
	if s := r.Stats(); s.PuntsDropped != 1+bulkMax || s.StrangersDropped != 2 {
		t.Errorf("%+v", s)
	}
}

// Lanes are bounded in octets too, copy what they take, and take all or nothing.
func TestLane(t *testing.T) {
	l := newLane(func(f *frame) *[]byte { return &f.ip })
	big := make([]byte, laneBytes/2)
	if !l.put([]frame{{1, big}}, 10) || l.put([]frame{{2, big}, {3, []byte("x")}}, 10) {
		t.Error("the bound in octets does not hold")
	}
	b := []byte("abc")
	if !l.put([]frame{{4, b}}, 10) {
		t.Error("a small one does not fit")
	}
	copy(b, "xyz")
	got := l.take(1)
	if len(got) != 1 || got[0].element != 1 {
		t.Errorf("took %v", got)
	}
	l.put([]frame{{5, b}}, 10)
	if got := l.take(9); len(got) != 1 || got[0].element != 4 || string(got[0].ip) != "abc" {
		t.Errorf("took %v", got)
	}
	if got := l.take(9); len(got) != 1 || got[0].element != 5 || string(got[0].ip) != "xyz" {
		t.Errorf("took %v", got)
	}
	if got := l.take(9); len(got) != 0 {
		t.Errorf("took %v", got)
	}
}

// Effects are carried out in the order of the fields: a session is installed
// before the packet leaves that tells its peer so.
func TestEffectsInOrder(t *testing.T) {
	r := newRig(&machine{packets: func(_ time.Time, d []packet.Datagram, fx *lns.Effects) {
		fx.Log = append(fx.Log, event.Record{ID: event.Draining})
		fx.Transmit = append(fx.Transmit, packet.Datagram{Data: []byte("answer")})
		fx.Inject = append(fx.Inject, lns.Inject{Packet: []byte("up")})
		fx.Remove = append(fx.Remove, forward.Key{})
		fx.Install = append(fx.Install, forward.Session{}, forward.Session{})
	}})
	other := newRig(&machine{})
	Connect([]*Shard{r.Shard, other.Shard})
	freed := 0
	r.Packets() <- batch(&freed, "in")
	r.turn()
	want := []string{"install 2", "remove 1", "inject up", "send answer"}
	if !slices.Equal(r.outside.done, want) {
		t.Errorf("done: %q, want %q", r.outside.done, want)
	}
	if len(r.fx.Install)+len(r.fx.Remove)+len(r.fx.Inject)+len(r.fx.Transmit)+len(r.fx.Log) != 0 {
		t.Error("effects were not emptied")
	}
}

// A plane that refuses and a closed socket are counted, and the plane's refusal is logged.
func TestEffectsThatFail(t *testing.T) {
	r := newRig(&machine{packets: func(_ time.Time, d []packet.Datagram, fx *lns.Effects) {
		fx.Install = append(fx.Install, forward.Session{}, forward.Session{})
		fx.Transmit = append(fx.Transmit, d...)
	}})
	r.outside.refuse = errors.New("no room")
	freed := 0
	r.Packets() <- batch(&freed, "in")
	r.turn()
	if s := r.Stats(); s.PlaneErrors != 1 || s.SendErrors != 1 {
		t.Errorf("%+v", s)
	}
	r.start().end()
	if !strings.Contains(r.text.String(), "PLANE_FAILED") || !strings.Contains(r.text.String(), "no room") {
		t.Errorf("log: %s", &r.text)
	}
}

// Messages reach the other shard. Datagrams give way when its lane is full;
// what the directory says does not.
func TestMessages(t *testing.T) {
	kind := lns.MessageDatagram
	a := newRig(&machine{packets: func(_ time.Time, d []packet.Datagram, fx *lns.Effects) {
		for i := range d {
			fx.Messages = append(fx.Messages, lns.Message{To: 1, Kind: kind, Datagram: d[i].Data})
		}
	}})
	b := newRig(&machine{quiet: true})
	Connect([]*Shard{a.Shard, b.Shard})
	freed := 0
	texts := make([]string, messageMax+5)
	a.Packets() <- batch(&freed, texts...)
	a.turn()
	kind = lns.MessageDirectory
	a.Packets() <- batch(&freed, "1", "2")
	a.turn()
	for b.turn() {
	}
	want := Stats{MessagesTaken: messageMax + 2, DatagramsDropped: 5}
	if got := b.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The timer fires exactly when the engine says, and never else.
func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := &machine{at: begin.Add(time.Minute)}
		var advanced []time.Duration
		m.advance = func(now time.Time, _ *lns.Effects) {
			advanced = append(advanced, now.Sub(begin))
			if m.at = now.Add(time.Duration(len(advanced)) * time.Hour); len(advanced) == 3 {
				m.at = time.Time{} // nothing more to do
			}
		}
		m.packets = func(now time.Time, _ []packet.Datagram, _ *lns.Effects) { m.at = now.Add(time.Second) }
		r := newRig(m).start()
		defer r.end()
		time.Sleep(24 * time.Hour)
		freed := 0
		r.Packets() <- batch(&freed, "x") // an input may make the deadline earlier
		time.Sleep(24 * time.Hour)
		want := []time.Duration{time.Minute, time.Minute + time.Hour, time.Minute + 3*time.Hour, 24*time.Hour + time.Second, 28*time.Hour + time.Second}
		if synctest.Wait(); len(advanced) < len(want) || !slices.Equal(advanced[:len(want)], want) {
			t.Errorf("advanced at %v, want %v first", advanced, want)
		}
	})
}

// A panic costs the datagram that caused it and no other, is counted and logged
// with its cause, and a fault in Advance does not spin.
func TestPanicIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{packets: func(_ time.Time, d []packet.Datagram, fx *lns.Effects) {
			for i := range d {
				if string(d[i].Data) == "poison" {
					panic("index out of luck")
				}
				fx.Transmit = append(fx.Transmit, d[i])
			}
		}}
		r := newRig(m).start()
		freed := 0
		r.Packets() <- batch(&freed, "a", "poison", "b")
		synctest.Wait()
		wantInputs(t, m, "packets a,poison,b", "packets a", "packets poison", "packets b")
		if want := []string{"send a", "send a", "send b"}; !slices.Equal(r.outside.done, want) {
			t.Errorf("done: %q, want %q", r.outside.done, want)
		}
		if freed != 1 {
			t.Errorf("batch released %d times", freed)
		}

		m.request = func(*lns.Request, *lns.Effects) { panic("no") }
		if err := r.Do(t.Context(), &lns.Request{}); !errors.Is(err, ErrRecovered) {
			t.Errorf("a request that panics ends with %v", err)
		}

		faults := 0
		m.advance = func(time.Time, *lns.Effects) {
			if faults++; faults == 5 {
				m.at = time.Time{}
				return
			}
			panic("again")
		}
		m.packets = func(now time.Time, _ []packet.Datagram, _ *lns.Effects) { m.at = now }
		r.Packets() <- batch(&freed)
		time.Sleep(time.Second)
		synctest.Wait()
		if faults != 5 {
			t.Errorf("Advance was called %d times", faults)
		}
		if s := r.Stats(); s.Recovered != 2+1+4 {
			t.Errorf("%+v", s)
		}
		r.end()
		for _, want := range []string{"SHARD_RECOVERED", "index out of luck", "shard_test.go"} {
			if !strings.Contains(r.text.String(), want) {
				t.Errorf("no %q in the log: %s", want, &r.text)
			}
		}
	})
}

// Operators' requests and the daemon's orders are served by the loop; when it
// has ended, or the asker is tired, they fail instead of waiting for ever.
func TestRequestsAndOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		r := newRig(m).start()
		q := &lns.Request{Kind: lns.ShowTunnels}
		if err := r.Do(t.Context(), q); err != nil || !q.Done {
			t.Errorf("Do: %v, done %v", err, q.Done)
		}
		if err := r.Configure(t.Context(), &lns.Config{HostName: "new"}); err != nil {
			t.Error(err)
		}
		// The engine tells its tunnels bit by bit.
		m.stop = func(*lns.Effects) { m.at = time.Now().Add(time.Second) }
		m.advance = func(_ time.Time, fx *lns.Effects) { fx.Stopped, m.at = true, time.Time{} }
		began := time.Now()
		if err := r.Stop(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("Stop: %v after %v", err, time.Since(began))
		}
		wantInputs(t, m, "request 2", "configure new", "stop")

		m.request = func(*lns.Request, *lns.Effects) {} // never answers
		tired, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Do(tired, &lns.Request{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do without an answer: %v", err)
		}
		r.end()
		for what, err := range map[string]error{
			"Do": r.Do(t.Context(), &lns.Request{}), "Configure": r.Configure(t.Context(), nil), "Stop": r.Stop(t.Context()),
		} {
			if !errors.Is(err, ErrStopped) {
				t.Errorf("%s after the end: %v", what, err)
			}
		}
	})
}

// A stop that never ends does not hold up its caller for longer than it wants.
func TestStopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&machine{}).start()
		defer r.end()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop: %v", err)
		}
	})
}

// Each event is held to its rate, and the next line tells how many were held back.
func TestLogRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&machine{})
		w := r.log.Writer()
		rate := event.TunnelRefused.Def().Rate
		for range rate + 7 {
			w.Write(time.Now(), &event.Record{ID: event.TunnelRefused, LAC: "lac1"})
		}
		w.Write(time.Now(), &event.Record{ID: event.Draining})
		time.Sleep(time.Second)
		w.Write(time.Now(), &event.Record{ID: event.TunnelRefused, LAC: "lac1", Peer: netip.MustParseAddrPort("192.0.2.1:1701")})
		r.start().end()
		lines := strings.Split(strings.TrimSpace(r.text.String()), "\n")
		if len(lines) != rate+2 {
			t.Fatalf("%d lines, want %d", len(lines), rate+2)
		}
		want := "level=WARN msg=L2TP_TUNNEL_REFUSED shard=0 lac=lac1 peer=192.0.2.1:1701 tunnel=0 suppressed=7"
		if got := lines[rate+1]; got != want {
			t.Errorf("last line\n\t%s\nwant\n\t%s", got, want)
		}
		if got := lines[rate]; got != "level=INFO msg=L2TP_DRAINING shard=0" {
			t.Errorf("line %q", got)
		}
	})
}

// A log that cannot keep up loses lines and says how many; nobody waits for it.
func TestLogQueue(t *testing.T) {
	r := newRig(&machine{})
	w := r.log.Writer()
	for range logMax + 3 {
		w.Write(time.Now(), &event.Record{ID: event.Draining})
	}
	if r.log.Lost() != 3 {
		t.Errorf("%d lines lost", r.log.Lost())
	}
	r.start().end()
	if n := strings.Count(r.text.String(), "L2TP_DRAINING"); n != logMax {
		t.Errorf("%d lines written, want %d", n, logMax)
	}
}

// Steady traffic through the running loop allocates nothing: received batches,
// punts, messages, inner packets, the timer and the answers included.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	got := make(chan int, 16)
	m := &machine{quiet: true}
	m.packets = func(now time.Time, d []packet.Datagram, fx *lns.Effects) {
		m.at = now.Add(time.Second) // the timer moves with every input
		fx.Transmit = append(fx.Transmit, d...)
		got <- len(d)
	}
	r := newRig(m)
	r.outside.counted = true
	r.start()
	defer r.end()
	var freed, freedPunts int
	in, punt := batch(&freed, "a", "b", "c"), batch(&freedPunts, "d", "e")
	message := &lns.Message{Datagram: []byte("m")}
	inner := []byte("inner")
	round := func() {
		r.Packets() <- in
		r.deliver(message)
		r.Outbound(1, inner)
		r.Punt(punt)
		for n := 0; n < 5; {
			n += <-got
		}
	}
	for range 100 {
		round()
	}
	if allocs := testing.AllocsPerRun(1000, round); allocs != 0 {
		t.Errorf("%v allocations a round", allocs)
	}
}

// A parked call is begun when there is nothing to do for calls that were begun
// before: not in a turn with a dear step in it, nor in one that leaves some of
// their input waiting. Cheap work does not hold it up.
func TestCallsAreBegunWhenOthersAreDone(t *testing.T) {
	m := &machine{quiet: true}
	r := newRig(m)
	punt := func(n int) {
		b := &packet.Batch{Datagrams: make([]packet.Datagram, n), Free: func(*packet.Batch) {}}
		if !r.Punt(b) {
			t.Fatal("no room for punts")
		}
	}
	turn := func(what string, begun int) {
		t.Helper()
		m.parked, m.inputs = 1, nil
		r.turn()
		if n := 1 - m.parked; n != begun {
			t.Errorf("%s: %d calls begun, want %d", what, n, begun)
		}
	}
	turn("nothing else to do", 1)
	r.begunAt = time.Now().Add(time.Hour) // it is not too long ago
	punt(3)
	turn("cheap work", 1)
	r.begunAt = time.Now().Add(time.Hour)
	r.bites[ofPunts] = bite{cost: biteTime / 2}
	punt(3)
	turn("more is waiting", 0)
	r.bites[ofPunts] = bite{}
	m.packets = func(_ time.Time, _ []packet.Datagram, fx *lns.Effects) { fx.Dear++ }
	turn("a dear step", 0)
	m.packets = nil
	r.begunAt = time.Now().Add(-beginLatest)
	r.bites[ofPunts] = bite{cost: biteTime / 2}
	punt(3)
	turn("more is waiting, for long", 1)
}
