// SPDX-License-Identifier: Apache-2.0

package wire

import "encoding/binary"

// OptionType is the type of a Configuration Option; each protocol has its own set.
type OptionType uint8

// LCP options (RFC 1661 §6, RFC 1662 §7.1).
const (
	OptionMRU     OptionType = 1
	OptionACCM    OptionType = 2
	OptionAuth    OptionType = 3
	OptionQuality OptionType = 4
	OptionMagic   OptionType = 5
	OptionPFC     OptionType = 7
	OptionACFC    OptionType = 8
)

// IPCP options (RFC 1332 §3, RFC 1877 §1).
const (
	OptionIPAddresses   OptionType = 1 // deprecated
	OptionIPCompression OptionType = 2
	OptionIPAddress     OptionType = 3
	OptionPrimaryDNS    OptionType = 129
	OptionPrimaryNBNS   OptionType = 130
	OptionSecondaryDNS  OptionType = 131
	OptionSecondaryNBNS OptionType = 132
)

// OptionInterfaceID is IPV6CP's Interface-Identifier (RFC 5072 §4.1).
const OptionInterfaceID OptionType = 1

// CHAP algorithms, the octet behind the protocol in an Authentication-Protocol option.
const (
	AlgorithmMD5      = 0x05 // RFC 1994 §3
	AlgorithmMSCHAPv2 = 0x81 // RFC 2759 §2
)

// Option is one Configuration Option (RFC 1661 §6).
type Option struct {
	Type OptionType
	Data []byte
}

// ParseOption reads the first option of a list. Data and rest alias b.
func ParseOption(b []byte) (o Option, rest []byte, err error) {
	if len(b) < 2 {
		return Option{}, nil, ErrShort
	}
	n := int(b[1])
	if n < 2 || n > len(b) {
		return Option{}, nil, ErrLength
	}
	return Option{Type: OptionType(b[0]), Data: b[2:n]}, b[n:], nil
}

// ValidOptions reports whether b is a list of options that ends where b ends.
//
// "When the Data field is indicated by the Length to extend beyond the end of
// the Information field, the entire packet is silently discarded without
// affecting the automaton." RFC 1661 §6
func ValidOptions(b []byte) bool {
	for len(b) > 0 {
		var err error
		if _, b, err = ParseOption(b); err != nil {
			return false
		}
	}
	return true
}

// AppendOption appends an option whose data is at most 253 octets long.
func AppendOption(b []byte, t OptionType, data ...byte) []byte {
	b = append(b, byte(t), byte(2+len(data)))
	return append(b, data...)
}

// AppendOption16 appends an option with a value of two octets.
func AppendOption16(b []byte, t OptionType, v uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, byte(t), 4), v)
}

// AppendOption32 appends an option with a value of four octets.
func AppendOption32(b []byte, t OptionType, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, byte(t), 6), v)
}

// AppendOption64 appends an option with a value of eight octets.
func AppendOption64(b []byte, t OptionType, v uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, byte(t), 10), v)
}

// Uint16 is the option's value if it is two octets long.
func (o Option) Uint16() (v uint16, ok bool) {
	if len(o.Data) != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint16(o.Data), true
}

// Uint32 is the option's value if it is four octets long.
func (o Option) Uint32() (v uint32, ok bool) {
	if len(o.Data) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(o.Data), true
}

// Uint64 is the option's value if it is eight octets long.
func (o Option) Uint64() (v uint64, ok bool) {
	if len(o.Data) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(o.Data), true
}
