// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"holdfast/radius"
)

// Of connections over TLS.
const (
	tlsDialTimeout  = 10 * time.Second
	tlsWriteTimeout = 10 * time.Second
	tlsQueueMax     = 512 // packets that wait to be written
	tlsBackoffMin   = time.Second
	tlsBackoffMax   = time.Minute
	tlsKeepAlive    = 10 * time.Second
)

// tlsPort is one connection to a server (RFC 6614), opened when there is
// something to send and again when it was lost. Identifiers are its own, as those
// of a source port are (RFC 6613 §2.6.5). It belongs to the exchanger's goroutine;
// dialling, reading and writing have goroutines that report to it.
//
//	idle ── send ──▶ dialling ── connected ──▶ open ── lost ──▶ idle
//	  ▲                  │                       lost, and nothing was ever heard on it:
//	  └── back-off ◀── failed ◀──────────────────┘ the server does not want us
type tlsPort struct {
	x        *exchanger
	key      portKey
	unsent   []uint8 // slots whose packets wait for a connection
	link     *tlsLink
	dialling bool
	closed   bool
	stop     context.CancelFunc // of what is under way
	failures int                // dials in a row that led to nothing
	retryAt  time.Time          // not before: back-off
	alarm    *time.Timer        // of retryAt; nil: not set
}

// tlsLink is an open connection.
type tlsLink struct {
	conn  net.Conn
	out   chan []byte // closed by the port when it lets go
	heard bool        // something came; of the exchanger
}

func newTLSPort(x *exchanger, key portKey, _ *radius.Server) *tlsPort {
	return &tlsPort{x: x, key: key, stop: func() {}}
}

// send writes a packet, or keeps it for the next connection.
func (t *tlsPort) send(now time.Time, id uint8, b []byte) error {
	if t.link != nil {
		select {
		case t.link.out <- append([]byte(nil), b...):
			return nil
		default:
			return errCongested
		}
	}
	t.unsent = append(t.unsent, id)
	t.dial(now)
	return nil
}

// dial opens a connection, now or when the back-off is over.
func (t *tlsPort) dial(now time.Time) {
	if t.dialling || t.closed {
		return
	}
	if wait := t.retryAt.Sub(now); wait > 0 {
		if t.alarm == nil {
			t.alarm = time.AfterFunc(wait, func() {
				t.x.mail.do(func(now time.Time) { t.alarm = nil; t.dial(now) })
			})
		}
		return
	}
	server := t.x.client.Server(t.key.server)
	cfg := t.x.tls[tlsKeyOf(server)]
	if server == nil || cfg == nil {
		return
	}
	t.dialling = true
	ctx, cancel := context.WithTimeout(context.Background(), tlsDialTimeout)
	t.stop = cancel
	d := &tls.Dialer{Config: cfg, NetDialer: &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: tlsKeepAlive, Interval: tlsKeepAlive, Count: 3}}}
	if server.Source.IsValid() {
		d.NetDialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(server.Source, 0))
	}
	to := net.JoinHostPort(server.Address.String(), strconv.Itoa(int(tlsPortOf(server.TLS))))
	t.x.tasks.Go(func() {
		conn, err := d.DialContext(ctx, "tcp", to)
		cancel()
		if !t.x.mail.do(func(now time.Time) { t.dialled(now, conn, err) }) && err == nil {
			_ = conn.Close() // the exchanger has ended
		}
	})
}

// dialled takes the result of dial.
func (t *tlsPort) dialled(now time.Time, conn net.Conn, err error) {
	t.dialling = false
	if t.closed {
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	if err != nil {
		t.fail(now, err)
		return
	}
	l := &tlsLink{conn: conn, out: make(chan []byte, tlsQueueMax)}
	t.link = l
	t.x.tasks.Go(func() { t.write(l) })
	t.x.tasks.Go(func() { t.read(l) })
	unsent := t.unsent
	t.unsent = nil
	p := t.x.ports[t.key]
	for _, id := range unsent {
		if t.send(now, id, p.slots[id].packet) != nil {
			t.x.stats.sendErrors.Add(1)
		}
	}
}

// fail waits longer each time before the server is dialled again.
func (t *tlsPort) fail(now time.Time, err error) {
	t.x.failed(now, t.key, err)
	t.unsent = nil
	t.retryAt = now.Add(min(tlsBackoffMin<<min(t.failures, 10), tlsBackoffMax))
	t.failures++
	t.x.client.Unreachable(now, t.key.server, t.key.service, &t.x.fx)
}

// write sends what is queued until the port lets go of the link, or until the
// peer does not take it.
func (t *tlsPort) write(l *tlsLink) {
	for b := range l.out {
		// A deadline that cannot be set is that of a connection that is closed.
		_ = l.conn.SetWriteDeadline(time.Now().Add(tlsWriteTimeout))
		if _, err := l.conn.Write(b); err != nil {
			_ = l.conn.Close() // the reader reports it
		}
	}
}

// read hands over packets until the connection ends.
func (t *tlsPort) read(l *tlsLink) {
	for {
		p := t.x.mail.buffer()
		if !readPacket(l.conn, p) {
			t.x.mail.recycle(p)
			break
		}
		p.key = t.key
		if !t.x.mail.deliver(p) {
			t.x.stats.packetsLost.Add(1)
			t.x.mail.recycle(p)
		}
		t.x.mail.do(func(time.Time) { l.heard = true })
	}
	_ = l.conn.Close()
	t.x.mail.do(func(now time.Time) { t.lost(now, l) })
}

// readPacket reads one packet. What is no packet ends the connection: there is no
// telling where the next one begins (RFC 6613 §2.6.4).
func readPacket(r io.Reader, p *received) bool {
	if _, err := io.ReadFull(r, p.octets[:headerLen]); err != nil {
		return false
	}
	p.n = int(binary.BigEndian.Uint16(p.octets[2:]))
	if p.n < headerLen || p.n > packetMax {
		return false
	}
	_, err := io.ReadFull(r, p.octets[headerLen:p.n])
	return err == nil
}

// lost takes notice of the end of a link, unless the port has let go of it before.
func (t *tlsPort) lost(now time.Time, l *tlsLink) {
	if t.link != l {
		return
	}
	t.release()
	if !l.heard {
		t.fail(now, errNotWanted) // it was refused after the handshake, as TLS 1.3 does with a certificate
		return
	}
	t.failures, t.retryAt = 0, time.Time{}
	t.x.client.Disconnected(now, t.key.server, t.key.service, t.key.port, &t.x.fx)
}

// hangUp drops the connection; the next packet opens another.
func (t *tlsPort) hangUp() {
	if l := t.link; l != nil {
		t.release()
		_ = l.conn.Close()
	}
}

func (t *tlsPort) release() {
	close(t.link.out)
	t.link = nil
}

func (t *tlsPort) close() {
	t.closed = true
	t.stop()
	if t.alarm != nil {
		t.alarm.Stop()
	}
	t.hangUp()
}
