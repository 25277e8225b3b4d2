// SPDX-License-Identifier: Apache-2.0

// Command guest is all of the user space that a User-Mode Linux guest of the
// interop suite needs besides the host's own programs. It has three lives:
//
//	process 1        mounts, loads modules, sets the network up, then reaps orphans
//	guest agent      serves package rpc's requests from the console: run, start, wait, read, write
//	guest lac ...    a small LAC: several calls in one tunnel, each a real pppd on the kernel's data path
//
// The root file system is the host's, read-only, so xl2tpd, pppd and ping are
// those that the host has installed. The agent knows nothing of L2TP: what is
// dialled and what must be seen is written in the tests.
//
// The LAC shares no code with package l2tp. A fault of our own reading of RFC
// 2661 would otherwise be on both ends and not be seen.
package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "agent":
		err = serve("/dev/tty1")
	case len(os.Args) > 1 && os.Args[1] == "lac":
		err = runLAC(os.Args[2:])
	case os.Getpid() == 1:
		boot()
	default:
		err = fmt.Errorf("usage: guest agent | guest lac FLAGS CALL... (process 1 boots)")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}
