// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	layeh "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"

	"holdfast/radius/radiustest"
)

// secret is what the daemon and its RADIUS servers share.
const secret = "xyzzy5461"

// withRADIUS is the configuration with a RADIUS server that authenticates, and
// that may send dynamic requests to a port; more is of the server.
func withRADIUS(s *radiustest.Server, dynamic uint16, more string) string {
	return strings.Replace(text(), "profile all authentication-order none;", fmt.Sprintf(`
    radius-server %v { port %d; accounting-port %d; dynamic-request-port %d; secret %s; timeout 1; %s }
    profile all { authentication-order radius; radius authentication-server %[1]v; }`,
		s.Address(), s.Authentication(), s.Accounting(), dynamic, secret, more), 1)
}

// load has the daemon load a configuration.
func (r *rig) load(config string) {
	r.t.Helper()
	r.write(config)
	r.reload <- syscall.SIGHUP
	r.wantNotice("RELOADING=1")
	r.wantNotice("READY=1")
}

// Subscribers are authenticated by a RADIUS server, over the daemon's own sockets. A
// CoA changes the one that its Acct-Session-Id names, a Disconnect ends it.
func TestRADIUS(t *testing.T) {
	var mu sync.Mutex
	var id string // of the session that was asked about last
	server := radiustest.New(t, radiustest.Config{Secret: secret, Answer: func(r *radiustest.Request) radiustest.Answer {
		mu.Lock()
		defer mu.Unlock()
		id = rfc2866.AcctSessionID_GetString(r.Packet)
		return radiustest.Answer{Code: layeh.CodeAccessAccept}
	}})
	dynamic := freeUDP(t)
	r := prepare(t, withRADIUS(server, dynamic, "")).start()
	defer r.stop()
	result := r.storm(3, 30, func() {
		want(t, "metrics", r.scrape(), `holdfast_radius_answers_total{event="accept"} 30`,
			`holdfast_radius_server_packets_total{event="accept",server="127.0.0.1",service="authentication"} 30`)
		mu.Lock()
		defer mu.Unlock()
		for _, code := range []layeh.Code{layeh.CodeCoARequest, layeh.CodeDisconnectRequest} {
			p := layeh.New(code, []byte(secret))
			if err := rfc2866.AcctSessionID_SetString(p, id); err != nil {
				t.Fatal(err)
			}
			if code == layeh.CodeCoARequest {
				p.Add(rfc2865.SessionTimeout_Type, layeh.NewInteger(3600))
			}
			reply, err := layeh.Exchange(t.Context(), p, fmt.Sprintf("127.0.0.1:%d", dynamic))
			if err != nil || reply.Code != code+1 {
				t.Errorf("%v: %+v, %v\n%s", code, reply, err, &r.log)
			}
		}
		// The Ack says that the session is being ended: its modem has to agree first.
		summary := ""
		for late := time.Now().Add(5 * time.Second); !strings.Contains(summary, "Sessions: 29") && time.Now().Before(late); {
			summary = r.show("show", "services", "l2tp", "summary")
		}
		want(t, "summary", summary, "Sessions: 29")
	})
	if result.Lost != 0 || result.SessionsUp != 30 {
		t.Errorf("%+v\n%s", result, &r.log)
	}
}

// A reload takes another server; one that cannot be had changes nothing.
func TestReloadRADIUS(t *testing.T) {
	first, second := radiustest.New(t, radiustest.Config{Secret: secret}), radiustest.New(t, radiustest.Config{Secret: secret})
	r := prepare(t, withRADIUS(first, 0, "")).start()
	defer r.stop()
	login := func() {
		t.Helper()
		if result := r.storm(1, 4, nil); !result.Complete {
			t.Errorf("%+v\n%s", result, &r.log)
		}
	}
	login()
	r.load(withRADIUS(second, 0, ""))
	login()
	ports := fmt.Sprintf("port %d; accounting-port %d;", second.Authentication(), second.Accounting())
	tls := strings.Replace(withRADIUS(second, 0, "tls ca-certificate /nowhere/ca.pem;"), ports, "", 1)
	r.load(tls)
	if line := r.awaitLog("/nowhere/ca.pem"); !strings.Contains(line, "CONFIGURATION_REJECTED") {
		t.Errorf("the log says %s", line)
	}
	login()
	if a, b := first.Counts().Requests, second.Counts().Requests; a != 4 || b != 8 {
		t.Errorf("%d and %d requests, want 4 and 8", a, b)
	}
}
