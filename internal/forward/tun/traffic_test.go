// SPDX-License-Identifier: Apache-2.0

package tun_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/kernel"
	"holdfast/internal/netlab"
	"holdfast/internal/packet"
	"holdfast/internal/testenv"
)

// ping runs ping in a namespace and gives its output.
func ping(t *testing.T, from *netlab.Namespace, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, _ := from.Command(ctx, "ping", append([]string{"-n", "-c", "1", "-W", "3"}, args...)...).CombinedOutput()
	return string(out)
}

func wantPing(t *testing.T, why string, out, want string) {
	t.Helper()
	if ok, err := regexp.MatchString(want, out); !ok || err != nil {
		t.Errorf("%s: no %q in:\n%s", why, want, out)
	}
}

// Through real kernels: echo both ways in both families, to the LNS itself, at
// full size; too big and out of TTL is answered so that the sender understands.
func TestRootPing(t *testing.T) {
	testenv.Commands(t, "ping")
	w := newWorld(t, 1)
	const good = " 0% packet loss"
	wantPing(t, "up", ping(t, w.lac, "203.0.113.9"), good)
	wantPing(t, "down", ping(t, w.core, "100.64.0.1"), good)
	wantPing(t, "up, IPv6", ping(t, w.lac, "-6", "2001:db8:c::9"), good)
	wantPing(t, "down, IPv6", ping(t, w.core, "-6", "2001:db8:100:7::42"), good)
	wantPing(t, "to the LNS", ping(t, w.lac, "198.51.100.1"), good)
	wantPing(t, "to the LNS, IPv6", ping(t, w.lac, "-6", "2001:db8:100::1"), good)
	wantPing(t, "full size", ping(t, w.lac, "-M", "do", "-s", "1464", "203.0.113.9"), good)
	// 1500 octets of path less 38 of headers, less 28 of ICMP or 48 of ICMPv6.
	wantPing(t, "full size, down", ping(t, w.core, "-M", "do", "-s", "1434", "100.64.0.1"), good)
	wantPing(t, "full size, down, IPv6", ping(t, w.core, "-6", "-M", "do", "-s", "1414", "2001:db8:100:7::42"), good)
	wantPing(t, "in fragments", ping(t, w.core, "-M", "dont", "-s", "1472", "100.64.0.1"), good)
	wantPing(t, "in fragments of fragments", ping(t, w.core, "-M", "dont", "-s", "9000", "100.64.0.1"), good)
	wantPing(t, "too big", ping(t, w.core, "-M", "do", "-s", "1435", "100.64.0.1"), "From 198.51.100.1 .*mtu = 1462")
	wantPing(t, "too big, IPv6", ping(t, w.core, "-6", "-M", "do", "-s", "1415", "2001:db8:100:7::42"), "From 2001:db8:100::1 .*Packet too big: mtu=1462")
	wantPing(t, "TTL", ping(t, w.lac, "-t", "1", "203.0.113.9"), "From 198.51.100.1 .*Time to live exceeded")
	wantPing(t, "TTL, IPv6", ping(t, w.lac, "-6", "-t", "1", "2001:db8:c::9"), "Time exceeded")
	if got := w.plane.Totals(); got.ICMPSent != 2 || got.TTLExpired != 2 || got.Malformed != 0 || got.SendDropped != 0 || got.DeviceDropped != 0 {
		t.Errorf("totals %+v", got)
	}
}

// When the way to the LAC narrows, senders learn it: the kernel refuses what
// does not fit any more, and the next packet is answered.
func TestRootPathMTU(t *testing.T) {
	testenv.Commands(t, "ping")
	w := newWorld(t, 1)
	wantPing(t, "before", ping(t, w.core, "-M", "do", "-s", "1434", "100.64.0.1"), " 0% packet loss")
	if err := w.lns.Do(func() error { return kernel.SetMTU("lac0", 1400) }); err != nil {
		t.Fatal(err)
	}
	out := ping(t, w.core, "-M", "do", "-c", "20", "-i", "0.05", "-s", "1400", "100.64.0.1")
	wantPing(t, "after", out, "mtu ?= ?1362")
	wantPing(t, "what fits", ping(t, w.core, "-M", "do", "-s", "1334", "100.64.0.1"), " 0% packet loss")
}

