// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/storm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// field is a storm in which everything happens at once: modems come up when they
// are offered, those behind a cut are dropped 30 s after it began, and an
// overload is answered at most capacity calls a second.
type field struct {
	plan     storm.Plan
	said     []string
	now      storm.Snapshot
	began    time.Time
	last     time.Time
	rate     float64 // of calls by callers; negative: none
	owed     float64
	up       float64 // calls a second that come up
	cutAt    time.Time
	cut      int
	hungUp   bool
	refuseAt time.Time // after this nobody comes up any more; zero: never
	fault    error
	active   atomic.Int64 // for the observer: online, and calls in set-up
	starting atomic.Int64
}

func newField() *field {
	p := storm.Plan{LNS: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1701")}, LACs: 3, Tunnels: 6, Sessions: 600, Callers: 10, Seed: 7}
	return &field{plan: p.WithDefaults(), rate: -1, up: 100, last: time.Now(), began: time.Now()}
}

func (f *field) say(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *field) Plan() *storm.Plan           { return &f.plan }
func (f *field) Sockets() storm.SocketResult { return storm.SocketResult{Sent: 5} }
func (f *field) Offer(rate float64, window int) {
	f.say("offer %g %d", rate, window)
	if rate >= 0 {
		f.comeUp()
	}
}

func (f *field) comeUp() {
	n := f.plan.Sessions - f.now.Sessions
	f.now.Sessions += n
	f.now.CallsOffered += uint64(n)
	f.now.CallsUp += uint64(n)
	f.now.Tunnels = f.plan.Tunnels
}

func (f *field) Cut(lacs int, tunnels float64) []int {
	f.say("cut %d %g", lacs, tunnels)
	f.cutAt, f.cut = time.Now(), f.plan.Sessions*lacs/f.plan.LACs
	return []int{f.cut / 2, f.cut - f.cut/2, 0}
}
func (f *field) Mend()                     { f.say("mend"); f.cutAt = time.Time{} }
func (f *field) Impair(i storm.Impairment) { f.say("impair %g", i.Loss) }
func (f *field) Send(rate float64)         { f.say("send %g", rate) }
func (f *field) Kill(n int)                { f.now.Killed += uint64(n) }
func (f *field) Attack(a storm.Attack) error {
	f.say("attack %v %g", a.Kind, a.Rate)
	return nil
}
func (f *field) EndAttack() error { f.say("end of attack"); return nil }
func (f *field) Attacks() []storm.AttackResult {
	return []storm.AttackResult{{Kind: "hello", AttackCount: storm.AttackCount{Sent: 3}}}
}
func (f *field) HangUp()    { f.say("hang up"); f.hungUp = true; f.now.Sessions = 0 }
func (f *field) Done() bool { return f.hungUp }
func (f *field) Overload(rate, greedy float64, window int, talk time.Duration) {
	f.say("overload %g greedy %g %d %v", rate, greedy, window, talk)
	f.rate = rate
}

// Snapshots lets happen what has happened since the last call.
func (f *field) Snapshots() ([]storm.Snapshot, error) {
	now := time.Now()
	passed := now.Sub(f.last).Seconds()
	f.last = now
	if f.rate >= 0 {
		f.owed += passed
		if n := uint64(f.owed * f.up); n > 0 {
			f.owed -= float64(n) / f.up
			f.now.CallsUp += n
			f.now.CallsOffered += n * max(uint64(f.rate/f.up), 1)
			f.now.Hello.Add(time.Millisecond)
		}
	}
	switch {
	case f.cut == 0:
	case !f.cutAt.IsZero() && now.Sub(f.cutAt) >= 30*time.Second && f.now.Sessions == f.plan.Sessions:
		f.now.Sessions -= f.cut
		f.now.Dropped[storm.EchoLost] += uint64(f.cut)
	case f.cutAt.IsZero() && f.refuseAt.IsZero():
		f.now.Back.Add(time.Second)
		f.comeUp()
		f.cut = 0
	}
	f.active.Store(int64(f.now.Sessions))
	f.starting.Store(0)
	if f.cut > 0 || f.rate >= 0 {
		f.starting.Store(5)
	}
	return []storm.Snapshot{f.now, {}, {}}, f.fault
}

// observer says that the LNS has as many active ones as the modems say.
type observer struct {
	f     *field
	steps uint64
	err   error
}

func (o *observer) Observe(context.Context) (*storm.LNSView, error) {
	o.steps += 100
	return &storm.LNSView{Init: int(o.f.starting.Load()), Active: int(o.f.active.Load()), DearSteps: o.steps, StaleSteps: o.steps / 100}, o.err
}

// run plays a scenario under virtual time.
func run(t *testing.T, text string, change func(o *Options, f *field)) (r *storm.Recording, f *field, err error) {
	t.Helper()
	s, err := Parse("test", text)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f = newField()
		o := Options{Name: "test", Phases: s.Phases, Field: f, Observer: &observer{f: f}}
		if change != nil {
			change(&o, f)
		}
		r, err = Run(t.Context(), o)
	})
	return r, f, err
}

