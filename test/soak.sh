#!/bin/sh
# Hours of what `make test` does for minutes: fuzzing, property tests over many
# more lives, real clients again and again. Each stage prints what repeats it.
set -eu
cd "$(dirname "$0")/.."
test/fuzz.sh "${FUZZ:-10m}"
grep -rl --include='*_test.go' 'pgregory.net/rapid' . | xargs -n1 dirname | sort -u | while read -r dir; do
	echo "== $dir properties"
	go test -timeout 2h "$dir" -rapid.checks="${CHECKS:-100000}" </dev/null
done
go test -count "${RUNS:-20}" -timeout 6h ./test/interop
