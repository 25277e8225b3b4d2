#!/bin/sh
# Hours of what `make test` does for minutes: fuzzing, property tests over many
# more lives, simulated days, real clients again and again. Each stage prints what repeats it.
set -eu
cd "$(dirname "$0")/.."
test/fuzz.sh "${FUZZ:-10m}"
grep -rl --include='*_test.go' 'pgregory.net/rapid' . | xargs -n1 dirname | sort -u | while read -r dir; do
	echo "== $dir properties"
	go test -timeout 2h "$dir" -rapid.checks="${CHECKS:-100000}" </dev/null
done
go test ./internal/sim -run '^TestSimLong$' -timeout 6h -long "${SEEDS:-1000}"
go test -count "${RUNS:-20}" -timeout 6h ./test/interop
go test -count=1 ./test/radius -run '^TestRootOutage' -timeout 1h -v -args -outage "${OUTAGE:-60s}"
go test ./test/soak -timeout 2h -v -args -kills "${KILLS:-100}"
