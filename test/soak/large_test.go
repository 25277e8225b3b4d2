// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"holdfast/internal/testenv"
)

// What "make bench-large" does with a million, with few: all are set up, two LACs of
// three are cut off until their modems hang up, and all come back.
func TestRootLarge(t *testing.T) {
	testenv.Root(t)
	testenv.Commands(t, "unshare", "ip", "ps")
	binary := filepath.Join(t.TempDir(), "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command("../large.sh", "600", "60", "1s", "3500ms")
	c.Env = append(os.Environ(), "HOLDFAST="+binary)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
