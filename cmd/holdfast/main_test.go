// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Scripts run this program under its own name.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"holdfast": main}) }

// The scripts in testdata are what an operator types at a shell. The command
// "await SOCKET" waits until somebody answers there.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"await": await},
	})
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await SOCKET")
	}
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-retry.C {
		if c, err := net.Dial("unix", ts.MkAbs(args[0])); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("nobody answers at %s", args[0])
}
