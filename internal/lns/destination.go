// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"holdfast/l2tp"
)

// destination is one LAC address at one local gateway. It exists from its first
// established tunnel until destruct-timeout after its last.
type destination struct {
	key                           destinationKey
	number                        int // 0: its home has not answered yet
	tunnels, sessions             int // established
	tunnelsTotal, tunnelsFailed   uint64
	sessionsTotal, sessionsFailed uint64
	controlRx, controlTx          Volume // of tunnels that have gone
	controlRxErrors               uint64 // likewise
	controlTxErrors               uint64
	emptyAt                       time.Time // when the last tunnel went; zero: it has tunnels
}

type destinationKey struct{ peer, gateway netip.Addr }

func (k destinationKey) compare(other destinationKey) int {
	return cmp.Or(k.peer.Compare(other.peer), k.gateway.Compare(other.gateway))
}

// destNumbers are the numbers of destinations, at their home. None is given twice.
type destNumbers struct {
	given map[destinationKey]destNumber // of destinations that any shard knows
	count int                           // that were ever given
}

// destNumber is the number of a destination and how many shards know it.
type destNumber struct{ number, shards int }

// destinationHome is the shard that numbers destinations, in the order they come.
const destinationHome = 0

// firstDestination is the number of the first one; operators of the original
// are used to small numbers that are not zero.
const firstDestination = 1

// destination finds or makes a destination.
func (e *Engine) destination(peer, gateway netip.Addr, fx *Effects) *destination {
	key := destinationKey{peer, gateway}
	d := e.dests[key]
	if d == nil {
		d = &destination{key: key}
		e.dests[key] = d
		e.tell(Message{
			To: destinationHome, Kind: MessageDestination,
			Peer: netip.AddrPortFrom(peer, 0), Local: netip.AddrPortFrom(gateway, 0),
		}, fx)
	}
	d.emptyAt = time.Time{}
	return d
}

// nameDestination numbers a destination (at home), or learns the number.
func (e *Engine) nameDestination(m *Message, fx *Effects) {
	key := destinationKey{m.Peer.Addr(), m.Local.Addr()}
	if m.Number > 0 {
		if d := e.dests[key]; d != nil {
			d.number = m.Number
		}
		return
	}
	n, known := e.destNumbers.given[key]
	if !known {
		n.number = firstDestination + e.destNumbers.count
		e.destNumbers.count++
	}
	n.shards++
	e.destNumbers.given[key] = n
	e.tell(Message{To: m.From, Kind: MessageDestination, Peer: m.Peer, Local: m.Local, Number: n.number}, fx)
}

// unnameDestination notes, at home, that a shard has forgotten a destination. When
// all have, so has the home: should the LAC come back it gets a new number.
func (e *Engine) unnameDestination(m *Message) {
	key := destinationKey{m.Peer.Addr(), m.Local.Addr()}
	n := e.destNumbers.given[key]
	if n.shards--; n.shards <= 0 {
		delete(e.destNumbers.given, key)
		return
	}
	e.destNumbers.given[key] = n
}

// name is what operators call the destination.
func (d *destination) name() string {
	if d.number == 0 {
		return ""
	}
	return strconv.Itoa(d.number)
}

// closeDestination notes that a tunnel of the destination has gone.
func (e *Engine) closeDestination(d *destination, c *l2tp.TunnelCounters) {
	d.controlRx.Packets += uint64(c.ReceivedMessages)
	d.controlRx.Bytes += c.ReceivedBytes
	d.controlTx.Packets += uint64(c.SentMessages)
	d.controlTx.Bytes += c.SentBytes
	d.controlRxErrors += uint64(c.Errors)
	d.controlTxErrors += uint64(c.Retransmissions)
	if d.tunnels--; d.tunnels == 0 {
		d.emptyAt = e.now
		if e.sweepAt.IsZero() {
			e.sweepAt = e.now.Add(e.cfg.DestructTimeout)
		}
	}
}

// sweepDestinations forgets destinations that had no tunnel for destruct-timeout.
func (e *Engine) sweepDestinations(fx *Effects) {
	if !due(e.sweepAt, e.now) {
		return
	}
	e.sweepAt = time.Time{}
	var swept []destinationKey
	for key, d := range e.dests {
		if d.emptyAt.IsZero() {
			continue
		}
		at := d.emptyAt.Add(e.cfg.DestructTimeout)
		if due(at, e.now) {
			swept = append(swept, key)
			continue
		}
		e.sweepAt = first(e.sweepAt, at)
	}
	slices.SortFunc(swept, destinationKey.compare)
	for _, key := range swept {
		delete(e.dests, key)
		e.tell(Message{
			To: destinationHome, Kind: MessageDestinationLeave,
			Peer: netip.AddrPortFrom(key.peer, 0), Local: netip.AddrPortFrom(key.gateway, 0),
		}, fx)
	}
}
