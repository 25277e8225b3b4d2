// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/api/apitest"
)

// screen is a terminal's wire in memory: keys go in, what is shown comes out.
type screen struct {
	keys *strings.Reader
	bytes.Buffer
}

func (s *screen) Read(b []byte) (int, error) { return s.keys.Read(b) }

// typing types keys at the prompt and returns the screen.
func typing(t *testing.T, socket, keys string) string {
	t.Helper()
	s := &screen{keys: strings.NewReader(keys)}
	if err := converse(context.Background(), dial(socket), socket, newTerminal(s)); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(s.String(), "\r\n", "\n")
}

func serve(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := api.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	b := apitest.Sample(apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 1, SessionsPerTunnel: 2}, time.Now())
	go func() { done <- api.New(b).Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return socket
}

// A conversation: completion by tab and space, help, a mistake, the end.
func TestShell(t *testing.T) {
	socket := serve(t)
	for _, c := range []struct{ why, keys, want string }{
		{"the prompt is the host's name", "exit\r", "lns1> "},
		{"a command runs", "show subscribers count\r", "Total subscribers: 2, Active Subscribers: 2\n"},
		{"space and tab complete words", "sh sub\tcou\t\r", "show subscribers count"},
		{"? lists what may follow", "show ?exit\r", "network-access       Authentication"},
		{"a mistake is shown where it is", "show nothing\r", "show nothing\n     ^\nsyntax error"},
		{"an empty line is nothing", "\r \rquit\r", "lns1> "},
		{"pipes work", `show subscribers | count` + "\r", "Count: 5 lines"},
		{"an open quote is told", `show subscribers | match "x` + "\r", "expecting <closing"},
		{"? in the wrong place says so", "shw ?\r", "expecting <clear|show|test>"},
	} {
		if got := typing(t, socket, c.keys); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q shows\n%s", c.why, c.keys, got)
		}
	}
}

// Without a daemon there is still a prompt, and the reason.
func TestShellWithoutDaemon(t *testing.T) {
	got := typing(t, filepath.Join(t.TempDir(), "none"), "exit\r")
	if !strings.Contains(got, "is holdfast running?") || !strings.Contains(got, "holdfast> ") {
		t.Errorf("shows\n%s", got)
	}
}

// What is not a terminal gets no prompt: an empty command is a mistake.
func TestNoTerminalNoShell(t *testing.T) {
	var errOut bytes.Buffer
	if code := Run(context.Background(), "none", nil, strings.NewReader(""), io.Discard, &errOut); code != exitSyntax {
		t.Errorf("exit code %d, want %d: %s", code, exitSyntax, errOut.String())
	}
}

// Scripts tell mistakes from failures by the exit code.
func TestExitCodes(t *testing.T) {
	socket := serve(t)
	for _, c := range []struct {
		words []string
		want  int
	}{
		{[]string{"show", "version"}, exitOK},
		{[]string{"show", "nothing"}, exitSyntax},
		{[]string{`show version | match "x`}, exitSyntax},
		{[]string{"show", "version", "| last x"}, exitSyntax},
		{[]string{"show", "?"}, exitOK},
		{[]string{"show", "network-access", "aaa", "statistics", "address-assignment", "pool", "nosuch"}, exitFailed},
	} {
		if got := Run(context.Background(), socket, c.words, strings.NewReader(""), io.Discard, io.Discard); got != c.want {
			t.Errorf("%q: exit code %d, want %d", c.words, got, c.want)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if got := Run(ended, socket, []string{"show", "version"}, strings.NewReader(""), io.Discard, io.Discard); got != exitOK {
		t.Errorf("interrupted: exit code %d, want %d", got, exitOK)
	}
}
