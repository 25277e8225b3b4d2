// SPDX-License-Identifier: Apache-2.0

// Package radius tests the LNS against FreeRADIUS, with the files of
// examples/freeradius as they are.
//
// Package aaa alone is tested on loopback ports, as the user that runs the test:
// radius_test.go, with server_test.go, which starts FreeRADIUS. The whole LNS is
// tested in network namespaces, as root:
//
//	lac                     lns                               core
//	192.0.2.11 and .12 ---- gateway 192.0.2.1
//	LACs and modems         holdfast serve
//	of the test             FreeRADIUS, radclient: 127.0.0.1
//	                        203.0.113.1, 2001:db8:2::1 ------ 203.0.113.2, 2001:db8:2::2
//	                                                          a host that sends and counts
//
//	world_test.go       the network, the daemon, its show commands; process_test.go
//	modem_test.go       subscribers; packet_test.go what they send
//	detail_test.go      what FreeRADIUS has written of accounting
//	attributes_test.go  each attribute granted, and its effect; refused_test.go those that cannot be had
//	accounting_test.go  totals, order, causes
//	dynamic_test.go     CoA and Disconnect with radclient
//	faults_test.go      servers that die, are slow, answer late or wrong
package radius
