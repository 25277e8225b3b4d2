// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/md5"
	"encoding/binary"
	"math/rand/v2"
	"syscall"
	"unsafe"
)

func u16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func get16(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

func randomID() uint16 { return uint16(1 + rand.IntN(65534)) }

// avp makes a mandatory attribute of the standard.
func avp(kind uint16, value []byte) []byte {
	b := u16(0x8000 | uint16(6+len(value)))
	b = append(b, 0, 0)
	return append(append(b, u16(kind)...), value...)
}

// attributes splits a message; attributes of vendors are passed over, hidden
// ones are read if the secret opens them.
func attributes(b []byte, secret string) map[uint16][]byte {
	v := map[uint16][]byte{}
	for len(b) >= 6 {
		flags, vendor, kind := get16(b), get16(b[2:]), get16(b[4:])
		n := int(flags & 0x3ff)
		if n < 6 || n > len(b) {
			break
		}
		value := b[6:n]
		if flags&0x4000 != 0 {
			value = reveal(kind, secret, v[avpRandomVector], value)
		}
		if vendor == 0 && value != nil {
			v[kind] = value
		}
		b = b[n:]
	}
	return v
}

// reveal undoes the hiding of RFC 2661 §4.3. It returns nil if that gives no length that fits.
func reveal(kind uint16, secret string, vector, hidden []byte) []byte {
	plain := make([]byte, 0, len(hidden))
	key := md5.Sum(append(append(u16(kind), secret...), vector...))
	for len(hidden) > 0 {
		n := min(16, len(hidden))
		for i, c := range hidden[:n] {
			plain = append(plain, c^key[i])
		}
		key = md5.Sum(append([]byte(secret), hidden[:n]...))
		hidden = hidden[n:]
	}
	if n := int(get16(plain)); len(plain) >= 2 && n <= len(plain)-2 {
		return plain[2 : 2+n]
	}
	return nil
}

// response is the Challenge Response of RFC 2661 §4.4.3, by the type of the message that carries it.
func response(kind byte, secret string, challenge []byte) []byte {
	sum := md5.Sum(append(append([]byte{kind}, secret...), challenge...))
	return sum[:]
}

// connect calls connect(2) with an address family that package syscall does not know.
func connect(fd int, addr []byte) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&addr[0])), uintptr(len(addr)))
	return errno
}

func wrap(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
