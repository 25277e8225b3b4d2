// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// write is what one caller wants changed together.
type write struct {
	ops   []Op
	bytes int
	done  func()
}

// Write has changes made, all in one transaction. done is called on the writer's
// goroutine when they are on disk, and must not block; nil: nobody wants to know.
// The slices are the store's from then on. false: the queue is full, and nothing
// will happen. Writes are carried out in their order. Any goroutine.
func (s *Store) Write(ops []Op, done func()) bool {
	bytes := 0
	for i := range ops {
		bytes += len(ops[i].Key) + len(ops[i].Value)
	}
	s.mu.Lock()
	if s.ops > 0 && s.ops+len(ops) > s.opt.QueueMax {
		s.mu.Unlock()
		s.refused.Add(1)
		return false
	}
	s.waiting = append(s.waiting, write{ops, bytes, done})
	s.ops += len(ops)
	s.bytes += bytes
	full := s.ops >= s.opt.BatchMax || s.bytes >= s.opt.BatchBytes
	s.mu.Unlock()
	signal(s.wake)
	if full {
		signal(s.full)
	}
	return true
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Back-off of failed transactions.
const (
	retryMin = 100 * time.Millisecond
	retryMax = 5 * time.Second
)

// Run commits what is written until ctx is done, then what is left. It returns an
// error only when that could not be committed.
func (s *Store) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	retry := retryMin
	for {
		if !s.gather(ctx, timer) {
			return s.flush()
		}
		batch := s.take()
		for !s.commit(batch) {
			timer.Reset(retry)
			retry = min(2*retry, retryMax)
			select {
			case <-timer.C:
			case <-ctx.Done():
				if s.commit(batch) {
					return s.flush()
				}
				return s.left(len(batch))
			}
		}
		retry = retryMin
	}
}

// gather waits until a transaction is to begin; false: ctx is done.
func (s *Store) gather(ctx context.Context, timer *time.Timer) bool {
	if s.Stats().Waiting == 0 {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return false
		}
	}
	timer.Reset(s.opt.Interval)
	select {
	case <-timer.C:
	case <-s.full:
	case <-ctx.Done():
		return false
	}
	return true
}

// take takes a transaction's worth of writes out of the queue: whole writes, at
// least one.
func (s *Store) take() []write {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ops, bytes := 0, 0, 0
	for ; n < len(s.waiting); n++ {
		w := &s.waiting[n]
		if n > 0 && (ops+len(w.ops) > s.opt.BatchMax || bytes+w.bytes > s.opt.BatchBytes) {
			break
		}
		ops += len(w.ops)
		bytes += w.bytes
	}
	batch := s.waiting[:n:n]
	if n == len(s.waiting) {
		s.waiting = nil
	} else {
		s.waiting = s.waiting[n:]
		signal(s.full) // or the rest would wait once more
	}
	s.ops -= ops
	s.bytes -= bytes
	return batch
}

// flush commits all that waits.
func (s *Store) flush() error {
	for {
		batch := s.take()
		if len(batch) == 0 {
			return nil
		}
		if !s.commit(batch) {
			return s.left(len(batch))
		}
	}
}

// left is the error of ending with writes that are not on disk.
func (s *Store) left(batch int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Errorf("store: %d writes could not be committed before the end", batch+len(s.waiting))
}

// commit makes one transaction of the batch and tells those who wait for it.
func (s *Store) commit(batch []write) bool {
	if len(batch) == 0 {
		return true
	}
	if s.broken.Load() {
		return false
	}
	began := time.Now()
	ops, bytes := 0, 0
	err := guard(func() error {
		tx, err := s.db.Begin(true)
		if err != nil {
			return err
		}
		// After a commit this does nothing; bbolt leaves some failed ones open.
		defer func() { _ = tx.Rollback() }()
		for i := range batch {
			if err := apply(tx, batch[i].ops); err != nil {
				return err
			}
			ops += len(batch[i].ops)
			bytes += batch[i].bytes
		}
		return tx.Commit()
	})
	if err != nil {
		s.failures.Add(1)
		// bbolt has given up in the middle of its work, and may hold its lock for ever.
		s.broken.Store(errors.Is(err, ErrCorrupt))
		if !s.failing.Swap(true) {
			s.opt.Report(explain(s.path, err))
		}
		return false
	}
	s.commits.Add(1)
	s.written.Add(uint64(ops))
	s.octets.Add(uint64(bytes))
	s.latency.Store(int64(time.Since(began)))
	if s.failing.Swap(false) {
		s.opt.Report(nil)
	}
	for i := range batch {
		if batch[i].done != nil {
			batch[i].done()
		}
	}
	return true
}

// apply carries changes out. A removal of a key that is not there is none.
func apply(tx *bbolt.Tx, ops []Op) error {
	var name string
	var b *bbolt.Bucket
	for i := range ops {
		op := &ops[i]
		if b == nil || op.Table != name {
			name, b = op.Table, tx.Bucket([]byte(op.Table))
			if b == nil {
				return fmt.Errorf("store: no table %q", name)
			}
		}
		var err error
		if op.Value == nil {
			err = b.Delete(op.Key)
		} else {
			err = b.Put(op.Key, op.Value)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("table %s", name), err)
		}
	}
	return nil
}
