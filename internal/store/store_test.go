// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childFile) != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

// running is a store and its writer.
type running struct {
	*Store
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
}

func open(t *testing.T, path string, o Options) *running {
	t.Helper()
	o.Tables = []string{"a", "b"}
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Store: s, t: t, ended: make(chan error, 1)}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.ended <- s.Run(ctx) }()
	t.Cleanup(func() { r.stop() })
	return r
}

// stop ends the writer and closes the file; again does nothing.
func (r *running) stop() error {
	if r.ended == nil {
		return nil
	}
	r.cancel()
	err := <-r.ended
	r.ended = nil
	return errors.Join(err, r.Close())
}

// put writes and waits until it is on disk.
func (r *running) put(table, key, value string) {
	r.t.Helper()
	done := make(chan struct{})
	if !r.Write([]Op{{table, []byte(key), []byte(value)}}, func() { close(done) }) {
		r.t.Fatal("refused")
	}
	<-done
}

func (r *running) keys(table, prefix, from string) (list []string) {
	r.t.Helper()
	err := r.Scan(table, []byte(prefix), []byte(from), func(k, v []byte) bool {
		list = append(list, string(k)+"="+string(v))
		return true
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

func TestWrittenIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "s.db")
	r := open(t, path, Options{})
	if r.Boot() != 1 {
		t.Errorf("first boot is %d", r.Boot())
	}
	r.put("a", "x2", "2")
	r.put("a", "x1", "1")
	r.put("a", "y1", "3")
	r.put("b", "x1", "other")
	r.Write([]Op{{"a", []byte("x2"), nil}, {"a", []byte("x3"), []byte("4")}, {"a", []byte("none"), nil}}, nil)
	if err := r.stop(); err != nil { // what waits is committed at the end
		t.Fatal(err)
	}
	r = open(t, path, Options{})
	for _, want := range []struct {
		table, prefix, from string
		keys                []string
	}{
		{"a", "", "", []string{"x1=1", "x3=4", "y1=3"}},
		{"a", "x", "", []string{"x1=1", "x3=4"}},
		{"a", "x", "x2", []string{"x3=4"}},
		{"b", "", "", []string{"x1=other"}},
	} {
		if got := r.keys(want.table, want.prefix, want.from); fmt.Sprint(got) != fmt.Sprint(want.keys) {
			t.Errorf("table %s, prefix %q from %q: %v, not %v", want.table, want.prefix, want.from, got, want.keys)
		}
	}
	if r.Boot() != 2 {
		t.Errorf("second boot is %d", r.Boot())
	}
}

// Many writes, few transactions: that is what makes durable accounting possible.
func TestWritesOfManyShareATransaction(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "s.db"), Options{Interval: 20 * time.Millisecond})
	const n = 2000
	done := make(chan int, n)
	for i := range n {
		r.Write([]Op{{"a", binary.BigEndian.AppendUint32(nil, uint32(i)), []byte("value")}}, func() { done <- i })
	}
	for i := range n {
		if got := <-done; got != i {
			t.Fatalf("write %d was done when it was the turn of %d", got, i)
		}
	}
	if s := r.Stats(); s.Ops != n || s.Commits > n/20 || s.Waiting != 0 || s.Bytes != n*9 {
		t.Errorf("%+v", s)
	}
}

