// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"time"

	"holdfast/internal/aaa"
	"holdfast/internal/config"
	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/metrics"
	"holdfast/internal/shard"
)

// startAAA makes what talks to RADIUS. It serves from runAAA on, when there are
// shards that it can answer.
func (d *daemon) startAAA(r *config.Result) error {
	writer := d.log.Writer()
	s, err := aaa.New(aaa.Options{
		Shards: shardCount(r),
		Answer: func(shard int, answers []lns.AuthAnswer) { d.shards[shard].Answer(answers) },
		Do:     d.Do,
		Police: d.guard.police,
		Log:    func(now time.Time, e *event.Record) { writer.Write(now, e) },
	})
	if err != nil {
		return err
	}
	p, err := s.Prepare(r.LNS)
	if err != nil {
		return err
	}
	p.Apply()
	d.aaa = s
	return nil
}

// runAAA lets it serve. It outlives the shards: what they tell last must arrive.
func (d *daemon) runAAA() {
	l := newLayer(d.failed)
	d.undo(l.stop)
	l.run(part("aaa", d.aaa.Run))
}

// asked is the AAA of the shards.
type asked struct{ d *daemon }

func (a asked) Authenticate(shard int, queries []lns.AuthQuery) {
	if a.d.accounting != nil {
		queries = a.d.accounting.Hold(shard, queries)
	}
	if len(queries) > 0 {
		a.d.aaa.Authenticate(shard, queries)
	}
}

func (a asked) Account(shard int, records []lns.AccountRecord) {
	if a.d.accounting != nil {
		a.d.accounting.Account(shard, records)
		return
	}
	// There is nothing to keep them with: sessions do not wait.
	for i := range records {
		if records[i].Kind.Awaited() {
			a.d.shards[shard].Durable([]lns.AuthRef{records[i].Ref})
		}
	}
}

// RADIUS is what the exchange with RADIUS servers has counted, for the metrics.
func (d *daemon) RADIUS(ctx context.Context) (metrics.RADIUS, error) {
	s, ok := d.aaa.Snapshot(ctx)
	if !ok {
		return metrics.RADIUS{}, shard.ErrStopped
	}
	return metrics.RADIUS{
		Servers: s.Servers, Answers: metrics.Answers(s.Authentication), Exchange: metrics.Exchange(s.Exchange), Dynamic: s.Dynamic,
	}, nil
}