// TCP in bulk both ways and in both families arrives as it was sent, with
// checksums that receiving kernels accept; downstream in trains.
func TestRootTCP(t *testing.T) {
	w := newWorld(t, 2)
	for _, c := range []struct {
		name     string
		from, to *netlab.Namespace
		listen   string
	}{
		{"down", w.core, w.lac, "100.64.0.1"}, {"up", w.lac, w.core, "203.0.113.9"},
		{"down6", w.core, w.lac, "2001:db8:100:7::42"}, {"up6", w.lac, w.core, "2001:db8:c::9"},
	} {
		t.Run(c.name, func(t *testing.T) { bulk(t, c.from, c.to, netip.MustParseAddr(c.listen)) })
	}
	if s := w.socket.Stats(); s.Trains == 0 {
		t.Errorf("nothing left in trains: %+v", s)
	}
	if got := w.plane.Totals(); got.MSSClamped == 0 || got.Malformed != 0 || got.SendDropped != 0 || got.DeviceDropped != 0 {
		t.Errorf("totals %+v", got)
	}
	for _, n := range []*netlab.Namespace{w.lac, w.core} {
		if bad := checksumErrors(t, n); bad != "" {
			t.Errorf("%s has seen wrong checksums: %s", n.Name(), bad)
		}
	}
}

