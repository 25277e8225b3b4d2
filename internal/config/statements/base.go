// SPDX-License-Identifier: Apache-2.0

package statements

// Where the statements of the base stand.
const (
	group    = "services l2tp tunnel-group g1 "
	client   = "access profile lacs client lac1 "
	group1   = "access group-profile group1 ppp "
	users    = "access profile subscribers "
	pools    = "access address-assignment "
	unit     = `dynamic-profiles p1 interfaces "$junos-interface-ifd-name" unit "$junos-interface-unit" `
	unit2    = `dynamic-profiles p2 interfaces "$junos-interface-ifd-name" unit "$junos-interface-unit" `
	ra       = `dynamic-profiles p1 protocols router-advertisement interface "$junos-interface-name" `
	loopback = "interfaces lo0 unit 0 family inet address "
)

// Base is the configuration that the cases change: one LAC, lac1, in one tunnel
// group, and something of everything else to refer to.
func Base() []string {
	return []string{
		"system host-name lns1",
		loopback + "192.0.2.1/32",
		loopback + "198.51.100.1/32",
		loopback + "198.51.100.2/32",
		"interfaces si-1/0/0",
		"interfaces si-1/1/0",
		client + "l2tp shared-secret lac-secret",
		client + "l2tp interface-id subscribers",
		client + "user-group-profile group1",
		"access profile lacs2 client lac1 user-group-profile group1",
		users + "authentication-order password",
		users + "subscriber alice password alice-secret",
		"access profile everybody authentication-order none",
		"access radius-server 203.0.113.100 secret radius-secret",
		"access radius-server 203.0.113.101 secret radius-secret",
		group1 + "framed-pool pool1",
		group1 + "ppp-options chap",
		"access group-profile group2 ppp framed-pool pool2",
		"access group-profile group2 ppp ppp-options pap",
		pools + "pool pool1 family inet network 100.64.0.0/24",
		pools + "pool pool2 family inet network 100.64.1.0/24",
		pools + "pool pool6 family inet6 prefix 2001:db8:100::/48",
		pools + "pool pool7 family inet6 prefix 2001:db8:200::/48",
		pools + "neighbor-discovery-router-advertisement pool6",
		group + "l2tp-access-profile lacs",
		group + "aaa-access-profile subscribers",
		group + "local-gateway address 192.0.2.1",
		group + "service-interface si-1/0/0",
		group + "dynamic-profile p1",
		"services l2tp session-limit-group limit1 maximum-sessions 100",
		"services service-device-pools pool devices1 interface si-1/0/0",
		"services service-device-pools pool devices2 interface si-1/1/0",
		unit + "dial-options l2tp-interface-id subscribers",
		unit + "dial-options dedicated",
		unit + "family inet unnumbered-address lo0.0",
		unit + "family inet6",
		unit2 + "dial-options l2tp-interface-id subscribers",
		unit2 + "dial-options dedicated",
		unit2 + "family inet unnumbered-address lo0.0",
	}
}
