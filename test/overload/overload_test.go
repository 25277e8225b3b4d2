// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/testenv"
)

// The whole benchmark in small: it runs to its end, everything in its tables was
// measured, and a server that is slowed keeps its goodput at ten times its capacity.
func TestSmoke(t *testing.T) {
	testenv.Long(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o, err := parseFlags([]string{"-quick", "-binary", binary, "-json", filepath.Join(dir, "x.json"), "-html", filepath.Join(dir, "x.html")})
	if err != nil {
		t.Fatal(err)
	}
	o.ablate = nil
	var text strings.Builder
	if err := o.run(t.Context(), &text); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
	var x results
	b, err := os.ReadFile(filepath.Join(dir, "x.json"))
	if err == nil {
		err = json.Unmarshal(b, &x)
	}
	if err != nil || x.Slowed == nil || len(x.Slowed.Rows) != 2 || x.Full == nil || len(x.Full.Rows) != 1 || x.Slowed.SetUp <= 0 {
		t.Fatalf("%v: %+v", err, x)
	}
	for i := range x.Slowed.Rows {
		o := &x.Slowed.Rows[i]
		if o.Capacity < 50 || o.Offered < 0.8*o.Times*o.Capacity || o.Missed > 0 || o.Lost > 0 || o.Dropped > 0 || o.Hello.P99 == 0 || o.After.P99 == 0 {
			t.Errorf("%+v", o)
		}
		if o.Share() < 0.5 {
			t.Errorf("goodput %.2f of the capacity at %g times", o.Share(), o.Times)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "x.html")); err != nil || info.Size() < 10000 {
		t.Errorf("report: %v", err)
	}
}

// Multiples are positive numbers.
func TestFlags(t *testing.T) {
	o, err := parseFlags([]string{"-times", "1,2.5", "-full-times", ""})
	if err != nil || len(o.times) != 2 || o.times[1] != 2.5 || o.fullTimes != nil || len(o.ablate) != 2 {
		t.Errorf("%+v %v", o, err)
	}
	for _, bad := range []string{"0", "x", "-1", "1,nan"} {
		if _, err := parseFlags([]string{"-times", bad}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
