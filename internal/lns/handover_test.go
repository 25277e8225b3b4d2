// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"holdfast/internal/directory"
	"holdfast/l2tp"
)

// An SCCRQ that another shard hands over is answered at once, also when the
// limit of tunnels has its home here: the token then comes as a message to
// ourselves, and must not lie there until the next input.
func TestHandedOverSCCRQIsAnswered(t *testing.T) {
	cfg := testConfig()
	cfg.TunnelMax = 100
	home := directory.Key{Kind: directory.ChassisTunnels}.Home(2)
	e := New(Options{Config: cfg, Shard: home, Shards: 2, Rand: rand.New(rand.NewPCG(1, 0)), Now: epoch})
	lac := l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 0))})
	var out l2tp.Effects
	peer := gateway
	if _, err := lac.OpenTunnel(epoch, gateway, peer, &l2tp.TunnelConfig{HostName: "lac1"}, &out); err != nil {
		t.Fatal(err)
	}
	var fx Effects
	e.Deliver(epoch, &Message{Kind: MessageDatagram, Datagram: out.List[0].Packet, Peer: peer, Local: gateway, At: epoch}, &fx)
	const sccrp = 2
	if len(fx.Transmit) != 1 || len(fx.Transmit[0].Data) < 20 || binary.BigEndian.Uint16(fx.Transmit[0].Data[18:]) != sccrp {
		t.Errorf("the answer is not one SCCRP: %d datagrams %x", len(fx.Transmit), fx.Transmit)
	}
}
