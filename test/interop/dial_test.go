// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Client authentication methods, by what pppd is told to refuse.
var refuse = map[string]string{
	"pap":      "chap mschap mschap-v2 eap",
	"chap":     "pap mschap mschap-v2 eap",
	"mschapv2": "pap chap mschap eap",
	"any":      "eap",
}

// dial says how to dial.
type dial struct {
	name           string // of this client: its files and logs; empty: s1
	user, password string
	auth           string   // pap, chap, mschapv2, any (also if empty)
	lac            string   // our Host Name, which picks the client in the LNS's access profile
	secret         string   // of the tunnel: the client then challenges the LNS too
	gateway        string   // of the LNS; empty: quick
	port           int      // the client's own; 0: 1701
	options        []string // more of pppd's
	redial         bool     // let xl2tpd dial again by itself after 5 s
}

// client is one xl2tpd with the one pppd that it can have in a tunnel.
type client struct {
	*guest
	dial
	pid       int // of xl2tpd
	dialledAt int // ms
}

// link is what pppd says of a link that is up.
type link struct {
	device        string
	local, peer   string // IPv4
	dns           [2]string
	local6, peer6 string // link-local
	mtu           int
	auth          string // as LCP asked for it
	upAt          int    // ms
}

// options writes pppd's options of d.
func (g *guest) options(d dial) {
	lines := []string{
		fmt.Sprintf("user %q", d.user), fmt.Sprintf("password %q", d.password), "ipparam " + d.name, "logfile /run/log/pppd-" + d.name + ".log",
		"noauth", "noipdefault", "ipcp-accept-local", "ipcp-accept-remote", "usepeerdns", "nodefaultroute", "+ipv6", "ipv6cp-accept-local",
		"mtu 1460", "mru 1460", "noccp", "lcp-echo-interval 10", "lcp-echo-failure 3", "debug",
	}
	if d.auth == "" {
		d.auth = "any"
	}
	for _, r := range strings.Fields(refuse[d.auth]) {
		lines = append(lines, "refuse-"+r)
	}
	g.write("/run/ppp/"+d.name+".options", strings.Join(append(lines, d.options...), "\n")+"\n")
}

// dial starts a client and asks it to dial.
func (g *guest) dial(d dial) *client {
	g.t.Helper()
	if d.name == "" {
		d.name = "s1"
	}
	if d.port == 0 {
		d.port = 1701
	}
	if d.gateway == "" {
		d.gateway = quick
	}
	g.options(d)
	conf := fmt.Sprintf("[global]\nport = %d\naccess control = no\nauth file = /run/xl2tpd/%s.secrets\n", d.port, d.name)
	conf += fmt.Sprintf("[lac %s]\nlns = %s\nhostname = %s\npppoptfile = /run/ppp/%s.options\n", d.name, d.gateway, d.lac, d.name)
	conf += "length bit = yes\nrequire authentication = no\nautodial = no\n"
	secrets := ""
	if d.secret != "" {
		conf += "challenge = yes\n"
		secrets = "* * " + d.secret + "\n"
	}
	if d.redial {
		conf += "redial = yes\nredial timeout = 5\nmax redials = 100\n"
	}
	g.write("/run/xl2tpd/"+d.name+".conf", conf)
	g.write("/run/xl2tpd/"+d.name+".secrets", secrets)
	c := &client{guest: g, dial: d}
	c.pid = g.start("xl2tpd-"+d.name, "xl2tpd", "-D", "-c", "/run/xl2tpd/"+d.name+".conf",
		"-p", "/run/xl2tpd/"+d.name+".pid", "-C", "/run/xl2tpd/"+d.name+".control")
	if met, _ := g.run("sh", "-c", "for i in $(seq 100); do [ -p /run/xl2tpd/"+d.name+".control ] && exit; sleep 0.05; done; exit 1"); met != "" {
		g.t.Fatalf("xl2tpd has no control pipe: %s", met)
	}
	g.t.Cleanup(func() { // a test that fails leaves nothing to the next one
		if g.t.Failed() {
			c.kill()
		}
	})
	c.dialledAt, _ = strconv.Atoi(strings.TrimSpace(g.must("date", "+%s%3N")))
	c.control("connect-lac")
	return c
}

// connectTime is how long the link took to come up, in ms.
func (c *client) connectTime() int { return c.link().upAt - c.dialledAt }

func (c *client) control(verb string) {
	c.t.Helper()
	c.run("timeout", "5", "xl2tpd-control", "-c", "/run/xl2tpd/"+c.name+".control", verb, c.name)
}

// wantUp waits for an address and, where the LNS has IPv6, its IPV6CP.
func (c *client) wantUp(why string) *link {
	c.t.Helper()
	if !c.wait(20, 1, c.state("up"), "IPLOCAL") {
		c.t.Fatalf("%s: no address within 20 s", why)
	}
	c.wait(3, 1, c.state("up6"), "LLLOCAL")
	l := c.link()
	c.t.Logf("up: %+v", *l)
	return l
}

