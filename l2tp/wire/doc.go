// SPDX-License-Identifier: Apache-2.0

// Package wire reads and writes L2TP version 2 messages (RFC 2661): headers,
// AVPs and whole control messages. It has no state and no time, borrows the
// slices it reads from and appends to the slices it writes to, and allocates
// nothing.
//
// Files, in reading order:
//
//	header.go   the header of control messages and the 16 forms of data headers
//	avp.go      one AVP: six octets of header and a value; AVP numbers
//	message.go  Message Types and Message, a control message with its values in fields
//	table.go    what the RFCs say about each AVP: length, M bit, H bit; and what
//	            each message must contain
//	decode.go   octets to Message
//	append.go   Message to octets
//	line.go     AVPs of the DSL Forum (RFC 5515)
//	hide.go     hidden AVPs (RFC 2661 §4.3)
//	auth.go     the answer to a Challenge (RFC 2661 §5.1.1)
//	result.go   Result and Error Codes in words
//
// A control message on the wire and the calls that read it:
//
//	+--------+--------------+------------+-----+
//	| header | Message Type | AVP        | AVP |
//	+--------+--------------+------------+-----+
//	 ParseControlHeader      ParseAVP ...
//	         Decoder.Decode
//
// Standards: RFC 2661, RFC 3145 (PPP Disconnect Cause), RFC 5515 (access line
// information, connect speed updates). Of RFC 4951 (failover) the message types
// are known by name and their AVPs are skipped.
package wire
