// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// errProfile is what a profile that makes no sense comes to.
var errProfile = errors.New("profile cannot be read")

// profileSample is one sample of a profile of the Go runtime.
type profileSample struct {
	values []int64
	labels map[string]string
	stack  []string // functions, the innermost first
}

// The fields of the messages of a profile, as profile.proto of
// github.com/google/pprof numbers them.
const (
	profileSamples   = 2
	profileLocation  = 4
	profileFunction  = 5
	profileStrings   = 6
	sampleLocation   = 1
	sampleValue      = 2
	sampleLabel      = 3
	labelKey         = 1
	labelText        = 2
	anyID            = 1 // of locations and functions
	locationLine     = 4
	lineFunction     = 1
	functionName     = 2
	profileBytesMost = 64 << 20
)

// field is one field of a message.
type field struct {
	number protowire.Number
	n      uint64 // of a number
	bytes  []byte // of anything else
}

// fields cuts a message.
func fields(b []byte) (list []field, err error) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		f := field{number: number}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			f.n, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		list = append(list, f)
	}
	return list, nil
}

// numbers are those of a field that repeats, packed or not.
func (f *field) numbers(to []uint64) []uint64 {
	if f.bytes == nil {
		return append(to, f.n)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return to
		}
		to, b = append(to, v), b[n:]
	}
	return to
}

// profileTables are what samples refer to.
type profileTables struct {
	strings   []string
	functions map[uint64]uint64   // name by id
	locations map[uint64][]uint64 // functions by id, the innermost first
}

func (t *profileTables) text(i uint64) string {
	if i < uint64(len(t.strings)) {
		return t.strings[i]
	}
	return ""
}

// readProfile reads a profile as the runtime writes it.
func readProfile(b []byte) ([]profileSample, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	b, err = io.ReadAll(io.LimitReader(z, profileBytesMost))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	list, err := fields(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	t := profileTables{functions: map[uint64]uint64{}, locations: map[uint64][]uint64{}}
	var samples []profileSample
	for i := range list {
		if err := t.take(&list[i]); err != nil {
			return nil, fmt.Errorf("%w: %w", errProfile, err)
		}
	}
	for i := range list {
		if list[i].number != profileSamples {
			continue
		}
		s, err := t.sample(list[i].bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errProfile, err)
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// take takes a field of the profile that is about a table.
func (t *profileTables) take(f *field) error {
	switch f.number {
	case profileStrings:
		t.strings = append(t.strings, string(f.bytes))
	case profileFunction, profileLocation:
		list, err := fields(f.bytes)
		if err != nil {
			return err
		}
		var id, name uint64
		var functions []uint64
		for _, g := range list {
			switch {
			case g.number == anyID:
				id = g.n
			case f.number == profileFunction && g.number == functionName:
				name = g.n
			case f.number == profileLocation && g.number == locationLine:
				line, err := fields(g.bytes)
				if err != nil {
					return err
				}
				for _, h := range line {
					if h.number == lineFunction {
						functions = append(functions, h.n)
					}
				}
			}
		}
		if f.number == profileFunction {
			t.functions[id] = name
		} else {
			t.locations[id] = functions
		}
	}
	return nil
}

// sample reads one sample.
func (t *profileTables) sample(b []byte) (s profileSample, err error) {
	list, err := fields(b)
	if err != nil {
		return s, err
	}
	s.labels = map[string]string{}
	var locations, values []uint64
	for _, f := range list {
		switch f.number {
		case sampleLocation:
			locations = f.numbers(locations)
		case sampleValue:
			values = f.numbers(values)
		case sampleLabel:
			label, err := fields(f.bytes)
			if err != nil {
				return s, err
			}
			var key, text string
			for _, g := range label {
				switch g.number {
				case labelKey:
					key = t.text(g.n)
				case labelText:
					text = t.text(g.n)
				}
			}
			s.labels[key] = text
		}
	}
	for _, v := range values {
		s.values = append(s.values, int64(v))
	}
	for _, l := range locations {
		for _, f := range t.locations[l] {
			s.stack = append(s.stack, t.text(t.functions[f]))
		}
	}
	return s, nil
}
