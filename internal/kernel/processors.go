// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Processors is a set of processors of this host.
type Processors struct{ set unix.CPUSet }

// AllowedProcessors is the set that this process may run on.
func AllowedProcessors() (p Processors, err error) {
	if err = unix.SchedGetaffinity(os.Getpid(), &p.set); err != nil {
		err = fmt.Errorf("kernel: %w", err)
	}
	return p, err
}

// Last is the last processor of the set, alone.
func (p Processors) Last() (last Processors) {
	for cpu := len(p.set)*64 - 1; cpu >= 0; cpu-- {
		if p.set.IsSet(cpu) {
			last.set.Set(cpu)
			break
		}
	}
	return last
}

// Confine has all threads of this process, and those to come, run on the set; so do
// processes that it starts from then on.
func (p Processors) Confine() error {
	// A thread made meanwhile by one that was not confined yet is met the second time.
	for range 2 {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("kernel: %w", err)
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err == nil {
				err = unix.SchedSetaffinity(id, &p.set)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
				return fmt.Errorf("kernel: thread %s: %w", task.Name(), err)
			}
		}
	}
	return nil
}