// The article's outage: what is cut is dropped and comes back, and the recording
// says so, second by second and in sum.
func TestOutageIsRecorded(t *testing.T) {
	var entered []string
	samples := 0
	r, f, err := run(t, "ramp in-flight 64\nhold for 10s\nflap lacs 2 for 35s\nrecover within 30s\nhold for 2s\ndrain", func(o *Options, _ *field) {
		o.Entered = func(p *Phase) { entered = append(entered, p.Name) }
		o.Sampled = func(*storm.Sample) { samples++ }
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(entered, " "); got != "ramp hold flap recover hold drain" {
		t.Errorf("entered %s", got)
	}
	want := []string{"offer -1 613", "offer 0 64", "offer 0 613", "cut 2 1", "mend", "mend", "impair 0", "end of attack", "hang up"}
	if !slices.Equal(f.said, want) {
		t.Errorf("%q", f.said)
	}
	if len(r.Outages) != 1 {
		t.Fatalf("%+v", r.Outages)
	}
	o := r.Outages[0]
	if o.Before != 600 || o.Touched != 400 || o.Untouched != 200 || o.Dropped != 400 || o.UntouchedLost != 0 || o.ActiveAtEnd != 600 {
		t.Errorf("%+v", o)
	}
	if o.InitPeak != 5 {
		t.Errorf("Init at most %d", o.InitPeak)
	}
	if took := o.To - o.From; took < 35 || took > 35.1 || o.BackAfter < 0 || o.BackAfter > 0.2 || o.BehindSchedule.P50 < 900 || o.Stale != 0.01 {
		t.Errorf("%+v", o)
	}
	if n := len(r.Samples); n != samples || n < 45 || n > 49 {
		t.Errorf("%d samples, %d told", n, samples)
	}
	low := 600
	for _, s := range r.Samples {
		low = min(low, s.Active())
	}
	if low != 200 || r.Samples[20].LNS == nil || r.Phases[2].Text != "flap lacs 2 for 35s" || r.Seed != 7 || r.Socket.Sent != 5 {
		t.Errorf("low %d, %+v", low, r)
	}
}

// When nobody comes back the run says "never", and ends all the same.
func TestCollapseIsRecorded(t *testing.T) {
	r, _, err := run(t, "ramp\nflap lacs 2 for 35s\nrecover within 30s", func(_ *Options, f *field) { f.refuseAt = time.Now() })
	if err != nil {
		t.Fatal(err)
	}
	if o := r.Outages[0]; o.BackAfter != -1 || o.ActiveAtEnd != 200 || o.Dropped != 400 || o.InitPeak != 5 {
		t.Errorf("%+v", o)
	}
	if p := r.Phases[2]; p.To-p.From < 29.9 || p.To-p.From > 30.2 {
		t.Errorf("%+v", p)
	}
}

// The capacity that was measured is what overload multiplies.
func TestOverloadUsesWhatWasMeasured(t *testing.T) {
	r, f, err := run(t, "ramp\nmeasure in-flight 8 for 10s\noverload times 10 talk 1s for 60s\nsettle within 10s\n"+
		"traffic rate 50\nlink loss 1%\nattack with hello rate 20 from 192.0.2.0/24\nmonkey rate 7 for 10s", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Overload) != 1 {
		t.Fatalf("%+v", r.Overload)
	}
	o := r.Overload[0]
	if o.Capacity < 98 || o.Capacity > 102 || o.Times != 10 ||
		o.Share() < 0.97 || o.Share() > 1.03 || o.Offered < 900 || o.Settled < 0 {
		t.Errorf("%+v, share %v", o, o.Share())
	}
	if o.Hello.P99 < 0.9 || o.Hello.P99 > 1.1 || o.Stale != 0.01 {
		t.Errorf("%+v", o)
	}
	for _, want := range []string{"overload 0 greedy 1 8 0s", "overload -1 greedy 1 0 0s", "send 50", "impair 0.01", "attack hello 20"} {
		if !slices.Contains(f.said, want) {
			t.Errorf("%q was not said: %q", want, f.said)
		}
	}
	if len(r.Attacks) != 1 || r.Attacks[0].Sent != 3 {
		t.Errorf("%+v", r.Attacks)
	}
	if f.now.Killed < 69 || f.now.Killed > 71 {
		t.Errorf("%d killed in 10 s at 7 a second", f.now.Killed)
	}
}

// An interrupt hangs up; what was recorded until then stays.
func TestInterruptHangsUp(t *testing.T) {
	var r *storm.Recording
	var err error
	synctest.Test(t, func(t *testing.T) {
		f := newField()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		r, err = Run(ctx, Options{Phases: []Phase{{Name: "ramp", Stall: time.Minute}, {Name: "hold", For: time.Hour}}, Field: f})
		if !f.hungUp {
			t.Error("not hung up")
		}
	})
	if err != nil || len(r.Samples) < 4 || r.Samples[0].LNS != nil {
		t.Errorf("%v %+v", err, r)
	}
}

// A LAC that stops ends the run; an LNS that does not answer is a gap in it.
func TestFaults(t *testing.T) {
	fault := errors.New("socket gone")
	if _, _, err := run(t, "ramp", func(_ *Options, f *field) { f.fault = fault }); !errors.Is(err, fault) {
		t.Errorf("%v", err)
	}
	r, _, err := run(t, "ramp\nhold for 5s", func(o *Options, f *field) { o.Observer = &observer{f: f, err: fault} })
	if err != nil || len(r.Samples) < 4 || r.Samples[3].LNS != nil {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := Run(t.Context(), Options{}); !errors.Is(err, ErrScenario) {
		t.Errorf("%v", err)
	}
}
