// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
)

// servers is the AAA of a shard under test.
type servers struct{ done []string }

func (s *servers) Authenticate(shard int, queries []lns.AuthQuery) {
	for i := range queries {
		s.done = append(s.done, fmt.Sprintf("%d asks for %d", shard, queries[i].Ref.Element))
	}
}

func (s *servers) Account(shard int, records []lns.AccountRecord) {
	for i := range records {
		s.done = append(s.done, fmt.Sprintf("%d tells of %d: %d", shard, records[i].Element, records[i].Counters.UpPackets))
	}
}

// metered is a plane whose counters are ten times the element.
type metered struct {
	*outside
	reads int
}

func (m *metered) Read(elements []uint32, into []forward.Counters) {
	m.reads++
	for i, e := range elements {
		into[i].UpPackets = 10 * uint64(e)
	}
}

// asking makes an engine that asks and tells with each batch of packets.
func asking() *machine {
	return &machine{quiet: true, packets: func(_ time.Time, _ []packet.Datagram, fx *lns.Effects) {
		fx.Authenticate = append(fx.Authenticate, lns.AuthQuery{Ref: lns.AuthRef{Element: 1}}, lns.AuthQuery{Ref: lns.AuthRef{Element: 2}})
		fx.Account = append(fx.Account, lns.AccountRecord{Ref: lns.AuthRef{Element: 3}, Element: 3}, lns.AccountRecord{Kind: lns.AccountStop, Element: 4})
	}}
}

// Queries and records reach AAA, records with their counters, which are read at
// once for all of an input.
func TestAAAIsAskedAndTold(t *testing.T) {
	out, aaa := &metered{outside: &outside{}}, &servers{}
	r := newRig(asking())
	r.Shard = New(Options{ID: 6, Engine: r.engine, Plane: out, Sender: out, AAA: aaa, Log: r.log})
	freed := 0
	r.Packets() <- batch(&freed, "in")
	r.turn()
	want := []string{"6 asks for 1", "6 asks for 2", "6 tells of 3: 30", "6 tells of 4: 40"}
	if !slices.Equal(aaa.done, want) || out.reads != 1 {
		t.Errorf("done %q with %d reads, want %q with one", aaa.done, out.reads, want)
	}
}

// However many answers come at once, the engine gets each of them, in order, and
// packets that come meanwhile are not kept waiting for all of them.
func TestAnswersAreNeverLost(t *testing.T) {
	r := newRig(&machine{})
	const many = 4096
	for i := range uint32(many) {
		r.Answer([]lns.AuthAnswer{{Ref: lns.AuthRef{Element: i}, Result: lns.AuthReject}})
	}
	r.Durable([]lns.AuthRef{{Element: 1}, {Element: 2}})
	r.turn()
	if n := len(r.engine.inputs); n != turnMax+2 {
		t.Fatalf("%d inputs in the first turn, want a bite of answers and two durable", n)
	}
	if got := r.engine.inputs[turnMax:]; !slices.Equal(got, []string{"durable 1", "durable 2"}) {
		t.Errorf("after the answers: %q", got)
	}
	freed := 0
	r.Packets() <- batch(&freed, "control")
	r.turn()
	if got := r.engine.inputs[turnMax+2]; got != "packets control" {
		t.Errorf("the second turn began with %q", got)
	}
	for r.turn() {
	}
	answers := slices.DeleteFunc(slices.Clone(r.engine.inputs), func(s string) bool { return s[:6] != "answer" })
	if len(answers) != many || answers[0] != "answer 0 1" || answers[many-1] != "answer 4095 1" {
		t.Errorf("%d answers, from %q to %q", len(answers), answers[0], answers[len(answers)-1])
	}
}

// A shard without AAA answers as when no server does, and keeps no log-in and no
// ended session waiting for a disk that is not there.
func TestWithoutAAA(t *testing.T) {
	r := newRig(asking())
	freed := 0
	r.Packets() <- batch(&freed, "in")
	for r.turn() {
	}
	wantInputs(t, r.engine, "answer 1 2", "answer 2 2", "durable 3", "durable 0")
}

// An answer wakes a shard that sleeps.
func TestAnswerWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&machine{}).start()
		synctest.Wait()
		r.Answer([]lns.AuthAnswer{{Ref: lns.AuthRef{Element: 5}}})
		synctest.Wait()
		r.Durable([]lns.AuthRef{{Element: 6}})
		synctest.Wait()
		r.end()
		wantInputs(t, r.engine, "answer 5 0", "durable 6")
	})
}
