// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"math"
	"net/netip"
	"time"
)

// Config bounds a Controller; zero fields mean the default in brackets.
type Config struct {
	Deadline     time.Duration // a call not begun by then is of no use to its caller [8 s]
	ParkMax      int           // calls parked at once [65,536]
	SlotsMin     int           // L is never below [16]
	SlotsMax     int           // nor above [16,384]
	ShortWait    time.Duration // oldest first while nobody has waited longer [250 ms]
	RefusalsRate int           // refusals a second; calls beyond it are forgotten in silence [2,000]
	Without      Mechanisms    // switched off, for comparison
	Disabled     bool          // every call is begun at once, in order, whatever happens
}

func (c *Config) deadline() time.Duration  { return or(c.Deadline, 8*time.Second) }
func (c *Config) parkMax() int             { return or(c.ParkMax, 65536) }
func (c *Config) slotsMin() int            { return or(c.SlotsMin, 16) }
func (c *Config) slotsMax() int            { return or(c.SlotsMax, 16384) }
func (c *Config) shortWait() time.Duration { return or(c.ShortWait, 250*time.Millisecond) }
func (c *Config) refusalsRate() int        { return or(c.RefusalsRate, 2000) }

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Call is what the owner says of an offered call. Element names it until the
// owner has reported its end.
type Call struct {
	Element uint32
	Tunnel  uint16     // local tunnel id
	LAC     netip.Addr // the LAC's address
	Line    uint64     // hash of the line's name; 0: unknown
	Arrived time.Time  // kernel receive timestamp of the first copy
}

// lineAge is how old a parked call must be for a newer one of its line to take
// its place. No modem gives up and dials again within a second; LACs that tell
// one number for many lines do offer several at once.
const lineAge = time.Second

// Verdict says what became of an offered or expired call.
type Verdict uint8

// Verdicts.
const (
	Parked     Verdict = iota // it waits
	Superseded                // it was parked and its line has dialled again
	Crowded                   // it was parked, the longest in the fullest LAC, and there is no room
	Expired                   // its deadline has passed
)

// Dismissal is a parked call that is not going to be set up: the owner sends
// CDN, unless it is to be forgotten.
type Dismissal struct {
	Element uint32
	Verdict Verdict
	Silent  bool // past the budget of refusals: forget it without a CDN
	Waited  time.Duration
}

// Counters count calls over the life of a Controller.
type Counters struct {
	Offered, Admitted, Up, Failed uint64
	Superseded, Crowded, Expired  uint64 // dismissed while parked
	Silent                        uint64 // of the dismissed: without a CDN
	Withdrawn                     uint64 // given up by the caller while parked
	Cleared                       uint64 // ended while parked for a reason of its own, as by an operator
	StoodAside                    uint64 // gave up their slot in set-up, as their callers did not answer
	WithdrawnLate                 uint64 // given up by the caller in set-up: stale work
	ProbedInVain                  uint64 // of these: begun to see whether their tunnel was still too slow for them
	LateInSetUp                   uint64 // deadline passed in set-up
	SlotsGrown, SlotsShrunk       uint64
}

// Controller admits the calls of one shard.
type Controller struct {
	cfg       Config
	start     time.Time
	queue     queue
	limit     limit
	setup     setups
	lags      map[uint16]*lag // by tunnel
	room      room
	refusals  bucket
	crowdedAt int64     // when there was no room last; 0: never
	gate      bool      // the owner has closed the door: an outside resource is exhausted
	waits     Histogram // from arrival to being begun
	ready     Histogram // from being begun to being up
	counters  Counters
}

// New makes a Controller whose time begins at start.
func New(cfg Config, start time.Time) *Controller {
	c := &Controller{cfg: cfg, start: start, lags: make(map[uint16]*lag)}
	c.setup.init()
	c.queue.init()
	c.limit.init(cfg.slotsMin(), cfg.slotsMax())
	c.refusals.rate = int64(cfg.refusalsRate())
	return c
}

// Configure changes the bounds for what comes.
func (c *Controller) Configure(cfg Config) {
	c.cfg = cfg
	c.limit.bound(cfg.slotsMin(), cfg.slotsMax())
	c.refusals.rate = int64(cfg.refusalsRate())
}

func (c *Controller) ns(t time.Time) int64 { return int64(t.Sub(c.start)) }

