// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"hash/fnv"
	"strings"
)

// Secret is a password or shared secret. However it is printed, it shows only
// that it is there; Reveal is for the code that needs it.
type Secret struct{ plain string }

// String hides the secret.
func (Secret) String() string { return "/* SECRET-DATA */" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return `schema.Secret{"…"}` }

// Reveal is the secret itself.
func (s Secret) Reveal() string { return s.plain }

var (
	errSecretForm = errors.New("not a valid $9$ secret: it was cut or mistyped")
	errSecretHash = errors.New("a one-way hash cannot be used: CHAP and tunnel authentication need the secret itself, plain or in $9$ form")
)

// ParseSecret reads a secret as configured: plain, or in the $9$ form in which
// Junos stores secrets. $9$ keeps a secret from being read over a shoulder; it
// is no encryption.
func ParseSecret(v string) (Secret, error) {
	if body, found := strings.CutPrefix(v, "$9$"); found {
		plain, ok := unobscure(body)
		if !ok {
			return Secret{}, errSecretForm
		}
		return Secret{plain}, nil
	}
	for _, prefix := range []string{"$1$", "$5$", "$6$"} {
		if strings.HasPrefix(v, prefix) {
			return Secret{}, errSecretHash
		}
	}
	return Secret{v}, nil
}

// Obscure is the secret in $9$ form. Equal secrets give equal texts, so that a
// configuration is printed the same every time.
func (s Secret) Obscure() string {
	h := fnv.New32a()
	h.Write([]byte(s.plain))
	sum := int(h.Sum32() >> 1)
	salt := sum % len(alphabet)
	out := []byte{alphabet[salt]}
	for range fillers(salt) {
		sum /= len(alphabet)
		out = append(out, alphabet[sum%len(alphabet)])
	}
	last := salt
	for i := range len(s.plain) {
		out, last = appendGaps(out, last, s.plain[i], weights(i))
	}
	return "$9$" + string(out)
}

// The $9$ form: a salt character, as many filler characters as its family
// says, then each octet as two to four characters. What counts is how far each
// character is from the one before it in the alphabet: the distances less one,
// each times its weight, add up to the octet.

// alphabet is the four families one behind the other.
const alphabet = "QzF3n6/9CAtpu0O" + "B1IREhcSyrleKvMW8LXx" + "7N-dVbwsY2g4oaJZGUDj" + "iHkq.mPf5T"

// fillers is how many characters follow a salt before the secret begins: three
// for the first family, none for the last.
func fillers(salt int) int {
	switch {
	case salt < 15:
		return 3
	case salt < 35:
		return 2
	case salt < 55:
		return 1
	}
	return 0
}

// weights are those of the octet at index i; they repeat every seven octets.
func weights(i int) []int {
	return [7][]int{{1, 4, 32}, {1, 16, 32}, {1, 8, 32}, {1, 64}, {1, 32}, {1, 4, 16, 128}, {1, 32, 64}}[i%7]
}

func appendGaps(out []byte, last int, octet byte, w []int) ([]byte, int) {
	gaps := make([]int, len(w))
	rest := int(octet)
	for i := len(w) - 1; i >= 0; i-- {
		gaps[i], rest = rest/w[i], rest%w[i]
	}
	for _, gap := range gaps {
		last = (last + gap + 1) % len(alphabet)
		out = append(out, alphabet[last])
	}
	return out, last
}

func unobscure(body string) (plain string, ok bool) {
	if body == "" {
		return "", false
	}
	last := strings.IndexByte(alphabet, body[0])
	if last < 0 || len(body) < 1+fillers(last) {
		return "", false
	}
	body = body[1+fillers(last):]
	var out []byte
	for len(body) > 0 {
		w := weights(len(out))
		if len(body) < len(w) {
			return "", false
		}
		octet := 0
		for i := range w {
			at := strings.IndexByte(alphabet, body[i])
			if at < 0 {
				return "", false
			}
			gap := (at-last+len(alphabet))%len(alphabet) - 1
			if gap < 0 {
				return "", false
			}
			octet += gap * w[i]
			last = at
		}
		if octet > 255 {
			return "", false
		}
		out = append(out, byte(octet))
		body = body[len(w):]
	}
	return string(out), true
}
