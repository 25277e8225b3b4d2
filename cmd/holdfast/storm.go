// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"holdfast/internal/storm"
	"holdfast/ppp"
)

// stormCommand is `holdfast storm`: it dials an LNS, ours or another one.
type stormCommand struct {
	stormFlags

	Dial stormDial `cmd:"" default:"withargs" help:"Dial an LNS, hold, hang up; or do what --phase says."`
	Run  stormRun  `cmd:"" help:"Play a scenario."`
}

// stormFlags are what a storm is made of, however it is played.
type stormFlags struct {
	LACs            int           `name:"lacs" default:"1" help:"LACs, each with an address or a port of its own."`
	Tunnels         int           `default:"0" help:"Tunnels over all LACs (default: one a LAC)."`
	Sessions        int           `default:"0" help:"PPP sessions over all tunnels (default: one a tunnel)."`
	Rate            float64       `default:"0" help:"Calls a second; 0: as fast as --in-flight lets."`
	InFlight        int           `default:"256" help:"Calls in set-up at once."`
	TunnelsInFlight int           `default:"64" help:"Tunnels in set-up at once."`
	Source          []string      `help:"Where LACs dial from, ADDR (port 1701) or ADDR:PORT; may be repeated."`
	Secret          string        `help:"Tunnel secret; both ends are authenticated."`
	HideAVPs        bool          `name:"hide-avps" help:"Hide AVPs (needs --secret)."`
	Auth            []string      `default:"chap,pap,mschapv2" enum:"chap,pap,mschapv2" help:"What modems are willing to use."`
	User            string        `default:"user%d@example" help:"User name; %d is the number of the line."`
	Password        string        `default:"password" help:"Password; %d likewise."`
	HostName        string        `default:"lac%d" help:"Host name of the LACs; %d is the number of the LAC."`
	Calling         string        `default:"%d" help:"Calling number; %d is the number of the line."`
	Called          string        `help:"Called number."`
	CircuitID       string        `name:"circuit-id" help:"Agent-Circuit-Id and line rates (RFC 5515); %d is the number of the line."`
	Family          []string      `default:"ipv4" enum:"ipv4,ipv6" help:"Network protocols that modems open."`
	Proxy           string        `default:"none" enum:"none,lcp,auth" help:"What the LACs negotiate themselves, and pass on: nothing, LCP, LCP and auth."`
	Patience        time.Duration `default:"10s" help:"A call that is not up by then is given up."`
	Silent          float64       `default:"0" help:"Share of those calls that end without a CDN."`
	Redial          time.Duration `default:"5s" help:"From the end of a call to the next one; negative: never."`
	RedialJitter    time.Duration `default:"5s" help:"Up to this much is added at random."`
	RedialMax       time.Duration `placeholder:"DURATION" help:"Each failed call doubles both, while their sum is at most this (default: they stay)."`
	EchoInterval    time.Duration `default:"10s" help:"LCP Echo-Requests of modems; negative: none."`
	EchoMax         int           `default:"3" help:"Echo-Requests without an answer after which a modem hangs up."`
	HelloInterval   time.Duration `default:"60s" help:"HELLOs of the LACs; negative: none."`
	RetransmitMax   int           `default:"7" help:"How often a LAC sends a control message again before it gives up the tunnel."`
	RetransmitCap   time.Duration `default:"16s" help:"The longest wait in between, at least 8 s: it begins with a second and doubles."`
	Hold            time.Duration `default:"10s" help:"How long sessions stay up."`
	Stall           time.Duration `default:"0s" help:"End the ramp when nothing has come up for so long (default: patience, redial and 10 s)."`
	Traffic         float64       `default:"0" help:"Packets a second through the sessions while they are held."`
	Size            int           `default:"128" help:"Octets of these IP packets."`
	To              []string      `help:"Where they go: ADDR (ping) or ADDR:PORT (UDP echo); may be repeated. Default: ping the LNS's end of the link."`
	Callers         int           `default:"0" help:"Further modems, for measure and overload."`
	Pulse           int           `default:"0" help:"Further tunnels of each LAC, without modems, to measure HELLOs through."`
	Phase           []string      `sep:"none" help:"A phase, as a scenario has it, in place of --rate, --hold and --traffic; may be repeated."`
	API             string        `name:"api" placeholder:"PATH" help:"API socket of an LNS of ours, to record what it says."`
	Name            string        `help:"What the recording is called."`
	CSV             string        `name:"csv" placeholder:"FILE" help:"Write the recording of the phases there."`
	HTML            string        `name:"html" placeholder:"FILE" help:"Write a report of the phases there."`
	Plain           bool          `help:"Lines even on a terminal."`
	Seed            uint64        `default:"1" help:"The same seed makes the same storm."`
	JSON            bool          `name:"json" help:"Print the result as JSON; progress goes to the standard error."`
}

