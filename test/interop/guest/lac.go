// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// Message and attribute numbers of RFC 2661 that a LAC needs.
const (
	sccrq, sccrp, scccn, stopccn, hello                = 1, 2, 3, 4, 6
	icrq, icrp, iccn, cdn                              = 10, 11, 12, 14
	avpType, avpResult, avpVersion, avpFraming         = 0, 1, 2, 3
	avpHostName, avpTunnelID, avpWindow                = 7, 9, 10
	avpChallenge, avpChallengeResponse                 = 11, 13
	avpSessionID, avpSerial, avpBearer                 = 14, 15, 18
	avpFramingType, avpTxSpeed, avpRandomVector        = 19, 24, 36
	flagsControl                                uint16 = 0xc802
)

// lac is one tunnel with its calls. One goroutine owns it.
type lac struct {
	local  *net.UDPAddr
	remote *net.UDPAddr
	secret string
	redial time.Duration
	hello  time.Duration

	calls   []*call
	udp     *net.UDPConn
	px      int // the kernel's grip on the tunnel; -1: none
	up      bool
	id      uint16
	peer    uint16
	ns, nr  uint16
	queue   []*outgoing // unacknowledged, oldest first
	nonce   []byte      // our challenge
	heard   time.Time
	retryAt time.Time // when to dial again; zero: dialling or up
	serial  uint32
	ended   chan *call
}

// call is one modem.
type call struct {
	name  string
	id    uint16
	peer  uint16
	state string // idle, waiting, up
	at    time.Time
	pppd  *os.Process
}

type outgoing struct {
	ns    uint16
	data  []byte
	tries int
	due   time.Time
}

// runLAC dials one tunnel with the named calls and keeps them up until SIGTERM.
// pppd of a call reads /run/ppp/CALL.options.
func runLAC(args []string) error {
	f := flag.NewFlagSet("lac", flag.ContinueOnError)
	lns := f.String("lns", "", "address of the LNS")
	addr := f.String("addr", "", "our address")
	port := f.Int("port", 1701, "our port")
	l := &lac{px: -1, ended: make(chan *call, 64)}
	f.StringVar(&l.secret, "secret", "", "tunnel secret")
	f.DurationVar(&l.redial, "redial", 5*time.Second, "wait before a call or the tunnel is dialled again")
	f.DurationVar(&l.hello, "hello", 60*time.Second, "silence after which a HELLO is sent")
	if err := f.Parse(args); err != nil {
		return err
	}
	l.local = &net.UDPAddr{IP: net.ParseIP(*addr), Port: *port}
	l.remote = &net.UDPAddr{IP: net.ParseIP(*lns), Port: 1701}
	for _, name := range f.Args() {
		l.calls = append(l.calls, &call{name: name, state: "idle"})
	}
	return l.run()
}

func (l *lac) run() error {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGTERM, syscall.SIGINT)
	packets := make(chan []byte, 64)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var leaving time.Time
	l.dial(packets)
	for {
		select {
		case b := <-packets:
			l.receive(b)
		case c := <-l.ended:
			l.pppdEnded(c)
		case <-quit:
			leaving = time.Now()
			for _, c := range l.calls {
				c.hangUp()
			}
		case <-tick.C:
		}
		if !leaving.IsZero() {
			if l.leave(leaving) {
				return nil
			}
		} else if l.up {
			l.callIdle()
		} else if !l.retryAt.IsZero() && time.Now().After(l.retryAt) {
			l.dial(packets)
		}
		l.retransmit()
	}
}

// leave ends the tunnel once the last pppd has gone, and says when all is done.
func (l *lac) leave(since time.Time) bool {
	for _, c := range l.calls {
		if c.pppd != nil && time.Since(since) < 8*time.Second {
			return false
		}
	}
	if l.up {
		l.up = false
		l.send(0, stopccn, avp(avpTunnelID, u16(l.id)), avp(avpResult, u16(1)))
	}
	return len(l.queue) == 0 || time.Since(since) > 10*time.Second
}

