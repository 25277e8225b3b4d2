// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"testing"
)

// A process that is confined runs its children there too, until it is freed.
func TestConfine(t *testing.T) {
	all, err := Allowed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := Confine(all); err != nil {
			t.Error(err)
		}
	}()
	last := Last(all)
	if last.Count() != 1 || last.Count() > all.Count() {
		t.Fatalf("the last of %d processors are %d", all.Count(), last.Count())
	}
	if err := Confine(last); err != nil {
		t.Fatal(err)
	}
	if now, err := Allowed(); err != nil || now != last {
		t.Errorf("%v, %v", now, err)
	}
	if out, err := exec.Command("nproc").Output(); err != nil || string(out) != "1\n" {
		t.Errorf("a child has %q processors, %v", out, err)
	}
}