func (c *client) state(suffix string) string { return "/run/state/" + c.name + "." + suffix }

// link reads what pppd left.
func (c *client) link() *link {
	c.t.Helper()
	v := map[string]string{}
	for _, line := range strings.Split(c.read(c.state("up*")), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			v[key] = value
		}
	}
	l := &link{device: v["IFNAME"], local: v["IPLOCAL"], peer: v["IPREMOTE"], dns: [2]string{v["DNS1"], v["DNS2"]}, local6: v["LLLOCAL"], peer6: v["LLREMOTE"]}
	l.mtu, _ = strconv.Atoi(strings.TrimSpace(c.read("/sys/class/net/" + l.device + "/mtu")))
	l.upAt, _ = strconv.Atoi(v["AT"])
	if m := regexp.MustCompile(`rcvd \[LCP ConfReq.*<auth ([^>]*)>`).FindAllStringSubmatch(c.pppLog(), -1); m != nil {
		l.auth = m[len(m)-1][1]
	}
	return l
}

func (c *client) pppLog() string { return c.read("/run/log/pppd-" + c.name + ".log") }

func (c *client) xl2tpdLog() string { return c.read("/run/log/xl2tpd-" + c.name + ".log") }

// wantRefused waits until the client has given up, and that it never had an
// address. It returns what the client said.
func (c *client) wantRefused(why string) string {
	c.t.Helper()
	if !c.wait(25, 1, "/run/log/xl2tpd-"+c.name+".log", "closed") {
		c.t.Errorf("%s: the client has not given up", why)
	}
	if c.read(c.state("history")) != "" {
		c.t.Errorf("%s: the client got an address", why)
	}
	said := c.pppLog() + c.xl2tpdLog()
	c.kill()
	return said
}

// hangUp ends a link as how says, waits for its end and stops the client:
//
//	ppp     pppd is told: LCP Terminate-Request, CDN, StopCCN
//	l2tp    xl2tpd is told: StopCCN at once, pppd notices later
//	vanish  both are killed, nobody says a word
func (c *client) hangUp(how string) {
	c.t.Helper()
	switch how {
	case "ppp":
		c.endPPP()
	case "l2tp":
		c.control("disconnect-lac")
	case "vanish":
		c.signal(c.pid, syscall.SIGKILL)
		c.signal(c.pppd(), syscall.SIGKILL)
	}
	if how != "vanish" && !c.waitGone(12, c.state("up")) {
		c.t.Errorf("hang-up by %s: the link is still up after 12 s", how)
	}
	if how == "ppp" && !c.wait(3, 1, "/run/log/pppd-"+c.name+".log", "rcvd [LCP TermAck") {
		c.t.Errorf("LCP Terminate-Request was not acknowledged")
	}
	c.kill()
}

// endPPP tells pppd, and not xl2tpd, to end.
func (c *client) endPPP() {
	c.t.Helper()
	c.signal(c.pppd(), syscall.SIGTERM)
}

func (c *client) pppd() int {
	c.t.Helper()
	text := strings.TrimSpace(c.read("/run/" + c.link().device + ".pid"))
	pid, err := strconv.Atoi(text)
	if err != nil {
		c.t.Fatalf("no pppd of %s: %q", c.name, text)
	}
	return pid
}

// kill stops xl2tpd and its pppd, and removes their files.
func (c *client) kill() {
	c.t.Helper()
	c.signal(c.pid, syscall.SIGTERM)
	c.run("sh", "-c", "for i in $(seq 100); do [ -d /proc/"+fmt.Sprint(c.pid)+" ] || exit 0; sleep 0.05; done; kill -KILL "+fmt.Sprint(c.pid))
	c.run("pkill", "-KILL", "-f", "/run/ppp/"+c.name+".options")
	c.remove("/run/state/" + c.name + ".*")
	c.remove("/run/log/*-" + c.name + ".log")
}

// ping sends count pings through a link and wants each answered. bytes is the
// size of the IP packet, sent with DF; 0: the usual small one.
func (c *client) ping(t *testing.T, l *link, to string, count, bytes int) {
	t.Helper()
	argv := []string{"ping", "-n", "-I", l.device, "-c", fmt.Sprint(count), "-i", "0.2", "-W", "2"}
	if bytes != 0 {
		header := 28 // IPv4 and ICMP
		if strings.Contains(to, ":") {
			header = 48
		}
		argv = append(argv, "-M", "do", "-s", fmt.Sprint(bytes-header))
	}
	out, _ := c.run(append(argv, to)...)
	if want := fmt.Sprintf("%d received", count); !strings.Contains(out, want) {
		t.Errorf("ping %s (%d octets): want %s:\n%s", to, bytes, want, out)
	}
}

// route sends what goes to an address through a link.
func (c *client) route(l *link, to string) {
	c.t.Helper()
	family := "-4"
	if strings.Contains(to, ":") {
		family = "-6"
	}
	c.must("ip", family, "route", "replace", to, "dev", l.device)
}
