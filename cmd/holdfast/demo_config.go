// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// outageConfig is the configuration of the LNS, with places for what makes a
// server that answers every call, late, and for what is done about it there.
const outageConfig = `
system {
    host-name lns1;
    processes { holdfast { shards 1; } }
    /* policer */
}
interfaces { lo0 { unit 0 { family inet { address 198.51.100.1/32; } } } si-1/0/0; }
access {
    profile lacs { client default { user-group-profile subscribers; } }
    profile residential { authentication-order none; }
    group-profile subscribers { ppp { framed-pool pool-v4; } }
    address-assignment { pool pool-v4 { family inet { network 100.64.0.0/16; } } }
}
services {
    l2tp {
        /* admission */
        tunnel { idle-timeout 0; }
        tunnel-group north {
            l2tp-access-profile lacs;
            aaa-access-profile residential;
            /* hello */
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

const (
	noAdmission = `admission { disable; } redial-replaces { disable; }`
	policer     = `ddos-protection { protocols { l2tp { aggregate { bandwidth 250; burst 250; recover-time 90; } } } }`
	noHello     = `hello-interval 0;`
)

// config is what the LNS begins with. A tunnel keeps the HELLO interval that it was
// set up with: a run that ends with the policer begins without HELLOs.
func (r *outageRun) config() string {
	text := outageConfig
	if !r.admission {
		text = strings.Replace(text, "/* admission */", noAdmission, 1)
	}
	if r.policed > 0 {
		text = strings.Replace(text, "/* hello */", noHello, 1)
	}
	return text
}

// policedConfig is the same with the policer.
func (r *outageRun) policedConfig() string {
	return strings.Replace(r.config(), "/* policer */", policer, 1)
}
