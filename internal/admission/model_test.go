// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"
)

// model is a server with one processor and open-loop callers: what a policy does
// to goodput, without the rest of the LNS. A set-up is five dear stages with a
// round trip of the caller between two.
type model struct {
	c        *Controller
	rand     *rand.Rand
	now      time.Duration
	events   events
	arrivals []uint32 // cheap work waiting for the processor, in order
	stages   []uint32 // later stages of calls begun, in order
	calls    []modelCall
	good     int // came up before the caller had given up
	dear     int // stages done
	stale    int // stages done for callers who had left
}

type modelCall struct {
	arrived time.Duration
	stage   int
	gone    bool
}

const (
	modelStages   = 5
	modelDear     = 900 * time.Microsecond // a stage: 222 calls a second
	modelCheap    = 10 * time.Microsecond  // an ICRQ or a CDN
	modelPatience = 10 * time.Second
	modelTrip     = 20 * time.Millisecond
)

type modelEvent struct {
	at   time.Duration
	kind int // 0 ICRQ, 1 the caller gives up, 2 the caller answers
	call uint32
}

type events []modelEvent

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(modelEvent)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

func (m *model) clock() time.Time { return epoch.Add(m.now) }

// run offers k times capacity for d and returns goodput over capacity.
func (m *model) run(k float64, d time.Duration) float64 {
	capacity := float64(time.Second) / float64(modelStages*modelDear)
	m.next(k * capacity)
	for m.now < d {
		m.take(k*capacity, d)
		switch {
		case len(m.arrivals) > 0 && (len(m.stages) == 0 || m.rand.IntN(2) == 0):
			m.cheap()
		case len(m.stages) > 0:
			el := m.stages[0]
			m.stages = m.stages[1:]
			m.stage(el)
		default:
			el, ok := m.c.Next(m.clock())
			if ok {
				m.stage(el)
			} else if len(m.events) > 0 {
				m.now = max(m.now, m.events[0].at)
			}
		}
	}
	return float64(m.good) / (capacity * d.Seconds())
}

func (m *model) next(rate float64) {
	gap := time.Duration(m.rand.ExpFloat64() / rate * float64(time.Second))
	heap.Push(&m.events, modelEvent{at: m.now + gap, kind: 0})
}

// take moves what has happened by now into the queues of the processor.
func (m *model) take(rate float64, end time.Duration) {
	for len(m.events) > 0 && m.events[0].at <= m.now {
		e := heap.Pop(&m.events).(modelEvent)
		switch e.kind {
		case 0:
			el := uint32(len(m.calls))
			m.calls = append(m.calls, modelCall{arrived: e.at})
			m.arrivals = append(m.arrivals, el)
			heap.Push(&m.events, modelEvent{e.at + modelPatience, 1, el})
			gap := time.Duration(m.rand.ExpFloat64() / rate * float64(time.Second))
			heap.Push(&m.events, modelEvent{at: e.at + gap, kind: 0})
		case 1:
			if c := &m.calls[e.call]; c.stage < modelStages {
				c.gone = true
				m.arrivals = append(m.arrivals, e.call)
			}
		case 2:
			m.stages = append(m.stages, e.call)
		}
	}
	_ = end
}

// cheap handles an ICRQ, or the CDN of a caller who has left.
func (m *model) cheap() {
	el := m.arrivals[0]
	m.arrivals = m.arrivals[1:]
	m.now += modelCheap
	c := &m.calls[el]
	if c.gone {
		m.c.Withdraw(m.clock(), el)
		return
	}
	now := m.clock()
	m.c.Offer(now, Call{Element: el, LAC: lacAddr(int(el % 3)), Tunnel: uint16(el % 500), Arrived: epoch.Add(c.arrived)}, nil)
	for _, d := range m.c.Expire(now, 16, nil) {
		if !d.Silent {
			m.now += modelCheap
		}
	}
}

func (m *model) stage(el uint32) {
	c := &m.calls[el]
	if !m.c.cfg.Disabled && !m.c.holds(el) {
		return // withdrawn in the meantime: known at no cost
	}
	m.now += modelDear
	m.dear++
	if m.now-c.arrived > modelPatience {
		m.stale++
	}
	c.stage++
	if c.stage < modelStages {
		heap.Push(&m.events, modelEvent{m.now + modelTrip, 2, el})
		return
	}
	if m.now-c.arrived <= modelPatience {
		m.good++
	}
	m.c.Up(m.clock(), el)
}

// Goodput holds at many times capacity, next to the bound that the cheap work
// sets for any design; without admission it collapses.
func TestGoodputModel(t *testing.T) {
	const seconds = 20
	for _, k := range []float64{1, 2, 5, 10, 30, 100} {
		m := &model{c: New(Config{}, epoch), rand: rand.New(rand.NewPCG(1, 2))}
		got := m.run(k, seconds*time.Second)
		bound := 1 - 2*k*modelCheap.Seconds()/(modelStages*modelDear.Seconds()) // an ICRQ and a CDN each
		want := 0.95 * min(bound, 1)
		if k == 1 {
			want = 0.9 // arrivals at random leave the processor idle now and then
		}
		stale := float64(m.stale) / float64(m.dear)
		t.Logf("%5.0fx: goodput %.3f of capacity, bound %.3f, stale work %.4f, L %d", k, got, bound, stale, m.c.Snapshot(m.clock()).Slots)
		if got < want || stale > 0.01 {
			t.Errorf("%.0fx: goodput %.3f, want %.3f; stale work %.4f", k, got, want, stale)
		}
	}
	m := &model{c: New(Config{Disabled: true}, epoch), rand: rand.New(rand.NewPCG(1, 2))}
	if got := m.run(10, 2*seconds*time.Second); got > 0.4 {
		t.Errorf("without admission goodput is %.3f at 10 times capacity: the model is too kind", got)
	} else {
		t.Logf("without admission, 10x: %.3f", got)
	}
}

// holds reports whether the call is parked or in set-up.
func (c *Controller) holds(element uint32) bool {
	_, parked := c.queue.find(element)
	_, begun := c.setup.calls[element]
	return parked || begun
}
