// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"testing"
	"time"
)

// The usage follows what the process does: it burns CPU, touches memory and
// opens a file, and each shows.
func TestProcess(t *testing.T) {
	before, err := Process()
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, 32<<20)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	f, err := os.Open("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
		memory[int(time.Since(began))%len(memory)]++
	}
	after, err := Process()
	if err != nil {
		t.Fatal(err)
	}
	if cpu := after.User + after.System - before.User - before.System; cpu < time.Millisecond {
		t.Errorf("30 ms of work cost %v of CPU", cpu)
	}
	if grown := int64(after.ResidentBytes - before.ResidentBytes); grown < 16<<20 {
		t.Errorf("32 MiB of touched memory grew the process by %d octets", grown)
	}
	if after.Descriptors != before.Descriptors+1 {
		t.Errorf("descriptors went from %d to %d", before.Descriptors, after.Descriptors)
	}
	memory[0]++ // alive until here
}