// dial opens the socket and asks for a tunnel.
func (l *lac) dial(packets chan<- []byte) {
	udp, err := net.DialUDP("udp4", l.local, l.remote)
	if err != nil {
		l.note("dial: %v", err)
		l.retryAt = time.Now().Add(l.redial)
		return
	}
	l.udp, l.retryAt, l.heard = udp, time.Time{}, time.Now()
	l.id, l.peer, l.ns, l.nr, l.queue = randomID(), 0, 0, 0, nil
	go func() {
		for {
			b := make([]byte, 2048)
			n, err := udp.Read(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				packets <- b[:n]
			}
		}
	}()
	avps := [][]byte{
		avp(avpVersion, u16(0x100)), avp(avpFraming, u32(3)), avp(avpHostName, []byte("small-lac")),
		avp(avpTunnelID, u16(l.id)), avp(avpWindow, u16(8)),
	}
	if l.secret != "" {
		l.nonce = binary.BigEndian.AppendUint64(nil, rand.Uint64())
		avps = append(avps, avp(avpChallenge, l.nonce))
	}
	l.send(0, sccrq, avps...)
}

// drop forgets the tunnel; it is dialled again after a while.
func (l *lac) drop(why string) {
	l.note("tunnel gone: %s", why)
	for _, c := range l.calls {
		c.hangUp()
		l.idle(c)
	}
	if l.px >= 0 {
		syscall.Close(l.px)
		l.px = -1
	}
	l.udp.Close()
	l.up, l.queue, l.retryAt = false, nil, time.Now().Add(l.redial)
}

// callIdle dials what is idle, one call a tick, and keeps the tunnel proven.
func (l *lac) callIdle() {
	now := time.Now()
	for _, c := range l.calls {
		if c.state == "idle" && c.pppd == nil && !now.Before(c.at) {
			c.state, c.id = "waiting", randomID()
			l.serial++
			l.send(0, icrq, avp(avpSessionID, u16(c.id)), avp(avpSerial, u32(l.serial)), avp(avpBearer, u32(0)))
			return
		}
	}
	if now.Sub(l.heard) > l.hello && len(l.queue) == 0 {
		l.send(0, hello)
	}
}

// receive takes one datagram. Data never comes here: the kernel has it.
func (l *lac) receive(b []byte) {
	if len(b) < 12 || binary.BigEndian.Uint16(b)&0xc80f != flagsControl || binary.BigEndian.Uint16(b[4:]) != l.id {
		return
	}
	l.heard = time.Now()
	session, ns, nr := binary.BigEndian.Uint16(b[6:]), binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:])
	for len(l.queue) > 0 && l.queue[0].tries > 0 && int16(nr-l.queue[0].ns) > 0 {
		l.queue = l.queue[1:]
	}
	l.fill()
	if len(b) == 12 {
		return
	}
	if ns != l.nr {
		if int16(ns-l.nr) < 0 {
			l.acknowledge()
		}
		return
	}
	l.nr++
	sent := l.ns
	l.act(session, attributes(b[12:], l.secret))
	if l.ns == sent {
		l.acknowledge()
	}
}

// act does what a message in order asks for.
func (l *lac) act(session uint16, v map[uint16][]byte) {
	var c *call
	for _, x := range l.calls {
		if x.id == session && x.state != "idle" {
			c = x
		}
	}
	switch kind := get16(v[avpType]); {
	case kind == sccrp && !l.up:
		l.connected(v)
	case kind == icrp && c != nil && c.state == "waiting":
		c.peer = get16(v[avpSessionID])
		l.send(c.peer, iccn, avp(avpTxSpeed, u32(100_000_000)), avp(avpFramingType, u32(1)))
		l.startPPP(c)
	case kind == cdn && c != nil:
		l.note("%s: CDN from the LNS, result % x", c.name, v[avpResult])
		c.hangUp()
		l.idle(c)
	case kind == stopccn:
		l.acknowledge()
		l.drop(fmt.Sprintf("StopCCN from the LNS, result % x", v[avpResult]))
	}
}

// connected answers SCCRP, after a look at whether the LNS knows the secret.
func (l *lac) connected(v map[uint16][]byte) {
	l.peer = get16(v[avpTunnelID])
	if l.secret != "" && !bytes.Equal(v[avpChallengeResponse], response(sccrp, l.secret, l.nonce)) {
		l.send(0, stopccn, avp(avpTunnelID, u16(l.id)), avp(avpResult, u16(4)))
		l.drop("the LNS does not know the secret")
		return
	}
	var avps [][]byte
	if challenge, ok := v[avpChallenge]; ok {
		avps = append(avps, avp(avpChallengeResponse, response(scccn, l.secret, challenge)))
	}
	l.send(0, scccn, avps...)
	px, err := l.pppox(0, 0)
	if err != nil {
		l.drop(err.Error())
		return
	}
	l.px, l.up = px, true
	l.note("tunnel up, local %d remote %d", l.id, l.peer)
}

