// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"cmp"
	"slices"
	"strconv"

	"holdfast/l2tp"
	"holdfast/ppp"
)

// Bounds of one page: rows filled, and places looked at, so that a listing
// never holds up the shard for long.
const (
	pageRows  = 256
	pageSteps = 8192
)

// serve fills a page of the request.
func (e *Engine) serve(r *Request, fx *Effects) {
	if r.Limit <= 0 {
		r.Limit = pageRows
	}
	r.Done = true
	switch r.Kind {
	case ShowSummary:
		e.showSummary(r)
	case ShowDestinations:
		e.showDestinations(r)
	case ShowTunnels:
		e.eachTunnel(r, func(info *l2tp.TunnelInfo, t *tunnel) bool {
			r.Tunnels = append(r.Tunnels, e.tunnelRow(info, t))
			return len(r.Tunnels) < r.Limit
		})
	case ShowSessions:
		e.eachSession(r, func(s *session) bool {
			r.Sessions = append(r.Sessions, e.sessionRow(s))
			return len(r.Sessions) < r.Limit
		})
	case ShowSubscribers:
		e.showSubscribers(r)
	case ShowGroups:
		e.showGroups(r)
	case ShowClients:
		e.showClients(r)
	case ShowPools:
		e.showPools(r)
	case ShowAdmission:
		size, inFlight, queued := e.radiusLoad()
		r.Admission = append(r.Admission, AdmissionRow{
			Shard: e.shard, Snapshot: e.adm.Snapshot(e.now), DearSteps: e.counters.DearSteps, StaleSteps: e.counters.StaleSteps,
			RADIUSWindow: size, RADIUSInFlight: inFlight, RADIUSQueued: queued, Enabled: e.admitting,
			Alarms: e.watch.rows(e.now),
		})
	case ShowCallHistory:
		e.showCallHistory(r)
	case ClearDestinations, ClearTunnels:
		e.clearTunnels(r, fx)
	case ClearSessions:
		e.clearSessions(r, fx)
	case FindSessions, ChangeSession, DisconnectSession:
		e.serveDynamic(r, fx)
	}
}

func (e *Engine) showSummary(r *Request) {
	c := e.l2.Counters()
	s := &r.Summary
	*s = Summary{
		Destinations: len(e.dests), Tunnels: c.TunnelsUp, TunnelsHalfOpen: c.TunnelsHalfOpen,
		TunnelsClosing: max(c.Tunnels-c.TunnelsUp-c.TunnelsHalfOpen, 0), Sessions: c.SessionsUp,
		States: e.states, Interfaces: make(map[string]int), ByInstance: make(map[string]int),
		Settings: e.cfg.Summary, Draining: e.cfg.Drain || e.stopping,
		ControlRx: Volume{c.ReceivedControl, c.ReceivedControlBytes}, ControlTx: Volume{c.SentControl, c.SentControlBytes},
		Counters: e.Counters(),
	}
	storing := len(e.history.storing)
	s.States[StateTerminating] += storing
	s.States[StateTerminated] = e.history.count - storing
	for _, f := range e.interfaces.list {
		s.Interfaces[f.name] = f.sessions
	}
	for id, n := range e.byInstance {
		if n > 0 {
			s.ByInstance[e.instanceName(id)] = n
		}
	}
	for _, g := range e.cfg.Groups {
		for _, t := range g.TermsByHostName {
			s.TunnelAuthentication = s.TunnelAuthentication || t.Tunnel.Authenticate
		}
		s.TunnelAuthentication = s.TunnelAuthentication || g.TermsDefault != nil && g.TermsDefault.Tunnel.Authenticate
	}
}

func (e *Engine) instanceName(id uint16) string {
	for _, in := range e.cfg.Instances {
		if in.ID == id {
			return in.Name
		}
	}
	return "default"
}

