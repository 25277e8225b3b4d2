#!/bin/sh
# Installs the Debian packages that the tests with real peers need, if any is
# missing. Each line of the list is a program and the package that has it.
# Without root (or sudo that asks nothing) it says what is missing; the tests
# concerned then skip, or fail where CI is set.
set -eu
export PATH="$PATH:/usr/sbin:/sbin"

missing=$(while read -r program package; do
	command -v "$program" >/dev/null || echo "$package"
done <<'LIST' | sort -u
linux.uml user-mode-linux
modprobe kmod
ip iproute2
pgrep procps
ping iputils-ping
pppd ppp
xl2tpd xl2tpd
l2tpns l2tpns
iperf3 iperf3
tcpdump tcpdump
tshark tshark
ethtool ethtool
protoc protobuf-compiler
freeradius freeradius
radclient freeradius-utils
LIST
)
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if sudo -n true 2>/dev/null; then as_root='sudo -n'; else as_root=none; fi
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null; then
	echo "test/packages.sh: not installed, tests that need it will not run:" $missing >&2
	exit 0
fi
echo "test/packages.sh: installing" $missing
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# A fresh xl2tpd would start as a service; the tests start their own.
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
