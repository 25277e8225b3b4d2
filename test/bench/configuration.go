// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// metricsListen is where the LNS serves its metrics, inside its namespace.
const metricsListen = "127.0.0.1:9117"

// configuration is an LNS at both gateways of a stage whose subscribers are all
// known by name and password.
func configuration(subscribers int) string {
	var users strings.Builder
	for i := range subscribers {
		fmt.Fprintf(&users, "        subscriber user%d@example { password \"password\"; }\n", i+1)
	}
	return strings.Replace(benchConfiguration, "@USERS@", users.String(), 1)
}

// radiusConfiguration is the same LNS, whose subscribers a RADIUS server on its host
// knows and, if accounted, accounts.
func radiusConfiguration(authentication, accounting uint16, accounted bool, spool string) string {
	books := ""
	if accounted {
		books = "accounting order radius;"
	}
	return strings.NewReplacer(
		"holdfast {", "holdfast { spool-file "+spool+";",
		"access {", fmt.Sprintf("access {\n    radius-server 127.0.0.1 { port %d; accounting-port %d; secret %s; }", authentication, accounting, radiusSecret),
		"authentication-order password;", "authentication-order radius; "+books,
		"@USERS@", "",
	).Replace(benchConfiguration)
}

const benchConfiguration = `
system {
    host-name lns1;
    processes { holdfast { metrics { listen ` + metricsListen + `; } } }
}
interfaces {
    lo0 {
        unit 0 {
            family inet {
                address 192.0.2.1/32;
                address 192.0.2.2/32;
                address 198.51.100.1/32 { primary; }
            }
        }
    }
    si-1/0/0;
    si-2/0/0;
}
access {
    profile lacs {
        client default { user-group-profile subscribers; }
    }
    profile local {
        authentication-order password;
@USERS@    }
    group-profile subscribers {
        ppp { framed-pool pool-v4; primary-dns 198.51.100.53; keepalive 30; }
    }
    address-assignment {
        pool pool-v4 { family inet { network 100.64.0.0/12; } }
    }
}
services {
    l2tp {
        tunnel-group north {
            l2tp-access-profile lacs;
            aaa-access-profile local;
            local-gateway { address 192.0.2.1; }
            service-interface si-1/0/0;
            dynamic-profile lns-session;
        }
        tunnel-group south {
            l2tp-access-profile lacs;
            aaa-access-profile local;
            local-gateway { address 192.0.2.2; }
            service-interface si-2/0/0;
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
`
