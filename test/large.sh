#!/bin/sh
# An LNS and the emulator with as many sessions as are asked for, on one machine:
# all are set up, the links of two LACs of three fail until their modems have hung
# up, and all come back. In a network namespace of its own; no root where users may
# make namespaces.
#
#	test/large.sh SESSIONS TUNNELS ECHO CUT
#
# ECHO is the interval of the modems' LCP echoes, of which two may be lost; CUT is
# how long the links are down. Prints the emulator's results, and the LNS's memory
# and processor time at the end. Fails unless all are up in the end, and no session
# elsewhere was lost.
set -eu
if [ "${1:-}" != in ]; then
	user=--map-root-user
	[ "$(id -u)" = 0 ] && user=
	exec unshare $user --net sh "$0" in "${1:-1000000}" "${2:-10000}" "${3:-30s}" "${4:-70s}"
fi
cd "$(dirname "$0")/.."
holdfast=${HOLDFAST:-bin/holdfast}
dir=$(mktemp -d)
lns=
trap 'kill $lns 2>/dev/null || true; rm -rf "$dir"' EXIT
ip link set lo up
for a in 1 11 12 13; do ip addr add 192.0.2.$a/32 dev lo; done
cat >"$dir/conf" <<'CONF'
system { host-name lns1; }
interfaces { lo0 { unit 0 { family inet { address 198.51.100.1/32; } } } si-1/0/0; }
access {
    profile lacs { client default { user-group-profile subscribers; } }
    profile residential { authentication-order none; }
    group-profile subscribers { ppp { framed-pool pool-v4; } }
    address-assignment { pool pool-v4 { family inet { network 10.0.0.0/10; } } }
}
services {
    l2tp {
        maximum-sessions 2000000;
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
CONF
cat >"$dir/storm" <<STORM
lns 192.0.2.1
lacs 3
tunnels $3
sessions $2
source 192.0.2.11 192.0.2.12 192.0.2.13
echo-interval $4
echo-max 2
patience 10s
silent 0.2
redial 1s
redial-jitter 4s
pulse 4
ramp in-flight 512 stall 60s
hold for 10s
flap lacs 2 for $5
recover within 5m
hold for 2s
STORM
"$holdfast" serve --socket "$dir/socket" -c "$dir/conf" >"$dir/log" 2>&1 &
lns=$!
while ! grep -q DAEMON_READY "$dir/log"; do
	kill -0 $lns || { cat "$dir/log"; exit 1; }
	sleep 0.1
done
"$holdfast" storm run --plain --api "$dir/socket" "$dir/storm" | tee "$dir/results"
ps -o rss=,time= -p $lns | awk '{ print "LNS: " $1 " KiB resident, processor time " $2 }'
grep -Eq "^up at the end +$2 of $2$" "$dir/results"
grep -Eq '^sessions lost elsewhere +0 of' "$dir/results"