func (e *Engine) showDestinations(r *Request) {
	f := &r.Filter
	rows := make(map[destinationKey]int)
	for key, d := range e.dests {
		if f.Peer.IsValid() && f.Peer != key.peer || f.Gateway.IsValid() && f.Gateway != key.gateway {
			continue
		}
		rows[key] = len(r.Destinations)
		r.Destinations = append(r.Destinations, DestinationRow{
			LocalName: d.name(), Peer: key.peer, Gateway: key.gateway, Instance: e.instanceName(0),
			Tunnels: d.tunnels, Sessions: d.sessions, State: e.destinationState(),
			TunnelsTotal: d.tunnelsTotal, TunnelsFailed: d.tunnelsFailed,
			SessionsTotal: d.sessionsTotal, SessionsFailed: d.sessionsFailed,
			ControlRx: d.controlRx, ControlTx: d.controlTx, ControlRxErrors: d.controlRxErrors, ControlTxErrors: d.controlTxErrors,
		})
	}
	for id, ok := e.l2.TunnelAfter(0); ok; id, ok = e.l2.TunnelAfter(id) {
		info, _ := e.l2.Tunnel(id)
		if i, ok := rows[destinationKey{info.Peer.Addr(), info.Local.Addr()}]; ok {
			r.Destinations[i].addTunnel(&info.Counters)
		}
	}
	slices.SortFunc(r.Destinations, func(a, b DestinationRow) int { return a.Peer.Compare(b.Peer) })
}

// addTunnel adds what a living tunnel has carried.
func (d *DestinationRow) addTunnel(c *l2tp.TunnelCounters) {
	d.ControlRx.Packets += uint64(c.ReceivedMessages)
	d.ControlRx.Bytes += c.ReceivedBytes
	d.ControlTx.Packets += uint64(c.SentMessages)
	d.ControlTx.Bytes += c.SentBytes
	d.ControlRxErrors += uint64(c.Errors)
	d.ControlTxErrors += uint64(c.Retransmissions)
}

func (e *Engine) destinationState() string {
	if e.cfg.Drain || e.stopping {
		return "Drain"
	}
	return "Enabled"
}

// eachTunnel goes on from the cursor through the tunnels that the filter
// selects, until visit says enough.
func (e *Engine) eachTunnel(r *Request, visit func(*l2tp.TunnelInfo, *tunnel) bool) {
	one := r.Filter.LocalTunnel
	if one != 0 {
		r.Cursor = max(r.Cursor, uint32(one)-1)
	}
	for steps := 0; ; steps++ {
		id, ok := e.l2.TunnelAfter(l2tp.TunnelID(r.Cursor))
		if !ok || one != 0 && id > l2tp.TunnelID(one) {
			return
		}
		if steps == pageSteps {
			r.Done = false
			return
		}
		r.Cursor = uint32(id)
		t := e.tunnels[id]
		info, _ := e.l2.Tunnel(id)
		if t == nil || !e.tunnelMatches(&r.Filter, &info, t) {
			continue
		}
		if !visit(&info, t) {
			r.Done = false
			return
		}
	}
}

func (e *Engine) tunnelMatches(f *Filter, info *l2tp.TunnelInfo, t *tunnel) bool {
	return (f.LocalTunnel == 0 || l2tp.TunnelID(f.LocalTunnel) == info.LocalTunnelID) &&
		(f.Group == "" || f.Group == t.bind.group.Name) &&
		(!f.Gateway.IsValid() || f.Gateway == info.Local.Addr()) &&
		(f.GatewayName == "" || f.GatewayName == t.bind.Tunnel.HostName) &&
		(!f.Peer.IsValid() || f.Peer == info.Peer.Addr()) &&
		(f.PeerName == "" || f.PeerName == info.HostName) &&
		(f.Interface == "" || slices.Contains(t.bind.group.Interfaces, f.Interface))
}