// bulk sends 16 MiB over TCP and compares digests.
func bulk(t *testing.T, from, to *netlab.Namespace, address netip.Addr) {
	const size = 16 << 20
	var l net.Listener
	if err := to.Do(func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out net.Conn
	if err := from.Do(func() (err error) {
		out, err = net.DialTimeout("tcp", l.Addr().String(), patience)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	deadline := time.Now().Add(6 * patience)
	_, _ = in.SetDeadline(deadline), out.SetDeadline(deadline)

	sent, failed := sha256.New(), make(chan error, 1)
	go func() {
		source := io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
		_, err := io.Copy(io.MultiWriter(out, sent), source)
		failed <- err
		out.Close()
	}()
	got := sha256.New()
	n, err := io.Copy(got, in)
	if err := <-failed; err != nil {
		t.Fatalf("sending: %v", err)
	}
	if err != nil || n != size || string(got.Sum(nil)) != string(sent.Sum(nil)) {
		t.Fatalf("%d octets of %d arrived, or others: %v", n, size, err)
	}
}

// checksumErrors names the kernel's counters of wrong checksums that are not zero.
func checksumErrors(t *testing.T, n *netlab.Namespace) string {
	t.Helper()
	var snmp, snmp6 []byte
	if err := n.Do(func() (err error) {
		if snmp, err = os.ReadFile("/proc/thread-self/net/snmp"); err != nil {
			return err
		}
		snmp6, err = os.ReadFile("/proc/thread-self/net/snmp6")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var bad []string
	lines, found := strings.Split(string(snmp), "\n"), 0
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		for j, name := range names {
			if strings.Contains(name, "CsumErrors") || name == "InHdrErrors" {
				if found++; values[j] != "0" {
					bad = append(bad, names[0]+name+"="+values[j])
				}
			}
		}
	}
	for line := range strings.Lines(string(snmp6)) {
		if f := strings.Fields(line); len(f) == 2 && (strings.Contains(f[0], "CsumErrors") || f[0] == "Ip6InHdrErrors") {
			if found++; f[1] != "0" {
				bad = append(bad, f[0]+"="+f[1])
			}
		}
	}
	if found < 5 {
		t.Fatalf("only %d counters of errors: the kernel's format is another", found)
	}
	return strings.Join(bad, " ")
}

// UDP super-packets from the core arrive as the datagrams they stand for.
func TestRootUDPSegments(t *testing.T) {
	w := newWorld(t, 1)
	for _, c := range []struct{ from, to string }{{"203.0.113.9", "100.64.0.1"}, {"2001:db8:c::9", "2001:db8:100:7::42"}} {
		var in, out *kernel.UDPSocket
		if err := w.lac.Do(func() (err error) {
			in, err = kernel.ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(c.to), 5000), kernel.UDPOptions{ReceiveBuffer: 4 << 20})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.core.Do(func() (err error) {
			out, err = kernel.ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(c.from), 5000), kernel.UDPOptions{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var send []packet.Datagram
		for i := range 40 {
			b := []byte(strings.Repeat(fmt.Sprintf("%03d.", i), 250+i/39*30))
			send = append(send, packet.Datagram{Data: b, Peer: in.LocalAddr()})
		}
		send[39].Data = send[39].Data[:777]
		if n, err := out.WriteBatch(send); n != len(send) || err != nil {
			t.Fatalf("sent %d: %v", n, err)
		}
		if out.Stats().Trains == 0 {
			t.Error("the sender has sent no train")
		}
		b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
		_ = in.SetReadDeadline(time.Now().Add(patience))
		for i := 0; i < len(send); {
			n, err := in.ReadBatch(&b)
			if err != nil {
				t.Fatalf("after %d datagrams: %v; totals %+v", i, err, w.plane.Totals())
			}
			for _, d := range b.Datagrams[:n] {
				if string(d.Data) != string(send[i].Data) {
					t.Fatalf("datagram %d: %d octets, want %d", i, len(d.Data), len(send[i].Data))
				}
				i++
			}
		}
		in.Close()
		out.Close()
	}
	if s := w.socket.Stats(); s.Trains == 0 {
		t.Errorf("the plane has sent no train: %+v", s)
	}
	if bad := checksumErrors(t, w.lac); bad != "" {
		t.Errorf("wrong checksums: %s", bad)
	}
}

// Instance brings routes and addresses to what it is told, and Close leaves
// nothing behind.
func TestRootInstance(t *testing.T) {
	w := newWorld(t, 2)
	show := func(args ...string) string {
		out, err := w.lns.Command(t.Context(), "ip", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	has := func(why, out string, want bool, words ...string) {
		t.Helper()
		for _, word := range words {
			if strings.Contains(out, word) != want {
				t.Errorf("%s: %q in %q is %v, want %v", why, word, out, !want, want)
			}
		}
	}
	instance := func(i forward.Instance) {
		t.Helper()
		if err := w.lns.Do(func() error { return w.plane.Instance(i) }); err != nil {
			t.Fatal(err)
		}
	}
	has("made", show("route", "show", "dev", "hf0"), true, "100.64.0.0/16")
	has("made", show("-6", "route", "show", "dev", "hf0"), true, "2001:db8:100::/40")
	has("made", show("address", "show", "dev", "hf0"), true, "198.51.100.1/32", "2001:db8:100::1/128", "mtu 1500", "qlen 2048")
	has("made", show("address", "show", "dev", "hf0"), false, "fe80")

	i := forwardtest.Instance()
	i.MTU, i.Addresses, i.Pools = 1400, prefixes("198.51.100.2/32"), prefixes("100.64.0.0/17", "100.66.0.0/16", "2001:db8:200::/40")
	instance(i)
	instance(i)
	routes := show("route", "show", "dev", "hf0") + show("-6", "route", "show", "dev", "hf0")
	has("changed", routes, true, "100.64.0.0/17", "100.66.0.0/16", "2001:db8:200::/40")
	has("changed", routes, false, "100.64.0.0/16", "2001:db8:100::/40")
	addresses := show("address", "show", "dev", "hf0")
	has("changed", addresses, true, "198.51.100.2/32", "mtu 1400")
	has("changed", addresses, false, "198.51.100.1/32", "2001:db8:100::1/128")

	i.ID, i.Name, i.Addresses = 7, "VR-7", prefixes("198.51.100.7/32")
	instance(i)
	instance(i)
	has("second", show("route", "show", "table", "7607"), true, "100.66.0.0/16 dev hf7")
	has("second", show("rule", "show"), true, "iif hf7 lookup 7607")
	has("second", show("-6", "rule", "show"), true, "iif hf7 lookup 7607")
	if n := strings.Count(show("rule", "show"), "hf7"); n != 1 {
		t.Errorf("%d rules, want 1", n)
	}

	if err := w.lns.Do(w.close); err != nil {
		t.Fatal(err)
	}
	has("closed", show("link", "show"), false, "hf0", "hf7")
	has("closed", show("route", "show", "table", "all"), false, "hf0", "hf7", "100.6")
	has("closed", show("rule", "show")+show("-6", "rule", "show"), false, "7607")
}
