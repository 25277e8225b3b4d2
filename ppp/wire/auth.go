// SPDX-License-Identifier: Apache-2.0

package wire

// ParsePAPRequest reads the data of an Authenticate-Request (RFC 1334 §2.2.1).
// Both results alias data.
func ParsePAPRequest(data []byte) (name, password []byte, err error) {
	name, data, err = parseCounted(data)
	if err != nil {
		return nil, nil, err
	}
	password, _, err = parseCounted(data)
	return name, password, err
}

// AppendPAPRequest appends the data of an Authenticate-Request. Neither string
// may be longer than 255 octets; what is beyond is cut off.
func AppendPAPRequest(b []byte, name, password string) []byte {
	return appendCounted(appendCounted(b, name), password)
}

// ParsePAPReply reads the data of an Authenticate-Ack or -Nak (RFC 1334
// §2.2.2). A reply without its Msg-Length field, as some peers send it, has no
// message.
func ParsePAPReply(data []byte) (message []byte) {
	message, _, err := parseCounted(data)
	if err != nil {
		return nil
	}
	return message
}

// AppendPAPReply appends the data of an Authenticate-Ack or -Nak.
func AppendPAPReply(b []byte, message string) []byte { return appendCounted(b, message) }

// ParseCHAPValue reads the data of a Challenge or Response (RFC 1994 §4.1).
// Both results alias data.
func ParseCHAPValue(data []byte) (value, name []byte, err error) {
	value, name, err = parseCounted(data)
	if err == nil && len(value) == 0 {
		err = ErrShort // "The Value field is one or more octets." RFC 1994 §4.1
	}
	return value, name, err
}

// AppendCHAPValue appends the data of a Challenge or Response; value is at most
// 255 octets long.
func AppendCHAPValue(b, value []byte, name string) []byte {
	b = append(b, byte(len(value)))
	b = append(b, value...)
	return append(b, name...)
}

// parseCounted reads a string behind its length octet.
func parseCounted(b []byte) (s, rest []byte, err error) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return nil, nil, ErrShort
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], nil
}

func appendCounted(b []byte, s string) []byte {
	s = s[:min(len(s), 255)]
	return append(append(b, byte(len(s))), s...)
}