func TestFullQueueRefuses(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "s.db"), Options{Tables: []string{"a"}, QueueMax: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	op := func(k string) Op { return Op{"a", []byte(k), []byte("v")} }
	if !s.Write([]Op{op("1"), op("2")}, nil) || s.Write([]Op{op("3"), op("4")}, nil) || !s.Write([]Op{op("5")}, nil) {
		t.Error("not the one that does not fit was refused")
	}
	if st := s.Stats(); st.Waiting != 3 || st.Refused != 1 {
		t.Errorf("%+v", st)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != nil || s.Stats().Waiting != 0 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

// A disk without room delays writes and loses none.
func TestDiskFull(t *testing.T) {
	reports := make(chan error, 2)
	r := open(t, filepath.Join(t.TempDir(), "s.db"), Options{SizeMax: 1 << 20, Report: func(err error) { reports <- err }})
	var written atomic.Int64
	n := int64(0)
	for ; len(reports) == 0; n++ {
		answered := make(chan struct{})
		r.Write([]Op{{"a", binary.BigEndian.AppendUint32(nil, uint32(n)), make([]byte, 64<<10)}}, func() {
			written.Add(1)
			close(answered)
		})
		select {
		case <-answered:
		case err := <-reports:
			reports <- err
		}
	}
	if err := <-reports; err == nil || errors.Is(err, ErrCorrupt) {
		t.Fatalf("report: %v", err)
	}
	if written.Load() != n-1 || !r.Stats().Failing {
		t.Fatalf("%d of %d writes said done on a full disk", written.Load(), n)
	}
	if there := len(r.keys("a", "", "")); int64(there) != n-1 {
		t.Errorf("%d are there, %d were said to be", there, n-1)
	}
	makeRoom(r)
	if err := <-reports; err != nil {
		t.Fatalf("report after there was room: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if written.Load() != n {
		t.Errorf("%d of %d writes were done", written.Load(), n)
	}
}

// makeRoom lifts the bound of the file. The writer reads it inside a transaction,
// so one of our own keeps it out meanwhile.
func makeRoom(r *running) {
	tx, err := r.db.Begin(true)
	if err != nil {
		r.t.Fatal(err)
	}
	r.db.MaxSize = 0
	if err := tx.Rollback(); err != nil {
		r.t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Run("locked", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s.db")
		r := open(t, path, Options{})
		defer r.stop()
		if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
			t.Errorf("%v", err)
		}
	})
	t.Run("later version", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s.db")
		r := open(t, path, Options{})
		if err := r.db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket(own).Put(keyVersion, []byte{0, 0, 0, layout + 1})
		}); err != nil {
			t.Fatal(err)
		}
		r.stop()
		if _, err := Open(path, Options{}); !errors.Is(err, ErrVersion) {
			t.Errorf("%v", err)
		}
	})
	t.Run("not ours", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s.db")
		if err := os.WriteFile(path, make([]byte, 100000), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no folder", func(t *testing.T) {
		if _, err := Open("/dev/null/s.db", Options{}); err == nil {
			t.Error("opened")
		}
	})
}

// Whatever is changed in or cut off the file, Open either finds it or has a sound
// file; it never brings the process down.
func TestDamageIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "s.db")
	r := open(t, path, Options{NoSync: true})
	for i := range 3000 {
		r.Write([]Op{{"a", binary.BigEndian.AppendUint64(nil, random.Uint64()), make([]byte, i%300)}}, nil)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range 60 {
		b := append([]byte(nil), sound...)
		if random.IntN(3) == 0 {
			b = b[:random.IntN(len(b))]
		} else {
			page := random.IntN(len(b)/4096) * 4096
			for range 1 + random.IntN(8) {
				b[page+random.IntN(64)] = byte(random.Uint32())
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{Tables: []string{"a"}, NoSync: true})
		if err != nil {
			refused++
			continue
		}
		if err := s.Scan("a", nil, nil, func(_, _ []byte) bool { return true }); err != nil {
			t.Logf("found while reading: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused < 10 {
		t.Errorf("only %d of 60 damaged files were refused", refused)
	}
}

// What bbolt writes is sound to the check, whatever was done to it.
func TestSoundFilesAreOpened(t *testing.T) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 2))
	path := filepath.Join(t.TempDir(), "s.db")
	for round := range 25 {
		r := open(t, path, Options{NoSync: true, BatchMax: 300})
		for range 2000 {
			key := binary.BigEndian.AppendUint64(nil, random.Uint64N(1<<(4+uint(round))))
			op := Op{[]string{"a", "b"}[random.IntN(2)], key, make([]byte, random.IntN(200))}
			switch {
			case random.IntN(2) == 0:
				op.Value = nil
			case random.IntN(100) == 0:
				op.Value = make([]byte, 20000)
			}
			r.Write([]Op{op}, nil)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "s.db"), Options{Tables: []string{"a"}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	value := make([]byte, 250)
	done := make(chan struct{}, 1<<20)
	waiting := 0
	for i := 0; b.Loop(); i++ {
		key := binary.BigEndian.AppendUint64(nil, uint64(i))
		for !s.Write([]Op{{"a", key, value}}, func() { done <- struct{}{} }) {
			<-done
			waiting--
		}
		waiting++
	}
	for ; waiting > 0; waiting-- {
		<-done
	}
	st := s.Stats()
	b.ReportMetric(float64(st.Ops)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(st.Commits)/b.Elapsed().Seconds(), "transactions/s")
	cancel()
	if err := errors.Join(<-ended, s.Close()); err != nil {
		b.Fatal(err)
	}
}
