// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"testing"
	"time"
)

// A name with brackets and spaces does not move the fields behind it.
func TestParseCPU(t *testing.T) {
	const behind = " S 1 2 3 4 5 6 7 8 9 10 123 77 0 0"
	for _, name := range []string{"(holdfast)", "(a) b) (c)"} {
		if d, err := parseCPU("42 " + name + behind); err != nil || d != 2*time.Second {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	for _, bad := range []string{"", "42 (x) S 1 2", "42 (x) S 1 2 3 4 5 6 7 8 9 10 a 77"} {
		if d, err := parseCPU(bad); err == nil {
			t.Errorf("%q gave %v", bad, d)
		}
	}
}

func TestParseResident(t *testing.T) {
	if n, err := parseResident("100 7 3 1 0 9 0\n"); err != nil || n != 7*int64(os.Getpagesize()) {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "100", "100 many"} {
		if n, err := parseResident(bad); err == nil {
			t.Errorf("%q gave %d", bad, n)
		}
	}
}

// What the kernel says of this very process can be read; of one that is not there, not.
func TestSelf(t *testing.T) {
	if _, err := CPU(os.Getpid()); err != nil {
		t.Error(err)
	}
	if n, err := Resident(os.Getpid()); err != nil || n < 1<<20 {
		t.Errorf("%d octets, %v", n, err)
	}
	if _, err := CPU(-1); err == nil {
		t.Error("no process has a negative id")
	}
	if _, err := Resident(-1); err == nil {
		t.Error("no process has a negative id")
	}
}