// tunnelStates are the words of the original.
var tunnelStates = map[l2tp.TunnelState]string{
	l2tp.TunnelIdle:         "cc_responder_idle",
	l2tp.TunnelWaitCtlReply: "cc_initiator_wait_ctl_reply",
	l2tp.TunnelWaitCtlConn:  "cc_responder_wait_ctl_conn",
	l2tp.TunnelEstablished:  "Established",
	l2tp.TunnelClosed:       "cleanup",
}

func (e *Engine) tunnelRow(info *l2tp.TunnelInfo, t *tunnel) TunnelRow {
	row := TunnelRow{
		LocalID: uint16(info.LocalTunnelID), PeerID: uint16(info.PeerTunnelID), Peer: info.Peer, Local: info.Local,
		Sessions: info.Sessions, State: tunnelStates[info.State], Name: strconv.Itoa(int(info.LocalTunnelID)),
		LocalName: t.bind.Tunnel.HostName, PeerName: info.HostName, Group: t.bind.group.Name,
		Instance: e.instanceName(0), SessionMax: t.bind.Client.TunnelSessionMax,
		ReceiveWindow: t.bind.Tunnel.ReceiveWindow, PeerWindow: info.PeerWindow, HelloInterval: t.bind.Tunnel.HelloInterval,
		Created: e.now.Sub(info.CreatedAt), Idle: e.now.Sub(info.HeardAt),
		ControlRx:       Volume{uint64(info.Counters.ReceivedMessages), info.Counters.ReceivedBytes},
		ControlTx:       Volume{uint64(info.Counters.SentMessages), info.Counters.SentBytes},
		Retransmissions: uint64(info.Counters.Retransmissions), ControlRxErrors: uint64(info.Counters.Errors),
		ControlTxErrors: uint64(info.Counters.Retransmissions),
	}
	if d := t.dest; d != nil && d.number > 0 {
		row.Name = d.name() + "/" + row.Name
	}
	if !info.EstablishedAt.IsZero() {
		row.Up = e.now.Sub(info.EstablishedAt)
	}
	return row
}

// eachSession goes on from the cursor through the sessions that the filter
// selects. With a tunnel named, only its sessions are looked at, on one page.
func (e *Engine) eachSession(r *Request, visit func(*session) bool) {
	if id := r.Filter.LocalTunnel; id != 0 {
		at := uint32(0)
		for el := range e.l2.Sessions(l2tp.TunnelID(id)) {
			if at++; at <= r.Cursor {
				continue
			}
			r.Cursor = at
			if s := e.sessions.at(el); s != nil && e.sessionMatches(&r.Filter, s) && !visit(s) {
				r.Done = false
				return
			}
		}
		return
	}
	for steps := 0; int(r.Cursor) < e.sessions.size(); steps++ {
		if steps == pageSteps {
			r.Done = false
			return
		}
		s := e.sessions.at(l2tp.Element(r.Cursor))
		r.Cursor++
		if s != nil && e.sessionMatches(&r.Filter, s) && !visit(s) {
			r.Done = false
			return
		}
	}
}

func (e *Engine) sessionMatches(f *Filter, s *session) bool {
	if f.LocalTunnel != 0 && l2tp.TunnelID(f.LocalTunnel) != s.tunnel ||
		f.LocalSession != 0 && l2tp.SessionID(f.LocalSession) != s.id ||
		f.Group != "" && f.Group != s.bind.group.Name ||
		f.User != "" && f.User != s.user ||
		f.HasState && f.State != s.state ||
		f.Interface != "" && (!s.answered || f.Interface != e.interfaces.name(s.iface)) ||
		f.Profile != "" && f.Profile != s.dynamic().Name ||
		f.Instance != "" && f.Instance != e.instanceName(s.instance()) ||
		f.GatewayName != "" && f.GatewayName != s.bind.Tunnel.HostName ||
		f.Address.IsValid() && f.Address != s.ipv4 && !s.ipv6.Contains(f.Address) {
		return false
	}
	if !f.Peer.IsValid() && !f.Gateway.IsValid() && f.PeerName == "" && f.Calling == "" && f.CircuitID == "" && f.RemoteID == "" {
		return true
	}
	return e.callMatches(f, s)
}

