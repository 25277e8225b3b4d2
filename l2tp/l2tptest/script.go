// SPDX-License-Identifier: Apache-2.0

package l2tptest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/l2tp"
)

// Script runs conversations that are written in words, and says what happened.
//
//	pair [seed=N] [delay=D] [secret=S] [authenticate] [hide] [sequencing] [idle=D]   start anew
//	weather [loss=F] [duplicate=F] [delay=D] [jitter=D]        of both directions, from now on
//	open | open-lns                                            a tunnel, opened by the LAC or the LNS
//	call [outgoing] [number=S]                                 in the last tunnel, by the LAC or the LNS
//	data lac|lns OCTETS                                        a frame of the last call
//	hang-up lac|lns CODE                                       the last call
//	stop lac|lns CODE                                          the last tunnel
//	run D                                                      let time pass
//	show                                                       what is left at both ends
type Script struct {
	p      *Pair
	out    strings.Builder
	opened map[string]l2tp.TunnelID // by the name of the end: its own id of the last tunnel
	called map[string]l2tp.Element
}

// Run carries out the lines of input and returns the trace of it.
func (s *Script) Run(input string) string {
	s.out.Reset()
	for line := range strings.Lines(input) {
		if words := strings.Fields(line); len(words) > 0 {
			if err := s.command(words[0], words[1:]); err != nil {
				fmt.Fprintf(&s.out, "%s: %v\n", words[0], err)
			}
		}
	}
	return s.out.String()
}

func (s *Script) command(name string, args []string) error {
	if name == "pair" {
		return s.pair(args)
	}
	p := s.p
	switch name {
	case "weather":
		var w Weather
		err := options(args, map[string]func(string) error{
			"loss": float(&w.Loss), "duplicate": float(&w.Duplicate), "delay": duration(&w.Delay), "jitter": duration(&w.Jitter),
		})
		p.SetWeather(w)
		return err
	case "open", "open-lns":
		from, to := p.LAC, p.LNS
		if name == "open-lns" {
			from, to = to, from
		}
		_, err := from.OpenTunnel(p.Now, to.Addr, from.Addr, from.Config, &from.FX)
		p.Settle()
		return err
	case "call":
		return s.call(args)
	case "data":
		e := s.end(args[0])
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		b := e.AppendData(nil, s.called[e.Name], make([]byte, n))
		p.effect(e, l2tp.Effect{Kind: l2tp.Send, Local: e.Addr, Peer: s.other(e).Addr, Packet: b})
	case "hang-up":
		e := s.end(args[0])
		code, err := strconv.Atoi(args[1])
		e.CloseCall(p.Now, s.called[e.Name], l2tp.Result{Code: uint16(code)}, nil, &e.FX)
		p.Settle()
		return err
	case "stop":
		e := s.end(args[0])
		code, err := strconv.Atoi(args[1])
		e.CloseTunnel(p.Now, s.opened[e.Name], l2tp.Result{Code: uint16(code)}, &e.FX)
		p.Settle()
		return err
	case "run":
		d, err := time.ParseDuration(args[0])
		p.Run(d)
		return err
	case "show":
		for _, e := range []*End{p.LAC, p.LNS} {
			c := e.Counters()
			fmt.Fprintf(&s.out, "%s: tunnels %d, up %d; sessions %d, up %d; frames %d\n",
				e.Name, c.Tunnels, c.TunnelsUp, c.Sessions, c.SessionsUp, e.Frames)
		}
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

func (s *Script) pair(args []string) error {
	seed, w, cfg := 1, Weather{Delay: 10 * time.Millisecond}, l2tp.TunnelConfig{}
	err := options(args, map[string]func(string) error{
		"seed": func(v string) (err error) { seed, err = strconv.Atoi(v); return err }, "delay": duration(&w.Delay),
		"secret": func(v string) error { cfg.Secret = v; return nil }, "authenticate": flag(&cfg.Authenticate), "hide": flag(&cfg.HideAVPs),
		"sequencing": flag(&cfg.Sequencing), "idle": duration(&cfg.IdleTimeout),
	})
	s.p = New(uint64(seed), l2tp.Config{})
	s.opened, s.called = map[string]l2tp.TunnelID{}, map[string]l2tp.Element{}
	s.p.SetWeather(w)
	cfg.BearerCapabilities = 3
	for _, e := range []*End{s.p.LAC, s.p.LNS} {
		c := cfg
		c.HostName, e.Config = e.Name, &c
	}
	s.p.Trace = func(line string) {
		fmt.Fprintln(&s.out, line)
		s.note()
	}
	return err
}

// note keeps the ids of the last tunnel and call of each end.
func (s *Script) note() {
	for _, e := range []*End{s.p.LAC, s.p.LNS} {
		for _, f := range e.FX.List {
			switch f.Kind {
			case l2tp.Send, l2tp.TunnelRequested:
				s.opened[e.Name] = f.Tunnel
			case l2tp.CallRequested, l2tp.CallAccepted:
				s.called[e.Name] = f.Element
			}
		}
	}
}

func (s *Script) call(args []string) error {
	var c l2tp.Call
	err := options(args, map[string]func(string) error{
		"outgoing": flag(&c.Outgoing), "number": func(v string) error { c.CalledNumber = v; return nil },
	})
	e := s.p.LAC
	if c.Outgoing {
		e, c.BearerType, c.FramingType = s.p.LNS, 1, 1
	}
	if err != nil {
		return err
	}
	_, err = e.OpenCall(s.p.Now, s.opened[e.Name], &c, &e.FX)
	s.p.Settle()
	return err
}

func (s *Script) end(name string) *End {
	if name == "lac" {
		return s.p.LAC
	}
	return s.p.LNS
}

func (s *Script) other(e *End) *End {
	if e == s.p.LAC {
		return s.p.LNS
	}
	return s.p.LAC
}

func options(args []string, known map[string]func(string) error) error {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		set := known[name]
		if set == nil {
			return fmt.Errorf("no option %q", name)
		}
		if err := set(value); err != nil {
			return err
		}
	}
	return nil
}

func flag(to *bool) func(string) error { return func(string) error { *to = true; return nil } }

func float(to *float64) func(string) error {
	return func(v string) (err error) { *to, err = strconv.ParseFloat(v, 64); return err }
}

func duration(to *time.Duration) func(string) error {
	return func(v string) (err error) { *to, err = time.ParseDuration(v); return err }
}