// pppox makes a kernel socket for the tunnel (both ids 0) or one of its sessions.
func (l *lac) pppox(session, peer uint16) (int, error) {
	const afPPPoX, protoL2TP = 24, 1
	fd, err := syscall.Socket(afPPPoX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, protoL2TP)
	if err != nil {
		return -1, fmt.Errorf("pppox socket: %w", err)
	}
	raw, err := l.udp.SyscallConn()
	if err != nil {
		return -1, err
	}
	var errno syscall.Errno
	err = raw.Control(func(udp uintptr) {
		// struct sockaddr_pppol2tp, packed, in the host's order but for the address
		var a bytes.Buffer
		remote := l.remote.IP.To4()
		for _, x := range []any{
			uint16(afPPPoX), uint32(protoL2TP), int32(0), int32(udp),
			uint16(syscall.AF_INET), [2]byte{1701 >> 8, 1701 & 0xff}, [4]byte(remote), [8]byte{},
			l.id, session, l.peer, peer,
		} {
			_ = binary.Write(&a, binary.NativeEndian, x) // into memory: cannot fail
		}
		errno = connect(fd, a.Bytes())
	})
	if err = errors.Join(err, wrap(errno)); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("pppox connect: %w", err)
	}
	return fd, nil
}

// startPPP runs pppd on the session's kernel socket.
func (l *lac) startPPP(c *call) {
	fd, err := l.pppox(c.id, c.peer)
	if err != nil {
		l.note("%s: %v", c.name, err)
		l.idle(c)
		return
	}
	socket := os.NewFile(uintptr(fd), "pppox")
	defer socket.Close()
	cmd := exec.Command("pppd", "plugin", "pppol2tp.so", "pppol2tp", "3", "passive", "nodetach", ":", "file", "/run/ppp/"+c.name+".options")
	cmd.ExtraFiles = []*os.File{socket}
	if err := cmd.Start(); err != nil {
		l.note("%s: %v", c.name, err)
		l.idle(c)
		return
	}
	c.pppd, c.state = cmd.Process, "up"
	l.note("%s: local %d remote %d, pppd %d", c.name, c.id, c.peer, cmd.Process.Pid)
	go func() {
		_ = cmd.Wait() // the reason is in pppd's own log
		l.ended <- c
	}()
}

func (l *lac) pppdEnded(c *call) {
	c.pppd = nil
	l.note("%s: pppd ended", c.name)
	if c.state == "up" {
		l.send(c.peer, cdn, avp(avpResult, u16(1)), avp(avpSessionID, u16(c.id)))
		l.idle(c)
	}
}

func (l *lac) idle(c *call) { c.state, c.at = "idle", time.Now().Add(l.redial) }

func (c *call) hangUp() {
	if c.pppd != nil {
		_ = c.pppd.Signal(syscall.SIGTERM) // gone already is as good
	}
}

// send queues a message; fill sends what the window of 4 allows.
func (l *lac) send(session uint16, kind uint16, avps ...[]byte) {
	body := avp(avpType, u16(kind))
	for _, a := range avps {
		body = append(body, a...)
	}
	l.queue = append(l.queue, &outgoing{ns: l.ns, data: append(l.header(session, l.ns, len(body)), body...)})
	l.ns++
	l.fill()
}

func (l *lac) header(session, ns uint16, body int) []byte {
	var b []byte
	for _, x := range []uint16{flagsControl, uint16(12 + body), l.peer, session, ns, l.nr} {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

// acknowledge sends a ZLB. It carries the Ns of the next message that has not been sent.
func (l *lac) acknowledge() {
	next := l.ns
	for _, o := range l.queue {
		if o.tries == 0 {
			next = o.ns
			break
		}
	}
	_, _ = l.udp.Write(l.header(0, next, 0)) // lost or refused: the peer sends again
}

func (l *lac) fill() {
	for i, o := range l.queue {
		if i < 4 && o.tries == 0 {
			l.transmit(o)
		}
	}
}

func (l *lac) transmit(o *outgoing) {
	binary.BigEndian.PutUint16(o.data[10:], l.nr)
	_, _ = l.udp.Write(o.data) // lost or refused: retransmit sends again
	o.tries++
	o.due = time.Now().Add(min(time.Second<<(o.tries-1), 8*time.Second))
}

func (l *lac) retransmit() {
	now := time.Now()
	for _, o := range l.queue {
		if o.tries == 0 || now.Before(o.due) {
			continue
		}
		if o.tries > 5 {
			l.drop("no answer")
			return
		}
		l.transmit(o)
	}
}

func (l *lac) note(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "%s %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}
