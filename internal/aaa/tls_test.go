// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	layeh "layeh.com/radius"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/ppp"
	"holdfast/radius"
	"holdfast/radius/radiustest"
)

// authority is a certificate authority with the files of what it has issued.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), next: 1}
	a.key = a.newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	a.check(err)
	a.cert, err = x509.ParseCertificate(der)
	a.check(err)
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) check(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.check(err)
	return key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, kind string, der []byte) {
	a.check(os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// issue makes a certificate for 127.0.0.1, in NAME.pem and NAME.key.
func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	a.next++
	key := a.newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	a.check(err)
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	a.check(err)
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", bytes)
	pair, err := tls.LoadX509KeyPair(a.file(name+".pem"), a.file(name+".key"))
	a.check(err)
	return pair
}

// radSec is a server over TLS that accepts everybody who has a certificate.
type radSec struct {
	listener net.Listener
	tasks    sync.WaitGroup
	accepted atomic.Int32 // connections
	dropping atomic.Bool  // the next request ends its connection
	mu       sync.Mutex
	conns    []net.Conn
}

func newRadSec(t *testing.T, a *authority) *radSec {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	l, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{a.issue("server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})
	a.check(err)
	s := &radSec{listener: l}
	s.tasks.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

func (s *radSec) close() {
	_ = s.listener.Close()
	s.hangUp()
	s.tasks.Wait()
}

// hangUp ends all connections.
func (s *radSec) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *radSec) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.accepted.Add(1)
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.tasks.Go(func() { s.serve(c) })
	}
}

func (s *radSec) serve(c net.Conn) {
	defer c.Close()
	b := make([]byte, 4096)
	for {
		if _, err := io.ReadFull(c, b[:4]); err != nil {
			return
		}
		n := int(b[2])<<8 | int(b[3])
		if _, err := io.ReadFull(c, b[4:n]); err != nil || s.dropping.Swap(false) {
			return
		}
		p, err := layeh.Parse(b[:n], []byte("radsec"))
		if err != nil {
			return
		}
		reply, err := p.Response(layeh.CodeAccessAccept).Encode()
		if err != nil {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// server is its configuration, trusting what ca has signed.
func (s *radSec) server(a *authority, ca string) *radius.Server {
	port := s.listener.Addr().(*net.TCPAddr).AddrPort().Port()
	return &radius.Server{
		Address: netip.MustParseAddr("127.0.0.1"), Secret: "radsec", Timeout: 2 * time.Second, Retry: 1,
		TLS: &radius.TLS{Port: port, CAFile: ca, CertFile: a.file("client.pem"), KeyFile: a.file("client.key")},
	}
}

// Log-ins go through one connection, with certificates of both sides; over it a
// reply needs no Message-Authenticator. A connection that is lost with a request on
// it is opened again and the request sent again.
func TestTLS(t *testing.T) {
	a := newAuthority(t)
	a.issue("client")
	server := newRadSec(t, a)
	r := newRig(t)
	set := r.configure(server.server(a, a.file("ca.pem")))
	for range 3 {
		if got := r.ask(set, ppp.PAP); got.Result != lns.AuthAccept {
			t.Fatalf("%+v", got)
		}
	}
	if n := server.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	server.dropping.Store(true)
	if got := r.ask(set, ppp.CHAP); got.Result != lns.AuthAccept {
		t.Errorf("after a connection was lost: %+v", got)
	}
	server.hangUp()
	if got := r.ask(set, ppp.MSCHAPv2); got.Result != lns.AuthAccept {
		t.Errorf("after the server hung up: %+v", got)
	}
	if n := server.accepted.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// A server whose certificate is not trusted, or that does not trust ours, is dead at
// once, and the next one is asked.
func TestTLSUntrusted(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	a.issue("client")
	other.issue("client")
	fallback := radiustest.New(t, radiustest.Config{Secret: testSecret})
	for name, s := range map[string]*radius.Server{
		"the server":      newRadSec(t, a).server(a, other.file("ca.pem")),
		"our certificate": newRadSec(t, a).server(other, a.file("ca.pem")),
		"nobody is there": {Address: netip.MustParseAddr("127.0.0.1"), Timeout: 5 * time.Second, TLS: &radius.TLS{Port: 9, CAFile: a.file("ca.pem")}},
		"another name":    named(newRadSec(t, a).server(a, a.file("ca.pem"))),
	} {
		r := newRig(t)
		began := time.Now()
		if got := r.ask(r.configure(s, serverOf(fallback)), ppp.PAP); got.Result != lns.AuthAccept {
			t.Errorf("%s: %+v", name, got)
		}
		if d := time.Since(began); d > 4*time.Second {
			t.Errorf("%s: only after %v", name, d)
		}
		if !r.logged(event.RADIUSSocketFailed) {
			t.Errorf("%s: nothing is logged", name)
		}
		if st := r.status(); st.State != radius.Dead {
			t.Errorf("%s: %v", name, st.State)
		}
		r.end()
	}
}

// named is a server that is expected to have another name.
func named(s *radius.Server) *radius.Server {
	s.TLS.ServerName = "radius.example.net"
	return s
}

// Files that are no certificates refuse the configuration, by their name.
func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	a.check(os.WriteFile(a.file("empty"), nil, 0o600))
	r := newRig(t)
	for want, c := range map[string]radius.TLS{
		"missing":                {CAFile: a.file("missing")},
		"no certificate in it":   {CAFile: a.file("empty")},
		"failed to find any PEM": {CertFile: a.file("empty"), KeyFile: a.file("empty")},
	} {
		set := &radius.Set{Servers: []*radius.Server{{Address: netip.MustParseAddr("192.0.2.9"), TLS: &c}}}
		_, err := r.service.Prepare(&lns.Config{Groups: []*lns.TunnelGroup{{AAA: &lns.AAAProfile{Radius: set}}}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "192.0.2.9") {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
