// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// parent is the thread that starts all bound processes. PR_SET_PDEATHSIG (prctl(2))
// goes by the thread that made the process, and threads come and go: those that
// were in a network namespace end with what was done there.
var parent = sync.OnceValue(func() chan<- func() {
	orders := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range orders {
			f()
		}
	}()
	return orders
})

// Start starts a process that the kernel kills when this one ends, however it ends.
func Start(c *exec.Cmd) (err error) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
	done := make(chan struct{})
	parent() <- func() {
		defer close(done)
		err = c.Start()
	}
	<-done
	return err
}
