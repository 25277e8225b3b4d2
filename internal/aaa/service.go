// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/police"
	"holdfast/radius"
)

// Options is what a Service is made of.
type Options struct {
	Shards int
	// Answer takes answers to a shard's queries. It does not wait, and never loses
	// one: the slice is borrowed until return.
	Answer func(shard int, answers []lns.AuthAnswer)
	// Do has a shard serve a request and waits for its answer: for CoA and
	// Disconnect requests.
	Do func(ctx context.Context, shard int, r *lns.Request) error
	// Police is asked about what comes, before it is looked into; nil: all may come.
	Police *police.Police
	// Log takes an event of the service. It does not wait.
	Log func(now time.Time, r *event.Record)
}

// Service exchanges packets with RADIUS servers for all shards.
type Service struct {
	opt     Options
	x       *exchanger
	dynamic *dynamic
	auth    authCounters

	answers [][]lns.AuthAnswer // by shard: those of this turn; of the exchanger's goroutine
	touched []int              // shards that have some
}

// authCounters count queries and how they ended. Any goroutine.
type authCounters struct {
	requests, accepts, rejects, challenges, timeouts atomic.Uint64
	refused, unsent, malformed, ignored              atomic.Uint64
}

// New makes a Service without servers. Configure and Run are next.
func New(o Options) (*Service, error) {
	s := &Service{opt: o, answers: make([][]lns.AuthAnswer, o.Shards)}
	x, err := newExchanger(o.Log, s.flush)
	if err != nil {
		return nil, err
	}
	x.police = o.Police
	s.x = x
	s.dynamic = newDynamic(s)
	return s, nil
}

// Prepared is a configuration that is sound and whose resources are there.
// Exactly one of its methods is called, and neither can fail.
type Prepared struct {
	service *Service
	cfg     *lns.Config
	servers []*radius.Server
	tls     tlsConfigs
	dynamic *dynamicConfig
}

// Prepare reads certificates and opens ports for a configuration. It changes
// nothing.
func (s *Service) Prepare(cfg *lns.Config) (*Prepared, error) {
	p := &Prepared{service: s, cfg: cfg, servers: servers(cfg)}
	var err error
	if p.tls, err = loadTLS(p.servers); err != nil {
		return nil, err
	}
	if p.dynamic, err = s.dynamic.prepare(cfg, p.servers); err != nil {
		return nil, err
	}
	return p, nil
}

// Apply puts the configuration in force. Requests under way go on, with servers
// that are still there.
func (p *Prepared) Apply() {
	s := p.service
	s.x.mail.do(func(now time.Time) {
		s.x.configure(now, p.cfg.HostName, p.servers, p.cfg.Radius.Options, p.tls)
	})
	s.dynamic.apply(p.dynamic)
}

// Abort gives up what was opened for the configuration.
func (p *Prepared) Abort() { p.dynamic.abort() }

// Run serves until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	s.dynamic.start()
	err := s.x.run(ctx)
	s.dynamic.stop()
	return err
}

// gather keeps an answer until the end of the turn, so that a shard is woken once.
func (s *Service) gather(shard int, a lns.AuthAnswer) {
	if len(s.answers[shard]) == 0 {
		s.touched = append(s.touched, shard)
	}
	s.answers[shard] = append(s.answers[shard], a)
}

// flush hands the answers of a turn over.
func (s *Service) flush(time.Time) {
	for _, shard := range s.touched {
		s.opt.Answer(shard, s.answers[shard])
		clear(s.answers[shard])
		s.answers[shard] = s.answers[shard][:0]
	}
	s.touched = s.touched[:0]
}

// profiles are the AAA profiles that a configuration uses, each once: those of
// tunnel groups in their order, of their clients by name, of realms by name.
func profiles(cfg *lns.Config) (list []*lns.AAAProfile) {
	var add func(a *lns.AAAProfile)
	add = func(a *lns.AAAProfile) {
		if a == nil || slices.Contains(list, a) {
			return
		}
		list = append(list, a)
		for _, realm := range sortedKeys(a.Domains) {
			add(a.Domains[realm].AAA)
		}
	}
	for _, g := range cfg.Groups {
		add(g.AAA)
		for _, name := range sortedKeys(g.TermsByHostName) {
			add(g.TermsByHostName[name].AAA)
		}
		if g.TermsDefault != nil {
			add(g.TermsDefault.AAA)
		}
	}
	return list
}

// servers are the RADIUS servers that a configuration uses, each once.
func servers(cfg *lns.Config) (list []*radius.Server) {
	add := func(set *radius.Set) {
		if set == nil {
			return
		}
		for _, s := range set.Servers {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	for _, a := range profiles(cfg) {
		add(a.Radius)
		if a.Accounting != nil {
			add(a.Accounting.Set)
			add(a.Accounting.Duplicate)
		}
	}
	return list
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
