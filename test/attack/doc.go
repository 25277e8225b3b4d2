// SPDX-License-Identifier: Apache-2.0

// Command attack measures what attackers can do to an LNS at work: "make
// bench-attack", some 10 minutes.
//
//	default    as it is without system ddos-protection
//	flows      with suspicious-flow detection
//
// In each run three LACs have their sessions up and a fixed number of callers a
// second log in and leave again; first in the quiet, then while an attacker sends
// one kind of traffic after the other that no LAC would send (see "attack" in
// docs/operations/storm.md). Nobody else's may notice: the table tells what was lost,
// how soon HELLOs were acknowledged, how many log-ins came up beside those of the
// quiet, how soon, what became of packets of established sessions, how many octets
// the LNS has sent the attacker for each of his, where his packets ended, and what
// all that cost. What is beyond its bound is said below the table, and the command
// ends with an error.
//
// The LNS is a process of its own, the emulator with the attacker in it another
// one, on the same machine: what the attacker takes of its processors is missing
// for the LACs. Where "sent/s" is less than "asked/s", they were the limit; and what
// took no longer than "standstill" may have waited for the machine.
//
// With root the LNS forwards between network namespaces through its TUN plane, as in
// the demo. Else all is on the loopback device: nothing is forwarded and the attacks
// on that are left out.
//
// Files, in reading order: main.go; measure.go the runs; watch.go whether the
// machine stood still; drops.go where packets ended; table.go what is made of it; configuration.go the server's.
package main
