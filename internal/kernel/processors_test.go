// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os/exec"
	"testing"
)

// A process that is confined runs its children there too, until it is freed.
func TestConfine(t *testing.T) {
	all, err := AllowedProcessors()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := all.Confine(); err != nil {
			t.Error(err)
		}
	}()
	last := all.Last()
	if last.set.Count() != 1 || last.set.Count() > all.set.Count() {
		t.Fatalf("the last of %d processors are %d", all.set.Count(), last.set.Count())
	}
	if err := last.Confine(); err != nil {
		t.Fatal(err)
	}
	if now, err := AllowedProcessors(); err != nil || now != last {
		t.Errorf("%v, %v", now, err)
	}
	if out, err := exec.Command("nproc").Output(); err != nil || string(out) != "1\n" {
		t.Errorf("a child has %q processors, %v", out, err)
	}
}
