// SPDX-License-Identifier: Apache-2.0

package ppp

import "time"

// defaultMRU is RFC 1661 §6.1's.
const defaultMRU = 1500

// or is v, or def when v is zero.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (c *Config) mru() uint16 { return or(c.MRU, 1492) }

// "The Restart timer MUST be configurable, but SHOULD default to three (3)
// seconds." RFC 1661 §4.6
func (c *Config) restartInterval() time.Duration { return or(c.RestartInterval, 3*time.Second) }

// "Max-Configure MUST be configurable, but SHOULD default to ten (10)
// transmissions." RFC 1661 §4.6
func (c *Config) configureMax() int { return or(c.ConfigureMax, 10) }

// "Max-Terminate MUST be configurable, but SHOULD default to two (2)
// transmissions." RFC 1661 §4.6
func (c *Config) terminateMax() int { return or(c.TerminateMax, 2) }

// "Max-Failure MUST be configurable, but SHOULD default to five (5)
// transmissions." RFC 1661 §4.6
func (c *Config) failureMax() int { return or(c.FailureMax, 5) }

func (c *Config) authTimeout() time.Duration { return or(c.AuthTimeout, 30*time.Second) }

func (c *Config) echoInterval() time.Duration { return or(c.EchoInterval, 30*time.Second) }

func (c *Config) echoMax() int { return or(c.EchoMax, 3) }

// challengeLen draws the length of a CHAP challenge.
func (c *Config) challengeLen() int {
	low := min(max(or(c.ChallengeMin, 16), 1), 255)
	high := min(max(or(c.ChallengeMax, 32), low), 255)
	return low + c.Rand.IntN(high-low+1)
}

// allows reports whether m is among the methods of Auth.
func (c *Config) allows(m AuthMethod) bool {
	for _, a := range c.Auth {
		if a == m {
			return true
		}
	}
	return false
}
