// SPDX-License-Identifier: Apache-2.0

package wire

// Result Codes of StopCCN, RFC 2661 §4.4.2.
const (
	StopGeneral       = 1 // General request to clear control connection
	StopError         = 2 // General error--Error Code indicates the problem
	StopExists        = 3 // Control channel already exists
	StopNotAuthorized = 4 // Requester is not authorized to establish a control channel
	StopVersion       = 5 // The protocol version of the requester is not supported
	StopShutdown      = 6 // Requester is being shut down
	StopFSM           = 7 // Finite State Machine error
)

// Result Codes of CDN, RFC 2661 §4.4.2.
const (
	CDNCarrier       = 1  // loss of carrier
	CDNError         = 2  // for the reason indicated in error code
	CDNAdmin         = 3  // for administrative reasons
	CDNNoFacility    = 4  // lack of appropriate facilities (temporary condition)
	CDNNeverFacility = 5  // lack of appropriate facilities (permanent condition)
	CDNDestination   = 6  // Invalid destination
	CDNNoCarrier     = 7  // no carrier detected
	CDNBusy          = 8  // busy signal
	CDNNoDialTone    = 9  // lack of a dial tone
	CDNTimeout       = 10 // not established within time allotted by LAC
	CDNNoFraming     = 11 // no appropriate framing was detected
)

// General Error Codes, RFC 2661 §4.4.2.
const (
	ErrorNone       = 0
	ErrorNoTunnel   = 1 // No control connection exists yet
	ErrorLength     = 2 // Length is wrong
	ErrorValue      = 3 // a field value was out of range or reserved field was non-zero
	ErrorResources  = 4 // Insufficient resources to handle this operation now
	ErrorSessionID  = 5 // The Session ID is invalid in this context
	ErrorVendor     = 6 // A generic vendor-specific error occurred in the LAC
	ErrorTryAnother = 7 // Try another
	ErrorUnknownAVP = 8 // unknown AVP with the M-bit set
)

var stopText = [...]string{
	"", "general request to clear control connection", "general error", "control channel already exists",
	"requester is not authorized to establish a control channel", "protocol version not supported", "requester is being shut down",
	"finite state machine error",
}

var cdnText = [...]string{
	"", "loss of carrier", "disconnected for the reason in the error code", "administrative reasons", "lack of facilities, temporary",
	"lack of facilities, permanent", "invalid destination", "no carrier detected", "busy signal", "no dial tone",
	"not established within time allotted", "no appropriate framing detected",
}

var errorText = [...]string{
	"", "no control connection exists yet", "length is wrong", "a field value was out of range", "insufficient resources",
	"session id is invalid in this context", "vendor-specific error", "try another", "unknown AVP with the M bit set",
}

// ResultText is a Result Code of a StopCCN or CDN in words; empty when there are none.
func ResultText(t MessageType, code uint16) string {
	table := cdnText[:]
	if t == StopCCN {
		table = stopText[:]
	}
	if int(code) < len(table) {
		return table[code]
	}
	return ""
}

// ErrorText is an Error Code in words; empty when there are none.
func ErrorText(code uint16) string {
	if int(code) < len(errorText) {
		return errorText[code]
	}
	return ""
}
