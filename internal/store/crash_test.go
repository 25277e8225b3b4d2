// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// childFile names the file in the environment of a child that is to be killed.
const childFile = "HOLDFAST_STORE_CHILD"

// child writes numbers, two keys in each write, and prints each number once it is
// on disk, until it is killed.
func child() {
	s, err := Open(os.Getenv(childFile), Options{Tables: []string{"a", "b"}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	first := uint64(0)
	if err := s.Scan("a", nil, nil, func(k, _ []byte) bool { first = binary.BigEndian.Uint64(k) + 1; return true }); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	room := make(chan struct{}, 1000)
	go func() {
		for n := first; ; n++ {
			room <- struct{}{}
			key := binary.BigEndian.AppendUint64(nil, n)
			s.Write([]Op{{"a", key, []byte("v")}, {"b", key, make([]byte, n%500+1)}}, func() {
				fmt.Println(n)
				<-room
			})
		}
	}()
	_ = s.Run(context.Background())
}

// A process is killed at random moments. All that it was told to be on disk is
// there afterwards, each write is there whole or not at all, and none is there
// without those before it.
func TestKilledAtRandom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	random := rand.New(rand.NewPCG(rand.Uint64(), 1))
	said := -1
	for round := range 8 {
		for got := range killed(t, path, random.IntN(3000)) {
			said = got
		}
		s, err := Open(path, Options{Tables: []string{"a", "b"}})
		if err != nil {
			t.Fatalf("after kill %d: %v", round, err)
		}
		a, b := count(t, s, "a"), count(t, s, "b")
		if a != b || a <= said {
			t.Errorf("after kill %d: %d and %d records, %d was said to be there", round, a, b, said)
		}
		if int(s.Boot()) != 2*round+2 {
			t.Errorf("boot %d after %d kills", s.Boot(), round+1)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d records over 8 kills", said)
}

// killed runs a child, kills it after some lines, and yields what it said.
func killed(t *testing.T, path string, after int) func(func(int) bool) {
	return func(yield func(int) bool) {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), childFile+"="+path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if n == after {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			number, err := strconv.Atoi(lines.Text())
			if err != nil {
				if n >= after {
					break // a line that was cut
				}
				t.Fatalf("the child said %q", lines.Text())
			}
			if !yield(number) {
				break
			}
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) {
			t.Fatalf("the child ended by itself: %v", err)
		}
	}
}

// count is how many records there are; they must be 0, 1, 2 ...
func count(t *testing.T, s *Store, table string) (n int) {
	err := s.Scan(table, nil, nil, func(k, _ []byte) bool {
		if got := binary.BigEndian.Uint64(k); got != uint64(n) {
			t.Errorf("table %s: record %d where %d should be", table, got, n)
		}
		n++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
