// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"holdfast/ppp"
)

// Every line logs in as the same subscriber, on every LNS: there may be hundreds
// of thousands of lines. A line is told from the others by its calling number.
const (
	userName = "user@example"
	password = "password"
)

// holdfast is `holdfast serve` from a binary.
func holdfast(binary string) server {
	return server{name: "holdfast", start: func(ctx context.Context, n *network, dir string, auth ppp.AuthMethod) (instance, error) {
		path := filepath.Join(dir, "holdfast.conf")
		if err := os.WriteFile(path, []byte(holdfastConfiguration(auth)), 0o600); err != nil {
			return nil, err
		}
		p, err := startProgram(n, dir, []string{binary, "serve", "-c", path, "--socket", filepath.Join(dir, "socket")}, nil)
		if err != nil {
			return nil, err
		}
		if err := p.await(ctx, p.listens); err != nil {
			return nil, errors.Join(err, p.close())
		}
		return p, nil
	}}
}

func holdfastConfiguration(auth ppp.AuthMethod) string {
	return strings.NewReplacer(
		"GATEWAY", gateway.Addr().String(), "PEER", ipcpPeer.String(), "USER", userName, "PASSWORD", password,
		"AUTH", strings.ToLower(auth.String()), "KEEPALIVE", fmt.Sprint(keepaliveSeconds),
	).Replace(holdfastText)
}

// keepaliveSeconds is how often an LNS asks whether a subscriber is still there.
const keepaliveSeconds = 30

const holdfastText = `
system {
    host-name lns;
    processes { holdfast { log-level error; } }
}
interfaces {
    lo0 { unit 0 { family inet { address GATEWAY/32; address PEER/32 { primary; } } } }
    si-1/0/0;
}
access {
    profile lacs {
        client default { user-group-profile subscribers; }
    }
    profile local {
        authentication-order password;
        subscriber USER { password PASSWORD; }
    }
    group-profile subscribers {
        ppp { framed-pool pool-v4; primary-dns 198.51.100.253; keepalive KEEPALIVE; }
    }
    address-assignment {
        pool pool-v4 { family inet { network 100.64.0.0/12; } }
    }
}
services {
    l2tp {
        tunnel-group bench {
            l2tp-access-profile lacs;
            aaa-access-profile local;
            local-gateway { address GATEWAY; }
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
                    ppp-options { AUTH; }
                    family inet { unnumbered-address "$junos-loopback-interface"; }
                }
            }
        }
    }
}
`