// stormDial is `holdfast storm LNS...`.
type stormDial struct {
	LNS []string `arg:"" name:"lns" help:"Address of the LNS, ADDR or ADDR:PORT. The tunnels of a LAC take several in turn."`
}

// Run does what the flags say.
func (c *stormDial) Run(ctx context.Context, cli *commandLine) error {
	f := &cli.Storm.stormFlags
	if len(f.Phase) > 0 {
		return f.playPhases(ctx, c.LNS)
	}
	return f.dial(ctx, c.LNS)
}

// dial has modems dial, stay and hang up.
func (c *stormFlags) dial(ctx context.Context, lns []string) error {
	o, err := c.options(lns)
	if err != nil {
		return err
	}
	progress := io.Writer(os.Stdout)
	if c.JSON {
		progress = os.Stderr
	}
	o.Progress = (&storm.Lines{W: progress}).Progress
	result, err := storm.Run(ctx, o)
	if result == nil {
		return err
	}
	if c.JSON {
		err = errors.Join(err, writeJSON(os.Stdout, result))
	} else {
		result.WriteTable(os.Stdout)
	}
	if err == nil && !result.Complete {
		err = incomplete(result)
	}
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// incomplete is the error of a run in which the LNS has not done all that was asked of it.
func incomplete(r *storm.Result) error {
	return errors.New("storm: " + strings.Join(r.Faults(), "; "))
}

// options makes a plan of the flags.
func (c *stormFlags) options(lns []string) (storm.Options, error) {
	p := storm.Plan{
		LACs: c.LACs, Tunnels: c.Tunnels, Sessions: c.Sessions,
		Rate: c.Rate, InFlight: c.InFlight, TunnelsInFlight: c.TunnelsInFlight,
		Secret: c.Secret, HideAVPs: c.HideAVPs,
		User: c.User, Password: c.Password, HostName: c.HostName,
		Calling: c.Calling, Called: c.Called, CircuitID: c.CircuitID,
		Callers: c.Callers, Pulse: c.Pulse,
		Patience: c.Patience, Silent: c.Silent, EchoMax: c.EchoMax, RedialDelay: c.Redial, RedialJitter: c.RedialJitter,
		RedialMax: c.RedialMax, RetransmitMax: c.RetransmitMax, RetransmitIntervalMax: c.RetransmitCap,
		EchoInterval: c.EchoInterval, HelloInterval: c.HelloInterval,
		Traffic: storm.Traffic{Rate: c.Traffic, Size: c.Size},
		Seed:    c.Seed,
	}
	for _, a := range c.Auth {
		p.Auth = append(p.Auth, map[string]ppp.AuthMethod{"chap": ppp.CHAP, "pap": ppp.PAP, "mschapv2": ppp.MSCHAPv2}[a])
	}
	p.Proxy = map[string]storm.Proxy{"none": storm.ProxyNone, "lcp": storm.ProxyLCP, "auth": storm.ProxyAuth}[c.Proxy]
	for _, f := range c.Family {
		p.IPv4 = p.IPv4 || f == "ipv4"
		p.IPv6 = p.IPv6 || f == "ipv6"
	}
	o := storm.Options{Plan: p, Hold: c.Hold, Stall: c.Stall}
	for _, list := range []struct {
		to   *[]netip.AddrPort
		text []string
		port uint16
	}{{&o.Plan.LNS, lns, 1701}, {&o.Sources, c.Source, 1701}, {&o.Plan.Traffic.To, c.To, 0}} {
		for _, s := range list.text {
			a, err := parseAddrPort(s, list.port)
			if err != nil {
				return o, err
			}
			*list.to = append(*list.to, a)
		}
	}
	return o, nil
}

// parseAddrPort reads ADDR, ADDR:PORT or [ADDR]:PORT.
func parseAddrPort(s string, port uint16) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, port), nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, fmt.Errorf("%q is neither an address nor ADDRESS:PORT", s)
	}
	return a, nil
}
