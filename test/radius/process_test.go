// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// parent is the thread that starts all processes. The kernel ends them with it
// (PR_SET_PDEATHSIG), so that none is left when a test dies; other threads come and
// go with namespaces.
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

// begin starts a process that ends with the test binary.
func begin(c *exec.Cmd) (err error) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan struct{})
	parent() <- func() {
		defer close(done)
		err = c.Start()
	}
	<-done
	return err
}
