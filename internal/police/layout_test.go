// SPDX-License-Identifier: Apache-2.0

package police

import (
	"reflect"
	"testing"
	"unsafe"
)

// What a packet touches has a fixed size and no pointers: it could lie in a map
// of the kernel as it is, and none of it straddles a cache line.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		value any
		size  uintptr
	}{{gcra{}, 8}, {rate{}, 16}, {cell{}, 64}, {limit{}, 64}, {flowLimit{}, 40}, {record{}, 128}, {flowKey{}, 56}} {
		if got := reflect.TypeOf(c.value).Size(); got != c.size {
			t.Errorf("%T has %d octets, want %d", c.value, got, c.size)
		}
		if holdsPointer(reflect.TypeOf(c.value)) {
			t.Errorf("%T holds a pointer", c.value)
		}
	}
	if line := unsafe.Offsetof(record{}.ids); line > 64 {
		t.Errorf("what every packet of a flow touches takes %d octets", line)
	}
}

func holdsPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if holdsPointer(f.Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return t.Len() > 0 && holdsPointer(t.Elem())
	case reflect.Uint32, reflect.Uint64:
		return false
	}
	return true
}

// The hash is the published one: the first value of its authors' vectors for
// SipHash-1-3, the key 00 01 ... 0f and an empty message.
func TestSipHashVector(t *testing.T) {
	key := [2]uint64{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	if got := hashBytes(&key, nil); got != 0xabac0158050fc4dc {
		t.Errorf("%#x", got)
	}
	if hashBytes(&key, []byte("12345678")) == hashBytes(&key, []byte("123456780")) {
		t.Error("octets after a whole word do not count")
	}
}
