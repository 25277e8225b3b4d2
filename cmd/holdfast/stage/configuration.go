// SPDX-License-Identifier: Apache-2.0

package stage

import "strings"

// Configuration is that of an LNS which lets in everybody who dials: LACs of any
// address at gateway 192.0.2.1, subscribers with any password, and a /14 of addresses
// for them. Its fields are statements that are put where their names say.
type Configuration struct {
	System      string // below "system"
	Processes   string // below "system processes holdfast"
	Client      string // below "access profile lacs client default"
	L2TP        string // below "services l2tp"
	TunnelGroup string // below "services l2tp tunnel-group north"
}

// Text is the configuration as a file.
func (c Configuration) Text() string {
	return strings.NewReplacer(
		"SYSTEM", c.System, "PROCESSES", c.Processes, "CLIENT", c.Client, "L2TP", c.L2TP, "GROUP", c.TunnelGroup,
	).Replace(configuration)
}

const configuration = `
system {
    host-name lns1;
    SYSTEM
    processes { holdfast { PROCESSES } }
}
interfaces { lo0 { unit 0 { family inet { address 192.0.2.1/32; address 198.51.100.1/32 { primary; } } } } si-1/0/0; }
access {
    profile lacs { client default { CLIENT user-group-profile subscribers; } }
    profile residential { authentication-order none; }
    group-profile subscribers { ppp { framed-pool pool-v4; } }
    address-assignment { pool pool-v4 { family inet { network 100.64.0.0/14; } } }
}
services {
    l2tp {
        L2TP
        tunnel { idle-timeout 0; }
        tunnel-group north {
            GROUP
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
`
