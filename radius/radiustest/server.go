// SPDX-License-Identifier: Apache-2.0

package radiustest

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
)

// Config is what a Server is made of.
type Config struct {
	Secret string
	Answer func(*Request) Answer // called by one goroutine of each port; nil: Accept
	Listen string                // address; empty: 127.0.0.1
	// Ports to listen on; zero: any. With these a server can be stopped and come back.
	Authentication, Accounting uint16
}

// Counts are what a Server saw.
type Counts struct {
	Requests   int // retransmissions not counted
	Duplicates int // answered as before
	Unverified int // with a wrong authenticator, or malformed: silence
	Answers    int // datagrams sent
}

// Server is a RADIUS server.
type Server struct {
	cfg    Config
	conns  [2]*net.UDPConn // authentication, accounting
	wrong  *net.UDPConn    // a port nobody asks
	answer func(*Request) Answer
	done   sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	closed  bool
	timers  map[*time.Timer]bool
	counts  Counts
	records []*Record
	replies map[exchange]reply
	purgeAt time.Time
}

// exchange is what tells retransmissions from requests.
type exchange struct {
	from          netip.AddrPort
	identifier    uint8
	authenticator [16]byte
}

type reply struct {
	octets []byte
	conn   *net.UDPConn
	at     time.Time
}

// remember is how long a reply is there for retransmissions: "This time SHOULD be no
// less than 5 seconds, and no more than 30 seconds." RFC 5080 §2.2.2
const remember = 30 * time.Second

// New starts a server that stops with the test.
func New(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server.
func Start(cfg Config) (*Server, error) {
	if cfg.Answer == nil {
		cfg.Answer = Accept
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1"
	}
	s := &Server{cfg: cfg, answer: cfg.Answer, timers: map[*time.Timer]bool{}, replies: map[exchange]reply{}}
	s.changed = sync.NewCond(&s.mu)
	ip := net.ParseIP(cfg.Listen)
	for i, port := range []uint16{cfg.Authentication, cfg.Accounting, 0} {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: int(port)})
		if err != nil {
			s.Close()
			return nil, err
		}
		_ = c.SetReadBuffer(4 << 20) // a burst of a benchmark; the kernel may give less
		if i == 2 {
			s.wrong = c
			continue
		}
		s.conns[i] = c
	}
	for _, c := range s.conns {
		s.done.Go(func() { s.serve(c) })
	}
	return s, nil
}

// Address is where it listens.
func (s *Server) Address() netip.Addr { return s.local(0).Addr() }

// Authentication is the port of the authentication service.
func (s *Server) Authentication() uint16 { return s.local(0).Port() }

// Accounting is the port of the accounting service.
func (s *Server) Accounting() uint16 { return s.local(1).Port() }

func (s *Server) local(i int) netip.AddrPort {
	a := s.conns[i].LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// SetAnswer has requests from now on answered by f.
func (s *Server) SetAnswer(f func(*Request) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Counts returns what was seen so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Close stops the server. What it was to answer later is never answered.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for t := range s.timers {
		t.Stop()
	}
	s.mu.Unlock()
	for _, c := range []*net.UDPConn{s.conns[0], s.conns[1], s.wrong} {
		if c != nil {
			_ = c.Close()
		}
	}
	s.done.Wait()
	s.changed.Broadcast()
}

// serve reads the requests of one port.
func (s *Server) serve(c *net.UDPConn) {
	b := make([]byte, 4096)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return // closed
		}
		s.take(c, b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

// take answers one datagram.
func (s *Server) take(c *net.UDPConn, b []byte, from netip.AddrPort) {
	secret := []byte(s.cfg.Secret)
	p, err := radius.Parse(append([]byte(nil), b...), secret)
	if err != nil || !verified(b, secret) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.counts.Unverified++
		s.changed.Broadcast()
		return
	}
	key := exchange{from, p.Identifier, p.Authenticator}
	s.mu.Lock()
	s.purge()
	if before, ok := s.replies[key]; ok {
		s.counts.Duplicates++
		s.mu.Unlock()
		s.send(before, from)
		return
	}
	s.counts.Requests++
	r, answer := &Request{Packet: p, From: from, Number: s.counts.Requests}, s.answer
	s.changed.Broadcast()
	s.mu.Unlock()
	s.carryOut(c, key, r, answer(r))
}

// carryOut sends an answer, now or later.
func (s *Server) carryOut(c *net.UDPConn, key exchange, r *Request, a Answer) {
	if a.Code == 0 && a.Raw == nil {
		return
	}
	octets, err := a.encode(r)
	if err != nil {
		panic("radiustest: " + err.Error()) // the test's Add is wrong
	}
	out := reply{octets, c, time.Now()}
	if a.FromWrongPort {
		out.conn = s.wrong
	}
	send := func() {
		s.mu.Lock()
		if r.Code == radius.CodeAccountingRequest {
			s.records = append(s.records, newRecord(r))
		}
		s.replies[key] = out
		s.changed.Broadcast()
		s.mu.Unlock()
		for range max(a.Copies, 1) {
			s.send(out, key.from)
		}
	}
	if a.After <= 0 {
		send()
		return
	}
	s.later(a.After, send)
}

// later calls f after d, unless the server is closed by then.
func (s *Server) later(d time.Duration, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		s.mu.Lock()
		delete(s.timers, t)
		closed := s.closed
		s.mu.Unlock()
		if !closed {
			f()
		}
	})
	s.timers[t] = true
}

func (s *Server) send(r reply, to netip.AddrPort) {
	if _, err := r.conn.WriteToUDPAddrPort(r.octets, to); err != nil {
		return // closed, or nobody is there any more
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Answers++
	s.changed.Broadcast()
}

// purge forgets old replies, now and then.
func (s *Server) purge() {
	now := time.Now()
	if now.Before(s.purgeAt) {
		return
	}
	s.purgeAt = now.Add(remember)
	for k, r := range s.replies {
		if now.Sub(r.at) > remember {
			delete(s.replies, k)
		}
	}
}
