// SPDX-License-Identifier: Apache-2.0

package netio

import "golang.org/x/net/bpf"

// The octets of an L2TP header that steering looks at (RFC 2661 §3.1).
const (
	typeBit   = 0x80 // of octet 0: T, this is a control message
	lengthBit = 0x40 // of octet 0: L, a Length field of two octets follows the flags

	controlTunnelID = 4 // offset of the Tunnel ID in a control message, whose Length is always there
	dataTunnelID    = 2 // in a data message without Length
	shortest        = 6 // octets of the shortest header, a data message's without options
)

// steering is the program of a group of shards control sockets followed by
// dataSockets data sockets, both at least one. It returns the place of a
// socket in the order of binding.
//
// A load beyond the packet's end would end the program with 0, the control
// socket of shard 0. A flood of such stubs would hurt control, so the program
// looks at the length first and sends them to the data sockets, whose reader
// drops them as malformed.
func steering(shards, dataSockets int) ([]bpf.RawInstruction, error) {
	return bpf.Assemble([]bpf.Instruction{
		/* 0*/ bpf.LoadExtension{Num: bpf.ExtLen},
		/* 1*/ bpf.JumpIf{Cond: bpf.JumpLessThan, Val: shortest, SkipTrue: 16}, // to 18
		/* 2*/ bpf.LoadAbsolute{Off: 0, Size: 1},
		/* 3*/ bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: typeBit, SkipTrue: 7}, // to 11

		// Control: any shard will do for tunnel id 0, which it hands over by the
		// peer and the tunnel id the peer assigned.
		/* 4*/ bpf.LoadAbsolute{Off: controlTunnelID, Size: 2},
		/* 5*/ bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 2}, // to 8
		/* 6*/ bpf.LoadExtension{Num: bpf.ExtRand},
		/* 7*/ bpf.Jump{Skip: 1}, // to 9
		/* 8*/ bpf.LoadAbsolute{Off: controlTunnelID, Size: 1},
		/* 9*/ bpf.ALUOpConstant{Op: bpf.ALUOpMod, Val: uint32(shards)},
		/*10*/ bpf.RetA{},

		// Data: by the same octet, so that all of a tunnel goes to one socket, in
		// order, and as many data sockets as shards see the shards' own tunnels.
		/*11*/ bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: lengthBit, SkipFalse: 2}, // to 14
		/*12*/ bpf.LoadAbsolute{Off: dataTunnelID + 2, Size: 1},
		/*13*/ bpf.Jump{Skip: 1}, // to 15
		/*14*/ bpf.LoadAbsolute{Off: dataTunnelID, Size: 1},
		/*15*/ bpf.ALUOpConstant{Op: bpf.ALUOpMod, Val: uint32(dataSockets)},
		/*16*/ bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: uint32(shards)},
		/*17*/ bpf.RetA{},
		/*18*/ bpf.RetConstant{Val: uint32(shards)},
	})
}