// callMatches looks at what only the endpoint knows.
func (e *Engine) callMatches(f *Filter, s *session) bool {
	info, _ := e.l2.Tunnel(s.tunnel)
	if f.Peer.IsValid() && f.Peer != info.Peer.Addr() || f.Gateway.IsValid() && f.Gateway != info.Local.Addr() ||
		f.PeerName != "" && f.PeerName != info.HostName {
		return false
	}
	call := e.call(s)
	circuit, remote := lineIDs(call)
	return (f.Calling == "" || f.Calling == call.CallingNumber) &&
		(f.CircuitID == "" || f.CircuitID == circuit) && (f.RemoteID == "" || f.RemoteID == remote)
}

// call is what the set-up said of the session; never nil. It outlives the
// endpoint's session, so that an ended call can still be told.
func (e *Engine) call(s *session) *l2tp.Call {
	if s.call == nil {
		return &l2tp.Call{}
	}
	return s.call
}

func lineIDs(c *l2tp.Call) (circuit, remote string) {
	if c.Line == nil {
		return "", ""
	}
	return c.Line.AgentCircuitID, c.Line.AgentRemoteID
}

// sessionStates are the words of the original.
var sessionStates = map[l2tp.SessionState]string{
	l2tp.SessionIdle:         "lns-ic-idle",
	l2tp.SessionWaitTunnel:   "lns-oc-wait-tunnel",
	l2tp.SessionWaitReply:    "lns-oc-wait-reply",
	l2tp.SessionWaitAnswer:   "lns-oc-wait-answer",
	l2tp.SessionWaitConnect:  "lns-ic-wait-connect",
	l2tp.SessionWaitCSAnswer: "lns-oc-wait-cs-answer",
	l2tp.SessionEstablished:  "Established",
}

func (e *Engine) sessionRow(s *session) SessionRow {
	info, _ := e.l2.Session(s.element)
	tun, _ := e.l2.Tunnel(s.tunnel)
	call := e.call(s)
	row := SessionRow{
		TunnelLocalID: uint16(s.tunnel), TunnelPeerID: uint16(tun.PeerTunnelID), LocalID: uint16(s.id), PeerID: uint16(info.PeerSessionID),
		Element: uint32(s.element), Shard: e.shard, State: sessionStates[info.State], User: s.user, Mode: "dynamic",
		Local: tun.Local, Peer: tun.Peer, LocalName: s.bind.Tunnel.HostName, PeerName: tun.HostName,
		TxSpeed: call.TxSpeed, RxSpeed: call.RxSpeed, BearerType: call.BearerType, FramingType: call.FramingType,
		LCPRenegotiation: s.bind.Client.LCPRenegotiation, Authentication: s.authentication(), CallSerial: call.Serial,
		CallingNumber: call.CallingNumber, CalledNumber: call.CalledNumber, Sequencing: info.Sequencing,
		Created: e.now.Sub(s.createdAt), Idle: e.now.Sub(tun.HeardAt),
		ControlRx: Volume{Packets: uint64(s.controlRx)}, ControlTx: Volume{Packets: uint64(s.controlTx)},
	}
	echo := s.link.Counters()
	row.EchoTx, row.EchoRx = uint64(echo.EchoRequestsSent), uint64(echo.EchoRepliesReceived)
	if s.answered {
		row.Interface, row.Unit = e.interfaces.name(s.iface), s.unit
	}
	if !s.upAt.IsZero() {
		row.Up = e.now.Sub(s.upAt)
	}
	return row
}

