// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"holdfast/internal/netlab"
)

const (
	readyTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
)

// server is the LNS process.
type server struct {
	cmd    *exec.Cmd
	notify *net.UnixConn // where it says that it is ready, and that it stops
	log    *os.File
	exited chan struct{} // closed when it has ended
	err    error         // of its end; read after exited
}

// Serve starts the LNS with a configuration in which the gateways are 192.0.2.1
// and 192.0.2.2, and waits until it says that it is ready. Its log is in the
// file "lns.log" of the stage. env is added to its environment.
func (s *Stage) Serve(ctx context.Context, binary, configuration string, env ...string) error {
	path, err := s.configure(configuration)
	if err != nil {
		return err
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.File("notify"), Net: "unixgram"})
	if err != nil {
		return err
	}
	log, err := os.Create(s.File("lns.log"))
	if err != nil {
		return errors.Join(err, notify.Close())
	}
	v := &server{notify: notify, log: log, exited: make(chan struct{})}
	v.cmd = exec.Command(binary, "serve", "-c", path, "--socket", s.Socket())
	v.cmd.Stdout, v.cmd.Stderr = log, log
	v.cmd.Env = append(append(os.Environ(), "NOTIFY_SOCKET="+s.File("notify")), env...)
	v.cmd.SysProcAttr = ownGroup()
	if err := startIn(s.lns, v.cmd); err != nil {
		return errors.Join(fmt.Errorf("stage: start the LNS: %w", err), log.Close(), notify.Close())
	}
	go func() {
		v.err = v.cmd.Wait()
		close(v.exited)
	}()
	s.server = v
	return s.awaitReady(ctx)
}

// configure writes the configuration file.
func (s *Stage) configure(configuration string) (path string, err error) {
	path = s.File("holdfast.conf")
	return path, os.WriteFile(path, []byte(s.localised(configuration)), 0o600)
}

// Reload tells the LNS to put another configuration in force. Whether it does, its
// log says.
func (s *Stage) Reload(configuration string) error {
	if _, err := s.configure(configuration); err != nil {
		return err
	}
	return s.Signal(syscall.SIGHUP)
}

// ownGroup keeps an interrupt at the terminal from a child: we end it ourselves,
// when its time has come.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// startIn starts a process in a namespace; nil: in ours. A child begins in the
// namespace of the thread that makes it.
func startIn(n *netlab.Namespace, cmd *exec.Cmd) error {
	if n == nil {
		return cmd.Start()
	}
	return n.Do(cmd.Start)
}

// awaitReady waits for READY=1, as a service manager does.
func (s *Stage) awaitReady(ctx context.Context) error {
	notify := s.server.notify
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	go func() {
		select {
		case <-ctx.Done():
		case <-s.server.exited:
		}
		notify.SetReadDeadline(time.Unix(1, 0))
	}()
	b := make([]byte, 4096)
	for {
		n, err := notify.Read(b)
		if err != nil {
			return fmt.Errorf("stage: the LNS did not get ready:\n%s", s.LogTail())
		}
		for _, line := range strings.Split(string(b[:n]), "\n") {
			if line == "READY=1" {
				return nil
			}
		}
	}
}

// LogTail is the end of the LNS's log.
func (s *Stage) LogTail() string {
	const most = 4096
	text, err := os.ReadFile(s.File("lns.log"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

// Socket is where the LNS's API listens.
func (s *Stage) Socket() string { return s.File("holdfast.sock") }

// Dial connects to an address of the LNS's own host, such as its metrics.
func (s *Stage) Dial(network, address string) (conn net.Conn, err error) {
	if s.lns == nil {
		return net.Dial(network, s.localised(address))
	}
	err = s.lns.Do(func() error {
		var err error
		conn, err = net.Dial(network, address)
		return err
	})
	return conn, err
}

// PID is the LNS's process id.
func (s *Stage) PID() int { return s.server.cmd.Process.Pid }

// Show runs an operational command as an operator would, with the real client.
func (s *Stage) Show(ctx context.Context, binary string, out io.Writer, words ...string) error {
	cmd := exec.CommandContext(ctx, binary, append([]string{"--socket", s.Socket()}, words...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("stage: %s: %w", strings.Join(words, " "), err)
	}
	return nil
}

// Signal sends the LNS a signal.
func (s *Stage) Signal(what os.Signal) error { return s.server.cmd.Process.Signal(what) }

// Kill ends the LNS at once, without a word to its peers.
func (s *Stage) Kill() error {
	v := s.server
	s.server = nil
	defer v.log.Close()
	defer v.notify.Close()
	err := v.cmd.Process.Kill()
	<-v.exited
	return err
}

// Stop ends the LNS and says how long that took. It does nothing when there is none.
func (s *Stage) Stop() (time.Duration, error) {
	v := s.server
	if v == nil {
		return 0, nil
	}
	s.server = nil
	defer v.log.Close()
	defer v.notify.Close()
	began := time.Now()
	v.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which the wait tells
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-v.exited:
	case <-timer.C:
		v.cmd.Process.Kill()
		<-v.exited
		return time.Since(began), errors.New("stage: the LNS had to be killed")
	}
	if v.err != nil {
		return time.Since(began), fmt.Errorf("stage: the LNS ended: %w", v.err)
	}
	return time.Since(began), nil
}

// Beside calls f on the LNS's host: the sockets that f opens and the processes that
// it starts are there.
func (s *Stage) Beside(f func() error) error {
	if s.lns == nil {
		return f()
	}
	return s.lns.Do(f)
}
