// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

const (
	secret         = "attack-me"
	metricsAddress = "127.0.0.1:9117" // the stage has one of its own in its place
)

// configuration is that of the LNS; protection is what it says below system.
func configuration(protection string) string {
	return strings.NewReplacer("PROTECTION", protection, "SECRET", secret, "METRICS", metricsAddress).Replace(`
system {
    host-name lns1;
    PROTECTION
    processes { holdfast { metrics { listen METRICS; } } }
}
interfaces { lo0 { unit 0 { family inet { address 192.0.2.1/32; address 198.51.100.1/32 { primary; } } } } si-1/0/0; }
access {
    profile lacs { client default { l2tp { shared-secret SECRET; } user-group-profile subscribers; } }
    profile residential { authentication-order none; }
    group-profile subscribers { ppp { framed-pool pool-v4; } }
    address-assignment { pool pool-v4 { family inet { network 100.64.0.0/14; } } }
}
services {
    l2tp {
        tunnel { idle-timeout 0; }
        tunnel-group north {
            l2tp-access-profile lacs;
            aaa-access-profile residential;
            local-gateway { address 192.0.2.1; }
            service-interface si-1/0/0;
            dynamic-profile lns-session;
        }
    }
}
dynamic-profiles {
    lns-session {
        interfaces {
            "$junos-interface-ifd-name" {
                unit "$junos-interface-unit" {
                    ppp-options { chap; }
                    family inet { unnumbered-address "$junos-loopback-interface"; }
                }
            }
        }
    }
}
`)
}