// authentication is how the subscriber proved who he is.
func (s *session) authentication() string {
	name := map[ppp.AuthMethod]string{ppp.PAP: "PAP", ppp.CHAP: "CHAP", ppp.MSCHAPv2: "MS-CHAPv2"}[s.auth]
	switch {
	case name == "":
		return "None"
	case s.proxied:
		return "Proxy " + name
	}
	return name
}

// showSubscribers lists the living, then those kept for inspection.
func (e *Engine) showSubscribers(r *Request) {
	f := &r.Filter
	if r.Cursor < terminatedCursor && (!f.HasState || f.State != StateTerminated) {
		e.eachSession(r, func(s *session) bool {
			r.Subscribers = append(r.Subscribers, e.subscriberRow(s))
			return len(r.Subscribers) < r.Limit
		})
		if !r.Done || !f.HasState || f.State != StateTerminating {
			return
		}
	}
	// Ended ones are listed only when they are asked for.
	r.Cursor = max(r.Cursor, terminatedCursor)
	for int(r.Cursor-terminatedCursor) < e.history.count {
		kept := e.history.at(int(r.Cursor - terminatedCursor))
		r.Cursor++
		row := kept.row
		if !terminatedMatches(f, &row) {
			continue
		}
		if row.Login > 0 {
			row.Login += e.now.Sub(kept.at) // ages go on after the end
		}
		r.Subscribers = append(r.Subscribers, row)
		if len(r.Subscribers) == r.Limit {
			r.Done = false
			return
		}
	}
}

// terminatedCursor is where the cursor of ended subscribers begins.
const terminatedCursor = 1 << 31

func terminatedMatches(f *Filter, row *SubscriberRow) bool {
	return f.State == row.State && (f.User == "" || f.User == row.User) && (f.Interface == "" || f.Interface == row.Interface) &&
		(!f.Address.IsValid() || f.Address == row.IPv4 || row.IPv6.Contains(f.Address)) &&
		(f.Calling == "" || f.Calling == row.Calling) && (!f.Peer.IsValid() || f.Peer == row.Peer) &&
		(!f.Gateway.IsValid() || f.Gateway == row.Gateway) && (f.PeerName == "" || f.PeerName == row.PeerName) &&
		(f.Instance == "" || f.Instance == row.Instance) && (f.Profile == "" || f.Profile == row.Profile) &&
		(f.CircuitID == "" || f.CircuitID == row.CircuitID) && (f.RemoteID == "" || f.RemoteID == row.RemoteID) &&
		(f.LocalTunnel == 0 || f.LocalTunnel == row.TunnelLocalID) && (f.LocalSession == 0 || f.LocalSession == row.SessionLocalID)
}

func (e *Engine) subscriberRow(s *session) SubscriberRow {
	tun, _ := e.l2.Tunnel(s.tunnel)
	call := e.call(s)
	row := SubscriberRow{
		ID:   e.sessionID(s),
		User: s.user, State: s.state, Instance: e.instanceName(s.instance()), Profile: s.dynamic().Name,
		AccessProfile: s.aaa().Name, IPv4: s.ipv4, IPv6: s.ipv6, DNS: e.network(s).DNS,
		Calling: call.CallingNumber, Called: call.CalledNumber, TunnelLocalID: uint16(s.tunnel), SessionLocalID: uint16(s.id),
		Peer: tun.Peer.Addr(), Gateway: tun.Local.Addr(), PeerName: tun.HostName, Element: uint32(s.element), Shard: e.shard,
		TxSpeed: call.TxSpeed, RxSpeed: call.RxSpeed,
	}
	row.CircuitID, row.RemoteID = lineIDs(call)
	if s.answered {
		row.Interface, row.Unit = e.interfaces.name(s.iface), s.unit
	}
	if s.connected {
		row.MTU = e.mtu(s)
	}
	if s.pool != nil {
		row.Pool = s.pool.cfg.Name
	}
	if s.pool6 != nil {
		row.PoolIPv6 = s.pool6.cfg.Name
	}
	if !s.upAt.IsZero() {
		row.Login = e.now.Sub(s.upAt)
	}
	e.grantRow(s, &row)
	return row
}