// Offer parks a call. Calls that have to go for it are appended to out.
func (c *Controller) Offer(now time.Time, call Call, out []Dismissal) []Dismissal {
	c.counters.Offered++
	if call.Arrived.IsZero() || call.Arrived.After(now) {
		call.Arrived = now
	}
	t := c.ns(now)
	if call.Line != 0 && !c.without(OneCallALine) {
		if i, ok := c.queue.lines.find(c.queue.parked, call.Line); ok && t-c.queue.parked[i].arrived >= int64(lineAge) {
			out = append(out, c.dismiss(now, i, Superseded))
		}
	}
	// Room that has shrunk is given up step by step.
	for most, n := c.most(t), 0; n < 2 && c.queue.count >= most; n++ {
		out = append(out, c.dismiss(now, c.queue.oldestOfFullest(), Crowded))
		c.crowdedAt = t
	}
	arrived := c.ns(call.Arrived)
	c.queue.park(call, arrived, arrived-c.lagOf(call.Tunnel).at(t))
	return out
}

// TurnAway says whether a call is not even to be parked: there is no room, its LAC
// has its share of it, its tunnel has a call there, and all that wait have come so
// lately that one more newcomer is worth no more than they are. It is dismissed
// then, with CDN unless it is to be forgotten. Under a flood most calls go this way:
// it costs least.
func (c *Controller) TurnAway(now time.Time, call Call) (away, silent bool) {
	t := c.ns(now)
	if c.queue.count == 0 || c.cfg.Disabled || c.queue.count < c.most(t) || !c.queue.satisfied(call.LAC, call.Tunnel, t-int64(lineAge)) {
		return false, false
	}
	c.counters.Offered++
	c.counters.Crowded++
	c.crowdedAt = t
	if silent = c.quiet(t); silent {
		c.counters.Silent++
	}
	return true, silent
}

// quiet reports whether a call has to be dismissed without a CDN, and takes one of
// the budget if not.
func (c *Controller) quiet(now int64) bool { return !c.without(RefusalBudget) && !c.refusals.take(now) }

// most is how many calls may be parked.
func (c *Controller) most(now int64) int {
	if c.cfg.Disabled || c.without(ShortQueue) {
		return c.cfg.parkMax()
	}
	c.room.look(now, c.queue.oldestArrival(now), c.counters.Admitted)
	return c.room.calls(c.cfg.deadline(), c.cfg.parkMax())
}

// Next chooses the call to be begun now and gives it a slot. ok is false when
// none waits but those of mute LACs, or L is used up, or the gate is closed. Calls whose deadline has
// passed are not chosen; Expire dismisses them.
func (c *Controller) Next(now time.Time) (element uint32, ok bool) {
	t := c.ns(now)
	c.standAside(t)
	if c.queue.count == 0 || !c.cfg.Disabled && (c.gate || c.setup.holding() >= c.limit.slots() && !c.without(SlotLimit)) {
		return 0, false
	}
	i, ok := c.choose(t)
	if !ok {
		return 0, false
	}
	p := &c.queue.parked[i]
	element = p.element
	c.waits.Count(time.Duration(t - p.arrived))
	b := begun{at: t, arrived: p.arrived, dialled: p.dialled, lac: p.lac, tunnel: c.queue.tunnels[p.tunnel].key.id}
	if b.probe = !c.inTime(t, p); b.probe {
		b.dialled = p.arrived
	}
	c.lagOf(b.tunnel).begin(t)
	c.setup.begin(element, b)
	c.queue.lacs[p.lac].admitted++
	c.queue.lacs[p.lac].begun++
	c.queue.remove(i)
	c.counters.Admitted++
	return element, true
}

// backlog reports whether calls wait for longer than the short wait, or would if
// there were room for them.
func (c *Controller) backlog(now int64) bool {
	return c.queue.count > 0 && (now-c.queue.parked[c.queue.oldest()].arrived > int64(c.cfg.shortWait()) ||
		c.crowdedAt > 0 && now-c.crowdedAt < int64(c.cfg.shortWait()))
}

// choose is the parked call whose turn it is.
func (c *Controller) choose(now int64) (int32, bool) {
	if c.cfg.Disabled {
		return c.queue.oldest(), true
	}
	newest := c.backlog(now) && !c.without(NewestFirst)
	// In so many turns each LAC has one that goes round its tunnels.
	for range (freshTurns + 1) * c.queue.waiting {
		i := c.queue.turn(newest)
		if c.without(FairTurns) {
			i = c.queue.end(newest)
		}
		p := &c.queue.parked[i]
		if now < c.beginBy(p) && !c.queue.lacs[p.lac].mute(now) && (c.inTime(now, p) || c.probe(now, p)) {
			return i, true
		}
	}
	return 0, false
}

// Withdraw takes out a call that its caller has given up, parked or in set-up.
func (c *Controller) Withdraw(now time.Time, element uint32) {
	if i, ok := c.queue.find(element); ok {
		p := &c.queue.parked[i]
		c.queue.lacs[p.lac].patience.gaveUp(time.Duration(c.ns(now) - p.arrived))
	}
	c.Vanished(now, element)
}

