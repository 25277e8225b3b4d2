// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// Counts are as wide as the column allows, and as exact.
func TestShort(t *testing.T) {
	for n, want := range map[uint32]string{
		0: "0", 558: "558", 1757: "1757", 2000: "2000", 2001: "2.0k", 5049: "5.0k", 5051: "5.1k", 8000: "8.0k",
		99_949: "99.9k", 99_950: "100k", 512_000: "512k", 999_499: "999k", 999_500: "1.0M", 1_000_000: "1.0M", math.MaxUint32: "4295.0M",
	} {
		if got := short(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for s, want := range map[uint32]string{
		0: "00:00:00", 59: "00:00:59", 3985: "01:06:25", 86399: "23:59:59", 86400: "1d 00:00:00", 40 * 86400: "40d 00:00:00",
	} {
		if got := clock(s); got != want {
			t.Errorf("%d s is %s, want %s", s, got, want)
		}
	}
}

// piped runs text through pipes, written in pieces of the given size.
func piped(t *testing.T, text, pipes string, size int) string {
	t.Helper()
	words, err := split(pipes)
	if err != nil {
		t.Fatal(err)
	}
	_, parts := cutPipes(words)
	var out bytes.Buffer
	w, _, err := output(&out, parts)
	if err != nil {
		t.Fatal(err)
	}
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := io.WriteString(w, text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What pipes do does not depend on how the text is cut into writes.
func TestPipes(t *testing.T) {
	const text = "one\ntwo\nthree\nfour\nfive without newline"
	for _, c := range []struct{ pipes, want string }{
		{"| match o", "one\ntwo\nfour\nfive without newline\n"},
		{"| match ^t | except w", "three\n"},
		{"| find three | count", "Count: 3 lines\n"},
		{"| last 2", "four\nfive without newline\n"},
		{"| last 100", text + "\n"},
		{"| last 3 | last 1", "five without newline\n"},
		{"| match nothing", ""},
		{"| match nothing | count", "Count: 0 lines\n"},
		{"| no-more", text},
		{`| match "e w"`, "five without newline\n"},
	} {
		for _, size := range []int{1, 3, 7, 1000} {
			if got := piped(t, text, c.pipes, size); got != c.want {
				t.Errorf("%s in pieces of %d: %q, want %q", c.pipes, size, got, c.want)
			}
		}
	}
}

// A reader that is full ends the command.
func TestPipeFails(t *testing.T) {
	w, _, err := output(brokenPipe{}, [][]string{{"match", "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "x\n"); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write: %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A shell's arguments are words; lines and pipes are cut up.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"show", "subscribers"}, "show,subscribers"},
		{[]string{"show subscribers | match x"}, "show,subscribers,|,match,x"},
		{[]string{"show", "subscribers", `| match "a b"`, "|count"}, "show,subscribers,|,match,a b,|,count"},
		{[]string{"show", "subscribers", "user-name", "with blank"}, "show,subscribers,user-name,with blank"},
		{[]string{`show subscribers user-name "a \"b\" | c"`}, `show,subscribers,user-name,a "b" | c`},
		{[]string{`x ""`}, "x,"},
	} {
		got, err := arguments(c.argv)
		if err != nil || strings.Join(got, ",") != c.want {
			t.Errorf("%q are %q %v, want %q", c.argv, got, err, c.want)
		}
	}
}