// grantRow adds what the session has from RADIUS, and how it is accounted.
func (e *Engine) grantRow(s *session, row *SubscriberRow) {
	row.IdleTimeout = s.idleTimeout()
	if !s.expiresAt.IsZero() {
		row.SessionLeft = s.expiresAt.Sub(e.now)
	}
	g := s.grant
	if g == nil {
		return
	}
	row.Server, row.Routes, row.UserGiven = g.server, g.routes, g.given
	if g.sub != nil {
		row.AccountedUser = g.sub.User
	}
	if g.domain != nil {
		row.Domain = g.domain.Name
	}
	if a := g.granted; a != nil {
		row.Up, row.Down, row.Filters, row.DNSIPv6 = a.Up, a.Down, a.Filters, a.DNSIPv6
		row.Classes = len(a.Class)
	}
	if acct := &g.account; acct.state == accountStarted {
		row.Accounted, row.InterimInterval = e.now.Sub(acct.startedAt), acct.interval
	}
}

// sessionID is the session's id for operators, unique over restarts.
func (e *Engine) sessionID(s *session) uint64 {
	return uint64(e.epoch)<<40 | uint64(e.shard)<<32 | uint64(s.serial)
}

// ended is what is kept of a session that ends.
func (e *Engine) ended(s *session, cause Cause) SubscriberRow {
	row := e.subscriberRow(s)
	row.State, row.Cause = StateTerminated, cause.String()
	return row
}

func (e *Engine) showGroups(r *Request) {
	for _, g := range e.cfg.Groups {
		if r.Filter.Group != "" && r.Filter.Group != g.Name {
			continue
		}
		row := GroupRow{
			Name: g.Name, Gateway: g.Gateway.String(), GatewayName: g.GatewayName, Interfaces: g.Interfaces, SessionMax: g.SessionMax,
			Clients: g.Clients.Name,
		}
		if g.AAA != nil {
			row.AAA = g.AAA.Name
		}
		if g.Profile != nil {
			row.Profile = g.Profile.Name
		}
		if u := e.groups[g.Name]; u != nil {
			row.Tunnels, row.Sessions = u.tunnels, u.sessions
		}
		r.Groups = append(r.Groups, row)
	}
}

func (e *Engine) showClients(r *Request) {
	seen := make(map[clientKey]bool)
	for _, g := range e.cfg.Groups {
		list := make([]*Client, 0, len(g.Clients.Clients)+1)
		for _, c := range g.Clients.Clients {
			list = append(list, c)
		}
		slices.SortFunc(list, func(a, b *Client) int { return cmp.Compare(a.Name, b.Name) })
		if g.Clients.Default != nil {
			list = append(list, g.Clients.Default)
		}
		for _, c := range list {
			key := clientKey{g.Clients.Name, c.Name}
			if seen[key] || r.Filter.PeerName != "" && r.Filter.PeerName != c.Name {
				continue
			}
			seen[key] = true
			row := ClientRow{Profile: key.profile, Name: c.Name, SessionMax: c.SessionMax}
			if u := e.clients[key]; u != nil {
				row.Tunnels, row.Sessions = u.tunnels, u.sessions
			}
			r.Clients = append(r.Clients, row)
		}
	}
}

func (e *Engine) showPools(r *Request) {
	for _, p := range e.cfg.Pools {
		part := e.pools[p.Name]
		row := PoolRow{
			Name: p.Name, Instance: e.instanceName(p.Instance), Total: part.space.Total(),
			Used: uint64(part.local.Used()), OutOfAddresses: part.dry,
		}
		if p.Linked != nil {
			row.Linked = p.Linked.Name
		}
		r.Pools = append(r.Pools, row)
	}
}