// Vanished takes out a call that nobody waits for any more, parked or in set-up,
// whose age says nothing about how long callers wait.
func (c *Controller) Vanished(now time.Time, element uint32) {
	if i, ok := c.queue.find(element); ok {
		c.counters.Withdrawn++
		c.queue.remove(i)
		return
	}
	if b, ok := c.take(element); ok {
		if !b.connected {
			c.lagOf(b.tunnel).withdrawn(c.ns(now), b.at)
		}
		c.counters.WithdrawnLate++
		if b.probe {
			c.counters.ProbedInVain++
		}
		if !b.aside {
			c.limit.failed(c.ns(now)-b.at, &c.counters)
		}
	}
}

// Up releases the slot of a call that has reached its goal.
func (c *Controller) Up(now time.Time, element uint32) {
	c.Connected(now, element)
	b, ok := c.release(element)
	if !ok {
		return
	}
	c.counters.Up++
	l, t := &c.queue.lacs[b.lac], c.ns(now)
	c.ready.Count(time.Duration(t - b.at))
	l.answers.look(t)
	l.answers.this++
	c.limit.done(t, t-b.at, c.setup.holding()+1, &c.counters)
}

// Failed takes out a call that has ended for a reason of its own, parked or in
// set-up: a wrong password says nothing about load, nor does an operator.
func (c *Controller) Failed(element uint32) {
	if i, ok := c.queue.find(element); ok {
		c.counters.Cleared++
		c.queue.remove(i)
		return
	}
	if _, ok := c.release(element); ok {
		c.counters.Failed++
	}
}

// Late reports whether a call in set-up has passed its deadline, so that its
// next dear step would be done for nobody.
func (c *Controller) Late(now time.Time, element uint32) bool {
	b, ok := c.setup.calls[element]
	if !ok || c.cfg.Disabled || c.without(Deadlines) {
		return false
	}
	t, patience := c.ns(now), c.patience(b.lac)
	outlived := t >= b.arrived+patience
	if !outlived && t < b.dialled+patience+patience/lagSpare*lagDoubt {
		return false
	}
	if outlived {
		c.outlived(b.lac)
	}
	c.counters.LateInSetUp++
	return true
}

// Expire dismisses parked calls whose deadline has passed, at most limit of them.
func (c *Controller) Expire(now time.Time, limit int, out []Dismissal) []Dismissal {
	if c.cfg.Disabled || c.without(Deadlines) {
		return out
	}
	t, k := c.ns(now), c.queue.turnLAC
	for range c.queue.waiting {
		next := c.queue.lacs[k].ring.next
		for i := c.queue.lacs[k].first; i != none && limit > 0; i = c.queue.lacs[k].first {
			if t < c.beginBy(&c.queue.parked[i]) {
				break
			}
			c.outlived(k)
			out = append(out, c.dismiss(now, i, Expired))
			limit--
		}
		k = next
	}
	return out
}

// Idle reports whether no call is parked.
func (c *Controller) Idle() bool { return c.queue.count == 0 }

// InSetUp is how many calls hold a slot.
func (c *Controller) InSetUp() int { return c.setup.holding() }

// Gate opens or closes the door from outside: a full RADIUS window is load too.
func (c *Controller) Gate(closed bool) { c.gate = closed }

// dismiss takes a parked call out and says how it goes.
func (c *Controller) dismiss(now time.Time, i int32, why Verdict) Dismissal {
	p := &c.queue.parked[i]
	d := Dismissal{
		Element: p.element, Verdict: why, Waited: time.Duration(c.ns(now) - p.arrived),
		Silent: c.quiet(c.ns(now)),
	}
	switch why {
	case Superseded:
		c.counters.Superseded++
	case Crowded:
		c.counters.Crowded++
	case Expired:
		c.counters.Expired++
	}
	if d.Silent {
		c.counters.Silent++
	}
	c.queue.remove(i)
	return d
}

// beginBy is when it is too late to begin a parked call: one that is begun must
// have the time that a set-up takes now, or all of the work is for nobody. Half
// of a caller's patience is left to waiting, however long set-ups take.
func (c *Controller) beginBy(p *parked) int64 {
	if c.without(Deadlines) {
		return math.MaxInt64
	}
	patience := c.patience(p.lac)
	return p.arrived + patience - min(c.limit.typical(), patience/2)
}

// patience is how long callers of a LAC wait, ns.
func (c *Controller) patience(lac int32) int64 {
	if c.without(LearntPatience) {
		return int64(c.cfg.deadline())
	}
	return int64(c.queue.lacs[lac].patience.estimate(c.cfg.deadline()))
}

// outlived notes that a caller of a LAC was still there when his deadline passed.
func (c *Controller) outlived(lac int32) {
	c.queue.lacs[lac].patience.outlived(c.cfg.deadline())
}
