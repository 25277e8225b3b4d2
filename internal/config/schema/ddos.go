// SPDX-License-Identifier: Apache-2.0

package schema

import "holdfast/internal/police"

// ddosProtection is control-plane DDoS protection: see package police.
func ddosProtection() *Node {
	protocols := &Node{Name: "protocols", Help: "Policers by protocol group and packet type."}
	for _, g := range police.Groups() {
		protocols.Children = append(protocols.Children, &Node{
			Name: g.String(), Help: "The policers of " + g.Title() + ".",
			Children: []*Node{policer(g)},
		})
	}
	return &Node{
		Name: "ddos-protection", Help: "Policers and the detection of suspicious flows before the control plane.",
		Children: []*Node{
			{Name: "global", Help: "What holds for all packet types.", Children: []*Node{
				{Name: "disable-routing-engine", Kind: Flag, Help: "No policing at the host level."},
				{Name: "disable-fpc", Kind: Flag, Help: "No policing at the ingress level, where packets are read."},
				{Name: "disable-logging", Kind: Flag, Help: "Violations are not logged."},
				{Name: "flow-detection", Kind: Flag, Help: "Suspicious flows are looked for."},
				{Name: "violation-report-rate", Kind: Leaf, Type: unit(1, police.ReportRateMax, "a second"), Default: "100", Help: "Violations that are logged at most."},
				{Name: "flow-report-rate", Kind: Leaf, Type: unit(1, police.ReportRateMax, "a second"), Default: "100", Help: "Suspicious flows that are logged at most."},
				{Name: "flow-detection-mode", Kind: Leaf, Type: detectionMode(), Default: "automatic", Help: "When flows are looked for, of packet types that do not say so themselves."},
				{Name: "flow-level-control", Kind: Leaf, Type: levelControl(), Default: "drop", Help: "What becomes of the packets of a culprit flow, of packet types that do not say so themselves."},
			}},
			protocols,
		},
		Unsupported: absent("traceoptions"),
	}
}

// policer is one packet type of a group.
func policer(g police.Group) *Node {
	types := Type{Form: Word, Meta: "TYPE"}
	for _, t := range g.Types() {
		types.Words = append(types.Words, Choice{Name: t.Name(), Help: t.About()})
	}
	queue := Absent{"hostbound-queue", "there are no hardware queues between the levels; priority says who loses first"}
	return &Node{
		Kind: List, Type: types, Help: "The policer of a packet type; aggregate is that of all of them together.",
		Children: append([]*Node{
			{Name: "bandwidth", Kind: Leaf, Type: unit(0, police.BandwidthMax, "packets a second"), Default: "20000",
				Help: "What passes at most; 0: nothing. A packet type has a policer of its own only if bandwidth or burst is given. On an aggregate either puts the packets of established tunnels under it too, Hellos among them."},
			{Name: "burst", Kind: Leaf, Type: unit(0, police.BurstMax, "packets"), Default: "20000", Help: "Packets that may come at once after a pause."},
			{Name: "recover-time", Kind: Leaf, Type: seconds(1, 3600), Default: "300", Help: "A violation has ended when nothing was dropped for so long."},
			{Name: "priority", Kind: Leaf, Type: words(Choice{Name: "low"}, Choice{Name: "medium"}, Choice{Name: "high"}), Help: "Who loses first when the aggregate runs dry. The default is high for what keeps tunnels and sessions alive or ends them, low for what opens tunnels, medium for the rest."},
			{Name: "bypass-aggregate", Kind: Flag, Help: "The aggregate is not asked about this packet type."},
			{Name: "disable-routing-engine", Kind: Flag, Help: "No policing of this packet type at the host level."},
			{Name: "disable-fpc", Kind: Flag, Help: "The same at the ingress level."},
			{Name: "disable-logging", Kind: Flag, Help: "Its violations are not logged."},
			{Name: "fpc", Kind: List, Type: integer(0, police.SlotMax), Help: "Exceptions at one ingress device; show ddos-protection tells the numbers.", Children: []*Node{
				{Name: "disable-fpc", Kind: Flag, Help: "No policing there."},
				{Name: "bandwidth-scale", Kind: Leaf, Type: unit(1, 100, "percent"), Default: "100", Help: "The part of bandwidth that is allowed there."},
				{Name: "burst-scale", Kind: Leaf, Type: unit(1, 100, "percent"), Default: "100", Help: "The part of burst that is allowed there."},
			}, Unsupported: []Absent{queue}},
		}, flowStatements()...),
		Unsupported: []Absent{queue},
	}
}

func flowStatements() []*Node {
	levels := func(name, help string, of func(police.FlowLevel) *Node) *Node {
		n := &Node{Name: name, Help: help}
		for l := range police.FlowLevels {
			c := of(l)
			c.Name, c.Kind = l.String(), Leaf
			n.Children = append(n.Children, c)
		}
		return n
	}
	return []*Node{
		{Name: "flow-detection-mode", Kind: Leaf, Type: detectionMode(), Help: "When flows are looked for; default is what global says."},
		{Name: "flow-detect-time", Kind: Leaf, Type: seconds(1, 60), Default: "3", Help: "A flow that is above its bandwidth for so long is a culprit."},
		{Name: "flow-recover-time", Kind: Leaf, Type: seconds(1, 3600), Default: "60", Help: "A culprit that has been within its bandwidth for so long is none any more."},
		{Name: "flow-timeout-time", Kind: Leaf, Type: seconds(1, 7200), Default: "300", Help: "With timeout-active-flows: a culprit is let go after so long, whatever it does."},
		{Name: "timeout-active-flows", Kind: Flag, Help: "Culprits are let go after flow-timeout-time."},
		{Name: "no-flow-logging", Kind: Flag, Help: "Its culprits are not logged."},
		levels("flow-level-bandwidth", "Bandwidth of a flow at each level.", func(l police.FlowLevel) *Node {
			return &Node{
				Type:    unit(1, int64(police.FlowBandwidthMax[l]), "packets a second"),
				Default: [police.FlowLevels]string{"100", "2000", "20000"}[l],
				Help: [police.FlowLevels]string{
					"Of one call, or of the control messages of one tunnel.",
					"Of one LAC at one local gateway.",
					"Of one ingress device."}[l],
			}
		}),
		levels("flow-level-detection", "When flows are looked for at each level.", func(police.FlowLevel) *Node {
			return &Node{Type: detectionMode(), Default: "automatic", Help: "At this level; off here or in flow-detection-mode wins, then on."}
		}),
		levels("flow-level-control", "What becomes of the packets of a culprit flow at each level.", func(police.FlowLevel) *Node {
			return &Node{Type: levelControl(), Help: "At this level; default is what global says."}
		}),
	}
}

func detectionMode() Type {
	return words(
		Choice{Name: police.Automatic.String(), Help: "while a policer is violated"},
		Choice{Name: police.On.String(), Help: "always"},
		Choice{Name: police.Off.String(), Help: "never"})
}

func levelControl() Type {
	return words(
		Choice{Name: police.ControlDrop.String(), Help: "they are dropped"},
		Choice{Name: police.ControlKeep.String(), Help: "they pass; the flow is reported"},
		Choice{Name: police.ControlPolice.String(), Help: "those above the bandwidth of the level are dropped"})
}
