// SPDX-License-Identifier: Apache-2.0

package aaa

// Codes of packets (RFC 2865 §3, RFC 5176 §2.3).
const (
	codeAccessRequest      = 1
	codeAccessAccept       = 2
	codeAccessReject       = 3
	codeAccountingRequest  = 4
	codeAccountingResponse = 5
	codeAccessChallenge    = 11
	codeStatusServer       = 12
	codeDisconnectRequest  = 40
	codeDisconnectACK      = 41
	codeDisconnectNAK      = 42
	codeCoARequest         = 43
	codeCoAACK             = 44
	codeCoANAK             = 45
)

// Sizes (RFC 2865 §3, §5).
const (
	headerLen    = 20
	packetMax    = 4096
	attributeMax = 253 // octets of a value
	vsaMax       = 247 // octets of the value of a vendor's attribute
	passwordMax  = 128
)

// Vendors, by their Private Enterprise Number.
const (
	vendorCisco     = 9
	vendorMicrosoft = 311
	vendorDSLForum  = 3561
	vendorERX       = 4874
	vendorWISPr     = 14122
	vendorMikroTik  = 14988
)

// Attributes of Microsoft (RFC 2548).
const (
	msCHAPError         = 2
	msMPPEPolicy        = 7
	msMPPETypes         = 8
	msCHAPDomain        = 10
	msCHAPChallenge     = 11
	msMPPEKeys          = 12
	msMPPESendKey       = 16
	msMPPERecvKey       = 17
	msCHAP2Response     = 25
	msCHAP2Success      = 26
	msPrimaryDNS        = 28
	msSecondaryDNS      = 29
	msPrimaryNBNS       = 30
	msSecondaryNBNS     = 31
	msCHAP2ResponseSize = 50
)

// Attributes of the DSL Forum (RFC 4679).
const (
	dslAgentCircuitID      = 1
	dslAgentRemoteID       = 2
	dslActualUp            = 129
	dslActualDown          = 130
	dslMinimumUp           = 131
	dslMinimumDown         = 132
	dslAttainableUp        = 133
	dslAttainableDown      = 134
	dslMaximumUp           = 135
	dslMaximumDown         = 136
	dslMinimumLowPowerUp   = 137
	dslMinimumLowPowerDown = 138
	dslDelayMaxUp          = 139
	dslDelayUp             = 140
	dslDelayMaxDown        = 141
	dslDelayDown           = 142
	dslEncapsulation       = 144
	dslInterworking        = 254
)

// Attributes of ERX and Junos.
const (
	erxVirtualRouter     = 1
	erxAddressPool       = 2
	erxPrimaryDNS        = 4
	erxSecondaryDNS      = 5
	erxPrimaryWINS       = 6
	erxSecondaryWINS     = 7
	erxIngressPolicy     = 10
	erxEgressPolicy      = 11
	erxInputGigapackets  = 42
	erxOutputGigapackets = 43
	erxPrimaryDNSIPv6    = 47
	erxSecondaryDNSIPv6  = 48
	erxServiceActivate   = 65
	erxIngressPolicyIPv6 = 106
	erxEgressPolicyIPv6  = 107
	erxCoSParameter      = 108
	erxNdRaPrefix        = 129
	erxNdRaPool          = 157
	erxDelegatedPool     = 161
	erxTxConnectSpeed    = 162
	erxRxConnectSpeed    = 163
	erxCoSShapingRate    = 177
	erxInputFilter       = 191
	erxOutputFilter      = 192
)

// Attributes of Cisco, MikroTik and WISPr.
const (
	ciscoAVPair    = 1
	ciscoPolicyUp  = 37
	ciscoPolicyDn  = 38
	mikrotikRate   = 8
	mikrotikDlPool = 22
	wisprUp        = 7
	wisprDown      = 8
)
