// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A process outlives the thread of the goroutine that asked for it: the runtime
// ends a thread with a goroutine that stays locked to it.
func TestOutlivesThread(t *testing.T) {
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cat.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	thread, started := 0, make(chan error)
	go func() {
		runtime.LockOSThread()
		thread = syscall.Gettid()
		started <- Start(cat)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	for thread != os.Getpid() { // the first thread never ends
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); err != nil {
			break
		}
		runtime.Gosched()
	}
	fmt.Fprintln(in, "here")
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "here\n" {
		t.Errorf("%q, %v", line, err)
	}
	in.Close()
	if err := cat.Wait(); err != nil {
		t.Error(err)
	}
}

// A process ends when the one that started it is killed.
func TestEndsWithParent(t *testing.T) {
	if os.Getenv("PROCESS_PARENT") != "" {
		c := exec.Command("cat")
		c.Stdin = os.Stdin
		if err := Start(c); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("child %d\n", c.Process.Pid)
		_ = c.Wait()
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestEndsWithParent$")
	parent.Env = append(os.Environ(), "PROCESS_PARENT=1")
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := Start(parent); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, numErr := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "child ")))
	if err != nil || numErr != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for {             // dead, and read by its new parent or still a zombie
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		runtime.Gosched()
	}
}
