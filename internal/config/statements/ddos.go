// SPDX-License-Identifier: Apache-2.0

package statements

// ddosCases are about the protection of the control plane. In each group they are
// about a packet type of it.
func ddosCases() []Case {
	const global, icrq = "system ddos-protection global ", "system ddos-protection protocols l2tp icrq "
	list := []Case{
		given(global+"disable-routing-engine", global+"disable-routing-engine"),
		given(global+"disable-fpc", global+"disable-fpc"),
		given(global+"disable-logging", global+"disable-logging"),
		given(global+"flow-detection", global+"flow-detection"),
		given(global+"violation-report-rate", global+"violation-report-rate 1"),
		given(global+"flow-report-rate", global+"flow-report-rate 1"),
		given(global+"flow-detection-mode", global+"flow-detection-mode off"),
		given(global+"flow-level-control", global+"flow-level-control keep"),
	}
	for i := range list {
		list[i].With = []string{icrq + "bandwidth 100", icrq + "burst 100"}
	}
	for _, g := range []struct{ group, kind, priority string }{{"l2tp", "icrq", "low"}, {"ppp", "lcp", "low"}, {"radius", "server", "high"}} {
		at := "system ddos-protection protocols " + g.group + " "
		list = append(list, policerCases(at+"TYPE ", at+g.kind+" ")...)
		aggregate := []string{at + "aggregate bandwidth 100", at + "aggregate burst 100"}
		for _, c := range []Case{given(at+"TYPE priority", at+g.kind+" priority "+g.priority), given(at+"TYPE bypass-aggregate", at+g.kind+" bypass-aggregate")} {
			c.With = aggregate
			list = append(list, c)
		}
	}
	for i := range list {
		if list[i].Statement != global+"flow-detection" {
			list[i].With = append(list[i].With, global+"flow-detection")
		}
	}
	return list
}

// policerCases are those of a packet type with a policer of its own.
func policerCases(at, line string) []Case {
	bandwidth, burst := line+"bandwidth 100", line+"burst 100"
	list := []Case{
		given(at+"recover-time", line+"recover-time 7"),
		given(at+"disable-routing-engine", line+"disable-routing-engine"),
		given(at+"disable-fpc", line+"disable-fpc"),
		given(at+"disable-logging", line+"disable-logging"),
		given(at+"fpc disable-fpc", line+"fpc 0 disable-fpc"),
		given(at+"fpc bandwidth-scale", line+"fpc 0 bandwidth-scale 50"),
		given(at+"fpc burst-scale", line+"fpc 0 burst-scale 50"),
		given(at+"flow-detection-mode", line+"flow-detection-mode off"),
		given(at+"flow-detect-time", line+"flow-detect-time 9"),
		given(at+"flow-recover-time", line+"flow-recover-time 9"),
		{Statement: at + "flow-timeout-time", After: line + "flow-timeout-time 9", With: []string{line + "timeout-active-flows"}},
		{Statement: at + "timeout-active-flows", After: line + "timeout-active-flows", With: []string{line + "flow-timeout-time 9"}},
		given(at+"no-flow-logging", line+"no-flow-logging"),
	}
	for _, l := range [][2]string{{"subscriber", " 1000"}, {"logical-interface", " 50"}, {"physical-interface", " 50"}} {
		level, bandwidth := l[0], l[1]
		rate := []string{line + "flow-level-bandwidth " + level + " 50"}
		list = append(list,
			given(at+"flow-level-bandwidth "+level, line+"flow-level-bandwidth "+level+bandwidth),
			Case{Statement: at + "flow-level-detection " + level, After: line + "flow-level-detection " + level + " off", With: rate},
			Case{Statement: at + "flow-level-control " + level, After: line + "flow-level-control " + level + " keep", With: rate})
	}
	for i := range list {
		list[i].With = append([]string{bandwidth, burst}, list[i].With...)
	}
	return append(list,
		Case{Statement: at + "bandwidth", After: bandwidth, With: []string{burst}},
		Case{Statement: at + "burst", After: burst, With: []string{bandwidth}})
}
