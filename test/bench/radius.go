// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/storm"
	"holdfast/radius/radiustest"
)

// radiusSecret is that of the clients in examples/freeradius.
const radiusSecret = "testing123"

// server is a RADIUS server that lets everybody in, on the LNS's host.
type server interface {
	start(s *stage.Stage) error
	ports() (authentication, accounting uint16)
	close() error
}

// memory is one in this process.
type memory struct{ *radiustest.Server }

func (m *memory) start(s *stage.Stage) error {
	return s.Beside(func() (err error) {
		m.Server, err = radiustest.Start(radiustest.Config{Secret: radiusSecret})
		return err
	})
}

func (m *memory) ports() (authentication, accounting uint16) {
	return m.Authentication(), m.Accounting()
}

func (m *memory) close() error {
	if m.Server != nil {
		m.Close()
	}
	return nil
}

// freeradius is FreeRADIUS with the site of the examples.
type freeradius struct {
	root    string // of the repository
	command *exec.Cmd
	log     io.ReadCloser
}

// Ports of FreeRADIUS, which has the LNS's host to itself.
const freeradiusAuthentication, freeradiusAccounting = 11812, 11813

func (f *freeradius) ports() (authentication, accounting uint16) {
	return freeradiusAuthentication, freeradiusAccounting
}

func (f *freeradius) start(s *stage.Stage) error {
	dir := s.File("freeradius")
	if err := f.configure(dir); err != nil {
		return err
	}
	f.command = exec.Command("/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", dir)
	var err error
	if f.log, err = f.command.StdoutPipe(); err != nil {
		return err
	}
	f.command.Stderr = f.command.Stdout
	if err := s.Beside(f.command.Start); err != nil {
		f.command = nil
		return err
	}
	var said strings.Builder
	for lines := bufio.NewScanner(f.log); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to process requests") {
			go func() { _, _ = io.Copy(io.Discard, f.log) }() // it must not wait for us
			return nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	return fmt.Errorf("freeradius does not start:\n%s", said.String())
}

// configure writes what it needs around the example's site: what test/radius has,
// but TLS, and a users file that lets everybody in.
func (f *freeradius) configure(dir string) error {
	text, err := os.ReadFile(filepath.Join(f.root, "test/radius/testdata/radiusd.conf"))
	if err != nil {
		return err
	}
	examples, err := filepath.Abs(filepath.Join(f.root, "examples/freeradius"))
	if err != nil {
		return err
	}
	plain, _, _ := strings.Cut(string(text), "listen {\n\ttype = auth+acct")
	plain = strings.NewReplacer(
		"EXAMPLES/users", dir+"/users", "DIR", dir, "EXAMPLES", examples,
		"AUTHENTICATION", strconv.Itoa(freeradiusAuthentication), "ACCOUNTING", strconv.Itoa(freeradiusAccounting),
	).Replace(plain)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"radiusd.conf": plain, "dictionary": "$INCLUDE " + examples + "/dictionary\n",
		"users": "DEFAULT Cleartext-Password := \"password\"\n", "access_reject": "DEFAULT\n\tReply-Message =* ANY\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (f *freeradius) close() error {
	if f.command == nil {
		return nil
	}
	_ = f.command.Process.Kill() // it may have ended
	_ = f.command.Wait()         // killed, it says so
	return nil
}

// throughRADIUS measures log-ins that a RADIUS server decides on; accounted: and
// that are accounted, from the disk.
func (l lab) throughRADIUS(ctx context.Context, p storm.Plan, v server, accounted bool) (x *Login, err error) {
	s, err := stage.Open(l.mode, fmt.Sprintf("hf-bench-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.close(), s.Close()) }()
	if err := v.start(s); err != nil {
		return nil, err
	}
	authentication, accounting := v.ports()
	if err := s.Serve(ctx, l.binary, radiusConfiguration(authentication, accounting, accounted, s.File("spool.db"))); err != nil {
		return nil, err
	}
	return logins(ctx, s, p)
}
