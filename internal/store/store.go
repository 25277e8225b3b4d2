// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// Errors that Open wraps.
var (
	ErrLocked  = errors.New("store: another process uses the file")
	ErrCorrupt = errors.New("store: the file is damaged")
	ErrVersion = errors.New("store: a later version has written the file")
)

// Options of a store. Zero fields have defaults.
type Options struct {
	Tables     []string      // that there are
	Interval   time.Duration // how long a write waits for others at most; default 2 ms
	BatchMax   int           // operations in one transaction; default 16,384
	BatchBytes int           // octets of keys and values in one transaction; default 8 MiB
	QueueMax   int           // operations that wait; default 131,072
	SizeMax    int64         // octets of the file; default: as the disk has room
	// Report is told of the first failure of a series, and with a nil error that
	// writing works again. Of the writer's goroutine; it must not block.
	Report func(error)
	NoSync bool // for tests: nothing survives the failure of the machine then
}

// Op is one change: Value becomes the value of Key, or nil removes the key.
type Op struct {
	Table      string
	Key, Value []byte
}

// Stats is what a store has counted.
type Stats struct {
	Commits  uint64        // transactions that are on disk: two fsyncs each
	Ops      uint64        // changes in them
	Bytes    uint64        // octets of their keys and values
	Failures uint64        // transactions that failed and were tried again
	Refused  uint64        // writes that did not fit the queue
	Waiting  int           // operations in the queue
	Latency  time.Duration // of the last transaction that succeeded
	Failing  bool          // the last transaction failed
}

// Store is an open file.
type Store struct {
	opt  Options
	path string
	db   *bbolt.DB
	boot uint32

	mu      sync.Mutex // guards what waits
	waiting []write
	ops     int
	bytes   int
	wake    chan struct{} // something waits
	full    chan struct{} // a transaction's worth waits

	commits, written, octets, failures, refused atomic.Uint64
	latency                                     atomic.Int64
	failing                                     atomic.Bool
	broken                                      atomic.Bool // damage was found: bbolt is not called for writing any more
}

// layout is the version of the buckets of this package; what is in the tables has
// versions of its own.
const layout = 1

var (
	own        = []byte("store")
	keyVersion = []byte("version")
	keyBoot    = []byte("boot")
)

// Open opens the file, makes it if there is none, and counts this boot.
func Open(path string, o Options) (*Store, error) {
	o.defaults()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := check(path); err != nil {
		return nil, err
	}
	s := &Store{opt: o, path: path, wake: make(chan struct{}, 1), full: make(chan struct{}, 1)}
	err := guard(func() (err error) {
		s.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, MaxSize: int(o.SizeMax), NoSync: o.NoSync, NoStatistics: true,
		})
		return err
	})
	if err != nil {
		return nil, explain(path, err)
	}
	if err := guard(s.begin); err != nil {
		return nil, errors.Join(explain(path, err), s.db.Close())
	}
	return s, nil
}

func (o *Options) defaults() {
	if o.Interval == 0 {
		o.Interval = 2 * time.Millisecond
	}
	if o.BatchMax == 0 {
		o.BatchMax = 16384
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = 8 << 20
	}
	if o.QueueMax == 0 {
		o.QueueMax = 131072
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
}

// begin makes the buckets and counts the boot.
func (s *Store) begin() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range s.opt.Tables {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
		}
		b, err := tx.CreateBucketIfNotExists(own)
		if err != nil {
			return err
		}
		switch v := number(b.Get(keyVersion)); {
		case v > layout:
			return fmt.Errorf("layout %d, this version knows %d: %w", v, layout, ErrVersion)
		case v < layout:
			if err := b.Put(keyVersion, binary.BigEndian.AppendUint32(nil, layout)); err != nil {
				return err
			}
		}
		s.boot = number(b.Get(keyBoot)) + 1
		return b.Put(keyBoot, binary.BigEndian.AppendUint32(nil, s.boot))
	})
}

func number(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// Boot is the number of this opening of the file, from 1.
func (s *Store) Boot() uint32 { return s.boot }

// Scan gives the keys of a table that begin with prefix, from the key from or the
// first one after it, in order, as long as each returns true. What has not been
// committed is not seen. key and value are valid until each returns.
func (s *Store) Scan(table string, prefix, from []byte, each func(key, value []byte) bool) error {
	return guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(table))
			if b == nil {
				return fmt.Errorf("store: no table %q", table)
			}
			c := b.Cursor()
			if string(from) < string(prefix) {
				from = prefix
			}
			for k, v := c.Seek(from); k != nil && hasPrefix(k, prefix) && each(k, v); k, v = c.Next() {
			}
			return nil
		})
	})
}

func hasPrefix(k, prefix []byte) bool {
	return len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix)
}

// Stats is a copy of the counters.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Commits: s.commits.Load(), Ops: s.written.Load(), Bytes: s.octets.Load(), Failures: s.failures.Load(),
		Refused: s.refused.Load(), Waiting: s.ops, Latency: time.Duration(s.latency.Load()), Failing: s.failing.Load(),
	}
}

// Close closes the file. Run must have returned.
func (s *Store) Close() error {
	if s.broken.Load() {
		return nil // it would wait for the lock; the process ends and with it the file
	}
	return s.db.Close()
}
