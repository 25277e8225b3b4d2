// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"strings"
	"testing"
)

// Every part of a running daemon is known by name, so that an operator sees who
// burns the processors; and the computer is that on which it runs.
func TestComputerAndParts(t *testing.T) {
	r := prepare(t, text()).start()
	defer r.stop()
	processes := r.show("show system processes extensive")
	for _, part := range []string{"shard 0", "shard 1", "readers", "police", "aaa", "log", "api", "metrics", "runtime"} {
		if !strings.Contains(processes, "{"+part+"}\n") {
			t.Errorf("no part %s", part)
		}
	}
	if strings.Contains(processes, "{}") || t.Failed() {
		t.Errorf("processes:\n%s", processes)
	}
	engine := r.show("show chassis routing-engine")
	for _, field := range []string{"DRAM", "Memory utilization", "CPU utilization:", "Kernel", "Idle", "Model", "Start time", "Uptime", "Load averages:"} {
		if !strings.Contains(engine, field) {
			t.Errorf("no %s in\n%s", field, engine)
		}
	}
}
