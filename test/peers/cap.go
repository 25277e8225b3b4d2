// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errNoCap says that this machine has no control group that bounds CPU time.
var errNoCap = errors.New("no cgroup with a CPU bound (cpu.max or cpu.cfs_quota_us) is to be had")

// capPeriod is how often a capped process gets its share. With the customary
// 100 ms it would run in bursts, with silences of 80 ms between them, and the
// silences would be what is measured.
const capPeriod = 10 * time.Millisecond

// cpuCap bounds the CPU time of processes to a share of one processor.
type cpuCap struct {
	dir     string
	unified bool // cgroup v2
}

// newCap makes a control group without a bound. Both versions of the interface are tried.
func newCap() (*cpuCap, error) {
	var failed []error
	for _, root := range []struct {
		dir     string
		unified bool
	}{{"/sys/fs/cgroup/cpu", false}, {"/sys/fs/cgroup/cpu,cpuacct", false}, {"/sys/fs/cgroup", true}} {
		c := &cpuCap{dir: filepath.Join(root.dir, fmt.Sprintf("hf-peers-%d", os.Getpid())), unified: root.unified}
		if root.unified {
			// Where it is on already, or somebody else's business, the files below tell.
			_ = os.WriteFile(filepath.Join(root.dir, "cgroup.subtree_control"), []byte("+cpu"), 0)
		} else if _, err := os.Stat(filepath.Join(root.dir, "cpu.shares")); err != nil {
			failed = append(failed, err)
			continue
		}
		err := os.Mkdir(c.dir, 0o755)
		if err == nil {
			if err = c.bound(0); err == nil {
				return c, nil
			}
			err = errors.Join(err, c.close())
		}
		failed = append(failed, err)
	}
	return nil, fmt.Errorf("%w: %w", errNoCap, errors.Join(failed...))
}

// bound sets the share; 0: no bound.
func (c *cpuCap) bound(share float64) error {
	period, quota := strconv.FormatInt(capPeriod.Microseconds(), 10), "-1"
	if share > 0 {
		quota = strconv.FormatInt(int64(share*float64(capPeriod.Microseconds())), 10)
	}
	if c.unified {
		return c.write("cpu.max", strings.Replace(quota, "-1", "max", 1)+" "+period)
	}
	return errors.Join(c.write("cpu.cfs_period_us", period), c.write("cpu.cfs_quota_us", quota))
}

// add puts a process with all its threads under the bound.
func (c *cpuCap) add(pid int) error { return c.write("cgroup.procs", strconv.Itoa(pid)) }

func (c *cpuCap) write(name, text string) error {
	f, err := os.OpenFile(filepath.Join(c.dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// close removes the group, whose processes must have ended.
func (c *cpuCap) close() error { return os.Remove(c.dir) }
