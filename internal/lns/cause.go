// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"errors"

	"holdfast/l2tp"
	"holdfast/ppp"
)

// Cause is why a session ended or was refused: the terminate reason that
// operators see and count.
type Cause uint8

// Causes.
const (
	causeNone Cause = iota
	CauseReceivedCDN
	CauseTunnelDown
	CauseAdministrative
	CauseDrain
	CauseLimit
	CauseTunnelLimit
	CauseNoResources
	CauseTooBusy
	CauseExpired
	CauseSuperseded
	CauseConnectTimeout
	CauseUnexpected
	CausePeerTerminated
	CauseKeepalive
	CauseLCPTimeout
	CauseLoopback
	CauseAuthTimeout
	CauseAuthRefused
	CauseAuthDenied
	CauseNoServer
	CauseUserLimit
	CauseAddressInUse
	CauseNoAddress
	CauseNoNCP
	CauseSessionTimeout
	CauseIdleTimeout
	CauseReplaced
	CausePPP
	CauseRemoteReset
	CauseShutdown
	CauseAttribute
	CauseFilter
	CauseInstance
	CausePool
	CauseRouteInUse
	causeCount
)

// CauseCount is the number of causes, for arrays of counters.
const CauseCount = int(causeCount)

// causes says of each cause what operators read, what the CDN carries
// (RFC 2661 §4.4.2), which PPP Disconnect Cause Code explains it (RFC 3145 §3), and
// the Acct-Terminate-Cause (RFC 2866 §5.10) unless access terminate-code has another.
var causes = [causeCount]struct {
	name     string
	acct     uint32
	result   l2tp.Result
	code     uint16
	protocol ppp.Protocol
	side     uint8
}{
	causeNone:        {name: "none"},
	CauseReceivedCDN: {name: "l2tp session-receive-cdn", acct: nasRequest},
	CauseTunnelDown:  {name: "l2tp session-tunnel-down", acct: lostCarrier},
	CauseAdministrative: {
		name: "l2tp session-administrative-close", acct: adminReset, result: l2tp.Result{Code: 3, Message: "administrative close"}, code: 1,
	},
	CauseDrain: {name: "l2tp session-administrative-drain", acct: adminReset, result: l2tp.Result{Code: 4, Message: "draining"}},
	CauseLimit: {name: "l2tp session-create-failed-limit-reached", acct: nasError, result: l2tp.Result{Code: 4, Message: "session limit reached"}},
	CauseTunnelLimit: {
		name: "l2tp session-create-failed-tunnel-limit-reached", acct: nasError, result: l2tp.Result{Code: 4, Message: "tunnel session limit reached"},
	},
	CauseNoResources: {name: "l2tp session-create-failed-no-resources", acct: nasError, result: l2tp.Result{Code: 4, Message: "no resources"}},
	CauseTooBusy:     {name: "l2tp session-create-failed-too-busy", acct: nasError, result: l2tp.Result{Code: 4, Message: "too busy"}},
	CauseExpired:     {name: "l2tp session-create-failed-deadline-passed", acct: nasError, result: l2tp.Result{Code: 4, Message: "too busy"}},
	CauseSuperseded: {
		name: "l2tp session-create-failed-line-dialled-again", acct: portPreempted, result: l2tp.Result{Code: 4, Message: "line has dialled again"},
	},
	CauseConnectTimeout: {
		name: "l2tp session-timeout-connection", acct: serviceUnavailable, result: l2tp.Result{Code: 10, Message: "call not connected in time"},
	},
	CauseUnexpected:     {name: "l2tp session-receive-unexpected", acct: portError, result: l2tp.Result{Code: 2, Error: 6}},
	CausePeerTerminated: {name: "ppp lcp-peer-terminate-term-req", acct: userRequest, result: l2tp.Result{Code: 3}, code: 3, side: 1},
	CauseKeepalive:      {name: "ppp lcp-keepalive-failure", acct: lostCarrier, result: l2tp.Result{Code: 1}, code: 8, protocol: ppp.ProtoLCP},
	CauseLCPTimeout:     {name: "ppp lcp-negotiation-timeout", acct: portError, result: l2tp.Result{Code: 1}, code: 5, protocol: ppp.ProtoLCP},
	CauseLoopback:       {name: "ppp lcp-loopback-detected", acct: portError, result: l2tp.Result{Code: 1}, code: 7, protocol: ppp.ProtoLCP},
	CauseAuthTimeout:    {name: "ppp authenticate-timeout", acct: userError, result: l2tp.Result{Code: 3}, code: 13},
	CauseAuthRefused:    {name: "ppp authenticate-protocol-unacceptable", acct: userError, result: l2tp.Result{Code: 3}, code: 15, side: 1},
	CauseAuthDenied:     {name: "aaa deny-authentication-denied", acct: userError, result: l2tp.Result{Code: 3}, code: 16, side: 1},
	CauseNoServer:       {name: "aaa deny-server-request-timeout", acct: serviceUnavailable, result: l2tp.Result{Code: 4, Message: "no answer from RADIUS"}},
	CauseUserLimit: {
		name: "aaa deny-session-limit-exceeded", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "session limit exceeded"}, code: 1,
	},
	CauseAddressInUse: {
		name: "aaa deny-address-in-use", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "address in use"},
		code: 20, protocol: ppp.ProtoIPCP, side: 2,
	},
	CauseNoAddress: {
		name: "aaa deny-no-resources", acct: serviceUnavailable, result: l2tp.Result{Code: 4, Message: "no address"}, code: 20, protocol: ppp.ProtoIPCP, side: 2,
	},
	CauseNoNCP:          {name: "ppp no-ncps-available", acct: serviceUnavailable, result: l2tp.Result{Code: 3}, code: 18},
	CauseSessionTimeout: {name: "aaa shutdown-session-timeout", acct: sessionTimeout, result: l2tp.Result{Code: 3}, code: 1},
	CauseIdleTimeout:    {name: "aaa shutdown-idle-timeout", acct: idleTimeout, result: l2tp.Result{Code: 3}, code: 1},
	CauseReplaced: {
		name: "aaa shutdown-reassign-on-match", acct: portPreempted, result: l2tp.Result{Code: 3, Message: "line has dialled again"}, code: 1,
	},
	CausePPP:         {name: "ppp lower-layer-failure", acct: portError, result: l2tp.Result{Code: 1}},
	CauseRemoteReset: {name: "aaa shutdown-remote-reset", acct: adminReset, result: l2tp.Result{Code: 3, Message: "administrative reset"}, code: 1},
	CauseShutdown:    {name: "l2tp session-administrative-shutdown", acct: adminReboot, result: l2tp.Result{Code: 3, Message: "shutting down"}, code: 1},
	CauseAttribute:   {name: "aaa deny-attribute-unusable", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "attribute unusable"}, code: 1},
	CauseFilter:      {name: "aaa deny-filter-unknown", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "filter unknown"}, code: 1},
	CauseInstance: {
		name: "aaa deny-routing-instance-unknown", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "routing instance unknown"}, code: 1,
	},
	CausePool: {
		name: "aaa deny-address-pool-unknown", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "address pool unknown"},
		code: 20, protocol: ppp.ProtoIPCP, side: 2,
	},
	CauseRouteInUse: {
		name: "aaa deny-route-in-use", acct: serviceUnavailable, result: l2tp.Result{Code: 3, Message: "route in use"},
		code: 20, protocol: ppp.ProtoIPCP, side: 2,
	},
}

