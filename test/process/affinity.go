// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Allowed is the set of processors that this process may run on.
func Allowed() (set unix.CPUSet, err error) {
	if err = unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
		err = fmt.Errorf("process: %w", err)
	}
	return set, err
}

// Last is the last processor of a set, alone.
func Last(set unix.CPUSet) (last unix.CPUSet) {
	for cpu := len(set)*64 - 1; cpu >= 0; cpu-- {
		if set.IsSet(cpu) {
			last.Set(cpu)
			break
		}
	}
	return last
}

// Confine has all threads of this process, and those to come, run on a set of
// processors; so do processes that it starts from then on.
func Confine(set unix.CPUSet) error {
	// A thread made meanwhile by one that was not confined yet is met the second time.
	for range 2 {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("process: %w", err)
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err == nil {
				err = unix.SchedSetaffinity(id, &set)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
				return fmt.Errorf("process: thread %s: %w", task.Name(), err)
			}
		}
	}
	return nil
}
