# SPDX-License-Identifier: Apache-2.0
GO      ?= go
FUZZ    ?= 30s
RFC_DIR ?= .
SEED    ?= 0
SESSIONS ?= 1000000
TUNNELS  ?= 10000

.PHONY: build demo demo-quick test check lint root bench bench-peers bench-overload bench-attack bench-large sim fuzz soak generate docs rfc-keywords clean

build: ## bin/holdfast
	$(GO) build -trimpath -o bin/holdfast ./cmd/holdfast

demo: build ## the outage this server is made against, at full size, with a report; under five minutes
	bin/holdfast demo --out bin

demo-quick: build ## an LNS and what show says of it, then the outage in small; under one minute
	bin/holdfast demo --quick --out bin

test: build ## everything, real peers included; installs the Debian packages that are missing
	test/packages.sh
	$(GO) vet ./...
	$(GO) test -timeout 20m ./...
	$(GO) test -race -short ./cmd/... ./internal/... ./l2tp/... ./ppp/... ./radius/...
	test/fuzz.sh 5s

check: build ## what needs neither root nor other programs
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./...
	$(GO) test -short -race ./...

lint: ## staticcheck, fetched by the go command
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

root: build ## only the tests that need root, with their names
	$(GO) test -v -run '^TestRoot' ./...
	$(GO) test -v ./test/...

bench: build ## log-ins, memory and forwarding, beside what this machine can do at all
	$(GO) run ./test/bench -binary bin/holdfast

sim: ## the whole system under a virtual clock; SEED=N repeats a history
	$(GO) test ./internal/sim -run '^TestSim' -count=1 -v -seed $(SEED)

bench-peers: build ## the same storm against other LNSs; needs root, installs what is missing
	test/packages.sh
	$(GO) run ./test/peers -binary bin/holdfast -json bin/bench-peers.json

bench-overload: build ## goodput at 1 to 100 times the capacity, and with each mechanism of admission switched off; some 22 minutes
	$(GO) run ./test/overload -binary bin/holdfast -json bin/overload.json -html bin/overload.html

bench-attack: build ## what attackers can do to established sessions and honest log-ins, each kind of attack in turn; some 10 minutes
	$(GO) run ./test/attack -binary bin/holdfast -json bin/attack.json

bench-large: build ## SESSIONS subscribers (a million) over TUNNELS on this machine: set up, cut off, back; some 5 minutes
	test/large.sh $(SESSIONS) $(TUNNELS)

fuzz: ## every fuzz target for FUZZ
	test/fuzz.sh $(FUZZ)

soak: build ## hours: fuzzing, many seeds, the real peers again and again
	test/soak.sh

generate: ## code and references that are made from declarations
	$(GO) generate ./...
	$(MAKE) docs

docs: ## docs/reference
	$(GO) test $$(grep -rl 'func TestReference' --include='*_test.go' . | xargs -n 1 dirname | sort -u) -run '^TestReference' -update

rfc-keywords: ## docs/rfc/keywords from the RFC texts in RFC_DIR
	$(GO) test ./internal/tidy -run '^TestRFCKeywords$$' -count=1 -rfc=$(abspath $(RFC_DIR))

clean:
	rm -rf bin