// Values of Acct-Terminate-Cause (RFC 2866 §5.10).
const (
	userRequest        = 1
	lostCarrier        = 2
	idleTimeout        = 4
	sessionTimeout     = 5
	adminReset         = 6
	adminReboot        = 7
	portError          = 8
	nasError           = 9
	nasRequest         = 10
	portPreempted      = 13
	serviceUnavailable = 15
	userError          = 17
)

// Terminate is the Acct-Terminate-Cause of the cause, unless access terminate-code
// has another.
func (c Cause) Terminate() uint32 { return causes[c].acct }

// String is the terminate reason, family first.
func (c Cause) String() string { return causes[c].name }

// Err is the cause as an error, for logs.
func (c Cause) Err() error { return causeError(c) }

type causeError Cause

func (e causeError) Error() string { return Cause(e).String() }

// disconnect is the RFC 3145 explanation, or nil when there is none to give.
// An authentication cause names the protocol that was in use.
func (c Cause) disconnect(auth ppp.AuthMethod) *l2tp.DisconnectCause {
	row := &causes[c]
	if row.code == 0 {
		return nil
	}
	protocol := row.protocol
	if row.code == 13 || row.code == 15 || row.code == 16 {
		switch auth {
		case ppp.PAP:
			protocol = ppp.ProtoPAP
		case ppp.CHAP, ppp.MSCHAPv2:
			protocol = ppp.ProtoCHAP
		case ppp.AuthNone:
		}
	}
	return &l2tp.DisconnectCause{Code: row.code, Protocol: uint16(protocol), Direction: row.side}
}

// l2tpCause is the cause of a session that the endpoint ended.
func l2tpCause(err error) Cause {
	switch {
	case errors.Is(err, l2tp.ErrPeerClosed), errors.Is(err, l2tp.ErrReplaced):
		return CauseReceivedCDN
	case errors.Is(err, l2tp.ErrTunnelClosed):
		return CauseTunnelDown
	case errors.Is(err, l2tp.ErrTimeout):
		return CauseConnectTimeout
	case errors.Is(err, l2tp.ErrLimit):
		return CauseNoResources
	case errors.Is(err, l2tp.ErrClosed):
		return CauseAdministrative
	}
	return CauseUnexpected
}

// pppCause is the cause of a session whose link went down by itself.
func pppCause(err error) Cause {
	switch {
	case errors.Is(err, ppp.ErrTerminated):
		return CausePeerTerminated
	case errors.Is(err, ppp.ErrNoEcho):
		return CauseKeepalive
	case errors.Is(err, ppp.ErrNoAnswer), errors.Is(err, ppp.ErrNotConverging):
		return CauseLCPTimeout
	case errors.Is(err, ppp.ErrLoopback):
		return CauseLoopback
	case errors.Is(err, ppp.ErrAuthTimeout):
		return CauseAuthTimeout
	case errors.Is(err, ppp.ErrAuthRefused):
		return CauseAuthRefused
	case errors.Is(err, ppp.ErrAuthFailed):
		return CauseAuthDenied
	case errors.Is(err, ppp.ErrNoNetwork):
		return CauseNoNCP
	case errors.Is(err, ppp.ErrClosed):
		return CauseAdministrative
	}
	return CausePPP
}
