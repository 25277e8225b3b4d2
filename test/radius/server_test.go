// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/internal/netlab"
	"holdfast/internal/testenv"
	"holdfast/radius"
	"holdfast/test/process"
)

// examples are the files under test.
const examples = "../../examples/freeradius"

// freeradius is a running FreeRADIUS.
type freeradius struct {
	t                               *testing.T
	in                              *netlab.Namespace // nil: that of the test
	dir                             string
	authentication, accounting, tls uint16
	command                         *exec.Cmd
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts one; edit changes its configuration.
func start(t *testing.T, edit ...string) *freeradius {
	t.Helper()
	return startIn(t, nil, edit...)
}

// startIn is start in a namespace.
func startIn(t *testing.T, in *netlab.Namespace, edit ...string) *freeradius {
	t.Helper()
	testenv.Commands(t, "freeradius")
	f := &freeradius{t: t, in: in, dir: t.TempDir(), authentication: freePort(t), accounting: freePort(t), tls: freePort(t)}
	f.certificates()
	where, err := filepath.Abs(examples)
	check(t, err)
	text, err := os.ReadFile("testdata/radiusd.conf")
	check(t, err)
	number := func(n uint16) string { return strconv.Itoa(int(n)) }
	words := append(edit, "DIR", f.dir, "EXAMPLES", where, "AUTHENTICATION", number(f.authentication),
		"ACCOUNTING", number(f.accounting), "TLSPORT", number(f.tls))
	f.write("radiusd.conf", strings.NewReplacer(words...).Replace(string(text)))
	f.write("dictionary", "$INCLUDE "+where+"/dictionary\n")
	f.write("access_reject", "DEFAULT\n\tReply-Message =* ANY,\n\tMS-CHAP-Error =* ANY,\n\tMessage-Authenticator =* ANY\n")
	f.run()
	return f
}

func (f *freeradius) write(name, text string) {
	check(f.t, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
}

// run starts the process and waits until it serves.
func (f *freeradius) run() {
	f.t.Helper()
	argv := []string{"/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", f.dir}
	if f.in != nil {
		argv = append([]string{"ip", "netns", "exec", f.in.Name()}, argv...)
	}
	f.command = exec.Command(argv[0], argv[1:]...)
	out, err := f.command.StdoutPipe()
	check(f.t, err)
	f.command.Stderr = f.command.Stdout
	check(f.t, process.Start(f.command))
	ready, ended := make(chan bool, 1), make(chan struct{})
	var log bytes.Buffer
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.Contains(lines.Text(), "Ready to process requests") {
				ready <- true
			}
			fmt.Fprintln(&log, lines.Text())
		}
	}()
	f.t.Cleanup(func() {
		_ = f.command.Process.Kill() // it may have ended
		<-ended
		_ = f.command.Wait()
		if f.t.Failed() {
			f.t.Log(log.String())
		}
	})
	select {
	case <-ready:
	case <-ended:
		f.t.Fatal("freeradius has ended: ", log.String())
	case <-time.After(30 * time.Second):
		f.t.Fatal("freeradius does not become ready")
	}
}

// server is its configuration as a server of ours.
func (f *freeradius) server() *radius.Server {
	return &radius.Server{
		Address: netip.MustParseAddr("127.0.0.1"), Authentication: f.authentication, Accounting: f.accounting,
		Secret: "testing123", Timeout: 300 * time.Millisecond, Retry: 2,
	}
}

// overTLS is the same over TLS.
func (f *freeradius) overTLS() *radius.Server {
	return &radius.Server{
		Address: netip.MustParseAddr("127.0.0.1"), Secret: "radsec", Timeout: time.Second, Retry: 2,
		TLS: &radius.TLS{
			Port: f.tls, CAFile: filepath.Join(f.dir, "ca.pem"),
			CertFile: filepath.Join(f.dir, "client.pem"), KeyFile: filepath.Join(f.dir, "client.key"),
		},
	}
}

// certificates makes an authority, a server's and a client's certificate.
func (f *freeradius) certificates() {
	authority := f.certificate("ca", nil, nil)
	f.certificate("server", authority.cert, authority.key)
	f.certificate("client", authority.cert, authority.key)
}

type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (f *freeradius) certificate(name string, by *x509.Certificate, with *ecdsa.PrivateKey) issued {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(f.t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	check(f.t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		template.IsCA, template.KeyUsage, template.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
		by, with = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, with)
	check(f.t, err)
	cert, err := x509.ParseCertificate(der)
	check(f.t, err)
	octets, err := x509.MarshalPKCS8PrivateKey(key)
	check(f.t, err)
	f.write(name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	f.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: octets})))
	return issued{cert, key}
}

// freePort is a port that nobody has, of UDP and TCP.
func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}
