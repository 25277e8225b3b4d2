// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"holdfast/internal/testenv"
	"holdfast/radius/radiustest"
	"holdfast/test/process"
)

// record is what a server was told once.
type record struct{ status, session, user string }

// server is a RADIUS server that lets everybody in.
type server interface {
	ports() (authentication, accounting uint16)
	// records are those that were acknowledged, in order.
	records() []record
	// await waits until there are n records, but no longer than most.
	await(n int, most time.Duration)
	// silence is how many requests were left without an answer.
	silence() int
}

// memory is one in memory, which leaves one Accounting-Request in ten without an answer.
type memory struct {
	*radiustest.Server
	silent atomic.Int64
}

func newMemory(t *testing.T) *memory {
	m := &memory{}
	m.Server = radiustest.New(t, radiustest.Config{Secret: secret, Answer: func(q *radiustest.Request) radiustest.Answer {
		if q.Code == radius.CodeAccountingRequest && rand.IntN(10) == 0 {
			m.silent.Add(1)
			return radiustest.Silent(q)
		}
		return radiustest.Accept(q)
	}})
	return m
}

func (m *memory) ports() (authentication, accounting uint16) {
	return m.Authentication(), m.Accounting()
}
func (m *memory) await(n int, most time.Duration) { m.WaitRecords(n, most) }
func (m *memory) silence() int                    { return int(m.silent.Load()) }

func (m *memory) records() (list []record) {
	for _, r := range m.Records() {
		list = append(list, record{r.Status.String(), r.SessionID, r.User})
	}
	return list
}

// freeradius is a FreeRADIUS that runs with the site of the examples, and writes
// what it is told into a detail file.
type freeradius struct {
	t           *testing.T
	dir         string
	auth, books uint16

	list []record // read so far
	read int64    // octets of the detail file
}

func newFreeRADIUS(t *testing.T) *freeradius {
	t.Helper()
	testenv.Commands(t, "freeradius")
	f := &freeradius{t: t, dir: t.TempDir(), auth: freePort(t), books: freePort(t)}
	text, err := os.ReadFile("../radius/testdata/radiusd.conf")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs("../../examples/freeradius")
	if err != nil {
		t.Fatal(err)
	}
	config, _, _ := strings.Cut(string(text), "listen {\n\ttype = auth+acct") // without TLS
	config = strings.NewReplacer(
		"EXAMPLES/users", f.dir+"/users", "DIR", f.dir, "EXAMPLES", examples,
		"AUTHENTICATION", strconv.Itoa(int(f.auth)), "ACCOUNTING", strconv.Itoa(int(f.books)),
	).Replace(config)
	for name, text := range map[string]string{
		"radiusd.conf": config, "dictionary": "$INCLUDE " + examples + "/dictionary\n", "users": "DEFAULT Cleartext-Password := \"password\"\n",
		"access_reject": "DEFAULT\n\tReply-Message =* ANY\n", "detail": "",
	} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.run()
	return f
}

// run starts it and waits until it serves.
func (f *freeradius) run() {
	f.t.Helper()
	c := exec.Command("/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", f.dir)
	out, err := c.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := process.Start(c); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		_ = c.Wait()
	})
	lines, log := bufio.NewScanner(out), ""
	for lines.Scan() {
		if log += lines.Text() + "\n"; strings.Contains(lines.Text(), "Ready to process requests") {
			go func() {
				for lines.Scan() { // it must not wait for us
				}
			}()
			return
		}
	}
	f.t.Fatal("freeradius does not become ready: ", log)
}

func (f *freeradius) ports() (authentication, accounting uint16) { return f.auth, f.books }
func (f *freeradius) silence() int                               { return 0 }

// records reads what the detail file has more than before: a line an attribute
// below a date, and an empty line behind each record.
func (f *freeradius) records() []record {
	file, err := os.Open(filepath.Join(f.dir, "detail"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	octets, err := io.ReadAll(io.NewSectionReader(file, f.read, math.MaxInt64-f.read))
	if err != nil {
		f.t.Fatal(err)
	}
	for text := string(octets); ; {
		one, rest, whole := strings.Cut(text, "\n\n")
		if !whole {
			return f.list
		}
		f.read += int64(len(text) - len(rest))
		text = rest
		f.list = append(f.list, parseRecord(one))
	}
}

func parseRecord(text string) (r record) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		value = strings.Trim(value, `"`)
		switch name {
		case "Acct-Status-Type":
			r.status = value
		case "Acct-Session-Id":
			r.session = value
		case "User-Name":
			r.user = value
		}
	}
	return r
}

func (f *freeradius) await(n int, most time.Duration) {
	look, enough := time.NewTicker(50*time.Millisecond), time.After(most)
	defer look.Stop()
	for len(f.records()) < n {
		select {
		case <-look.C:
		case <-enough:
			return
		}
	}
}

// freePort is a port that nobody has.
func freePort(t *testing.T) uint16 {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}
