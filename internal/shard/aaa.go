// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"math"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// AAA is asked who subscribers are and told of what they use. Its methods do not
// wait; the slices are borrowed until return.
type AAA interface {
	// Authenticate asks; each query has one answer, which comes by Shard.Answer.
	Authenticate(shard int, queries []lns.AuthQuery)
	// Account tells; what is on disk is said by Shard.Durable.
	Account(shard int, records []lns.AccountRecord)
}

// noAAA answers as when there is no server: the engine of a shard without AAA asks
// all the same.
type noAAA struct{ shard *Shard }

func (n noAAA) Authenticate(_ int, queries []lns.AuthQuery) {
	for i := range queries {
		one := [1]lns.AuthAnswer{{Ref: queries[i].Ref, Result: lns.AuthTimeout}}
		n.shard.Answer(one[:])
	}
}

func (n noAAA) Account(_ int, records []lns.AccountRecord) {
	for i := range records {
		if records[i].Kind.Awaited() {
			one := [1]lns.AuthRef{records[i].Ref}
			n.shard.Durable(one[:])
		}
	}
}

// Answer takes answers to the shard's queries, and copies them. None is ever
// refused: there is one for each query, and the engine's window bounds those. Any
// goroutine.
func (s *Shard) Answer(answers []lns.AuthAnswer) { s.answers.put(answers, math.MaxInt) }

// Durable takes the sessions whose opening is on disk, likewise: log-ins wait for
// it, and admission bounds those.
func (s *Shard) Durable(refs []lns.AuthRef) { s.durable.put(refs, math.MaxInt) }

// serveAAA feeds answers, one input each, and what is on disk. An answer means a
// good deal of work, so they are taken in bites.
func (s *Shard) serveAAA() (worked bool) {
	n := s.bites[ofAnswers].size()
	if answers := s.answers.take(n); len(answers) > 0 {
		worked = true
		s.more = s.more || len(answers) == n
		began := time.Now()
		for i := range answers {
			s.feed(input{kind: answer, answer: &answers[i]})
		}
		s.bites[ofAnswers].took(time.Since(began), len(answers))
	}
	n = s.bites[ofDurable].size()
	if refs := s.durable.take(n); len(refs) > 0 {
		worked = true
		s.more = s.more || len(refs) == n
		began := time.Now()
		s.feed(input{kind: durable, refs: refs})
		s.bites[ofDurable].took(time.Since(began), len(refs))
	}
	return worked
}

// account hands records over, with the counters of their sessions as the plane has
// them after what came before was carried out.
func (s *Shard) account(records []lns.AccountRecord) {
	s.accounted = s.accounted[:0]
	for i := range records {
		s.accounted = append(s.accounted, records[i].Element)
	}
	if n := len(records); cap(s.accounts) < n {
		s.accounts = make([]forward.Counters, n)
	}
	counters := s.accounts[:len(records)]
	s.plane.Read(s.accounted, counters)
	for i := range records {
		records[i].Counters = counters[i]
	}
	s.aaa.Account(s.id, records)
}
