// SPDX-License-Identifier: Apache-2.0

package netlab_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/netlab"
	"holdfast/internal/testenv"
)

// A lab's namespaces reach one another at once, in both families and through a
// router, and nothing is left of them.
func TestRootLab(t *testing.T) {
	testenv.Namespaces(t)
	testenv.Commands(t, "ping")
	name := fmt.Sprintf("hf-netlab-%d", os.Getpid())
	lab, err := netlab.New(name)
	if err != nil {
		t.Fatal(err)
	}
	var in [3]*netlab.Namespace
	for i := range in {
		if in[i], err = lab.Namespace(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	p := func(list ...string) (out []netip.Prefix) {
		for _, s := range list {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	end := func(i int, device string, addresses ...string) netlab.End {
		return netlab.End{In: in[i], Device: device, Addresses: p(addresses...)}
	}
	err = errors.Join(
		lab.Veth(end(0, "a", "192.0.2.1/26", "2001:db8:a::1/64"), end(1, "b", "192.0.2.2/26", "2001:db8:a::2/64"), 1),
		lab.Veth(end(1, "c", "192.0.2.65/26", "2001:db8:b::1/64"), end(2, "d", "192.0.2.66/26", "2001:db8:b::2/64"), 2),
		in[1].Forward(),
		in[0].Route(p("0.0.0.0/0")[0], "a", netip.MustParseAddr("192.0.2.2")),
		in[0].Route(p("::/0")[0], "a", netip.MustParseAddr("2001:db8:a::2")),
		in[2].Route(p("0.0.0.0/0")[0], "d", netip.MustParseAddr("192.0.2.65")),
		in[2].Route(p("::/0")[0], "d", netip.MustParseAddr("2001:db8:b::1")),
		in[1].Route(p("198.51.100.1/32")[0], "c", netip.MustParseAddr("192.0.2.66")),
		in[2].Address(p("198.51.100.1/32")[0]),
	)
	if err != nil {
		t.Fatal(errors.Join(err, lab.Close()))
	}
	for _, to := range []string{"192.0.2.2", "198.51.100.1", "2001:db8:b::2"} {
		out, err := in[0].Command(t.Context(), "ping", "-n", "-c", "1", "-W", "5", to).CombinedOutput()
		if err != nil || !strings.Contains(string(out), " 0% packet loss") {
			t.Errorf("%s: %v\n%s", to, err, out)
		}
	}
	if err := lab.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob("/run/netns/" + name + "*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := netlab.New("a/b"); err == nil {
		t.Error("a name with a slash was taken")
	}
}
