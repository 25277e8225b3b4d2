// SPDX-License-Identifier: Apache-2.0

package wire

// form is how a value is laid out.
type form uint8

const (
	unknownForm form = iota
	form16
	form32
	formText    // octets for people: cut when too long
	formOctets  // octets for programs: left out when too long
	formPresent // no value
	formOther   // a struct of its own: see decodeOther and appendOther
	formIgnored // known, but nothing of it is kept
)

// spec is what the RFCs say about one AVP.
type spec struct {
	form      form
	min, max  int  // octets of the value; max 0: no bound
	mandatory bool // the M bit it is sent with
	hideable  bool // "This AVP may be hidden (the H-bit may be 0 or 1)"
	nonzero   bool // zero is no value
}

// avps is the table of RFC 2661 §4.4, in its order of numbers.
var avps = [avpTypes]spec{
	//                     form        min max   M      H      nonzero
	MessageTypeAVP:        {form16, 2, 2, true, false, false},
	ResultCodeAVP:         {formOther, 2, 0, true, false, false},
	ProtocolVersion:       {form16, 2, 2, true, false, false},
	FramingCapabilities:   {form32, 4, 4, true, true, false},
	BearerCapabilities:    {form32, 4, 4, true, true, false},
	TieBreaker:            {formOther, 8, 8, false, false, false},
	FirmwareRevision:      {form16, 2, 2, false, true, false},
	HostName:              {formText, 1, 0, true, false, false},
	VendorName:            {formText, 0, 0, false, true, false},
	AssignedTunnelID:      {form16, 2, 2, true, true, true},
	ReceiveWindowSize:     {form16, 2, 2, true, false, true},
	Challenge:             {formOctets, 1, 0, true, true, false},
	Q931CauseCode:         {formOther, 3, 0, true, false, false},
	ChallengeResponse:     {formOctets, 16, 16, true, true, false},
	AssignedSessionID:     {form16, 2, 2, true, true, true},
	CallSerialNumber:      {form32, 4, 4, true, true, false},
	MinimumBPS:            {form32, 4, 4, true, true, false},
	MaximumBPS:            {form32, 4, 4, true, true, false},
	BearerType:            {form32, 4, 4, true, true, false},
	FramingType:           {form32, 4, 4, true, true, false},
	CalledNumber:          {formText, 0, 0, true, true, false},
	CallingNumber:         {formText, 0, 0, true, true, false},
	SubAddress:            {formText, 0, 0, true, true, false},
	TxConnectSpeed:        {form32, 4, 4, true, true, false},
	PhysicalChannelID:     {form32, 4, 4, false, true, false},
	InitialReceivedLCP:    {formOctets, 0, 0, false, true, false},
	LastSentLCP:           {formOctets, 0, 0, false, true, false},
	LastReceivedLCP:       {formOctets, 0, 0, false, true, false},
	ProxyAuthenType:       {form16, 2, 2, false, true, false},
	ProxyAuthenName:       {formText, 0, 0, false, true, false},
	ProxyAuthenChallenge:  {formOctets, 1, 0, false, true, false},
	ProxyAuthenID:         {form16, 2, 2, false, true, false},
	ProxyAuthenResponse:   {formOctets, 0, 0, false, true, false},
	CallErrorsAVP:         {formOther, 26, 26, true, true, false},
	ACCM:                  {formOther, 10, 10, true, true, false},
	RandomVector:          {formOther, 0, 0, true, false, false},
	PrivateGroupID:        {formText, 0, 0, false, true, false},
	RxConnectSpeed:        {form32, 4, 4, false, true, false},
	SequencingRequired:    {formPresent, 0, 0, true, false, false},
	PPPDisconnectCause:    {formOther, 5, 0, false, true, false},
	FailoverCapability:    {formIgnored, 0, 0, false, true, false},
	TunnelRecovery:        {}, // we cannot recover a tunnel: unknown, so that its sender learns
	SuggestedControlSeq:   {formIgnored, 0, 0, false, true, false},
	FailoverSessionState:  {formIgnored, 0, 0, false, true, false},
	ConnectSpeedUpdate:    {formOther, 12, 12, false, true, false},
	ConnectSpeedUpdEnable: {formPresent, 0, 0, false, true, false},
}

// required are the AVPs that "MUST be present", RFC 2661 §6 and RFC 5515 §4.
// Message Type goes without saying.
var required = [messageTypes][]AVPType{
	SCCRQ:   {ProtocolVersion, HostName, FramingCapabilities, AssignedTunnelID},
	SCCRP:   {ProtocolVersion, FramingCapabilities, HostName, AssignedTunnelID},
	StopCCN: {AssignedTunnelID, ResultCodeAVP},
	OCRQ:    {AssignedSessionID, CallSerialNumber, MinimumBPS, MaximumBPS, BearerType, FramingType, CalledNumber},
	OCRP:    {AssignedSessionID},
	OCCN:    {TxConnectSpeed, FramingType},
	ICRQ:    {AssignedSessionID, CallSerialNumber},
	ICRP:    {AssignedSessionID},
	ICCN:    {TxConnectSpeed, FramingType},
	CDN:     {ResultCodeAVP, AssignedSessionID},
	WEN:     {CallErrorsAVP},
	SLI:     {ACCM},
	CSUN:    {ConnectSpeedUpdate},
	CSURQ:   {ConnectSpeedUpdate},
}

// mandatoryType is the M bit of the Message Type AVP. "The Mandatory (M) bit
// within the Message Type AVP SHOULD be clear (...) for the CSUN and CSURQ
// control messages", RFC 5515 §4; for all others it is set, RFC 2661 §4.4.1.
func mandatoryType(t MessageType) bool { return t != CSUN && t != CSURQ }
