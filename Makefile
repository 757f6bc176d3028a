# Commands to build, test and measure the project on a fresh Debian 12 with a Swift toolchain.
SHELL := /bin/bash
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE := --configuration release --static-swift-stdlib $(SWIFT_FLAGS)

FUZZ_SECONDS ?= 60
KILLS ?= 200
RACES ?= 100
TAKE_OVERS ?= 100
BACKLOG ?= 1000
FAULTS ?= 200
ON_POSTGRES ?= DedupTests|YearTests
PREFIX ?= /usr/local
PLACE = $(DESTDIR)$(PREFIX)
BY_ROOT ?= $(shell mkdir -p "$(PLACE)/bin" 2>/dev/null && test -w "$(PLACE)/bin" || echo sudo)
RELEASED = $$(swift build $(RELEASE) --show-bin-path)/notify-relay

.PHONY: demo test build release install kill soak faults postgres takeover bench freshness lint format image deb fresh fuzz sanitize help

help:
	@echo 'make demo     the relay against its built-in sandbox'
	@echo 'make test     build and pass the tests'
	@echo 'make release  the binary to ship'
	@echo 'make kill     200 random SIGKILLs of the shipped binary, and 100 races of 50 decisions'
	@echo 'make soak     1,000 runs and 1,000 messages to each destination, with faults, by the shipped binary'
	@echo 'make postgres the tests of the ledger, a year of digests, and kills and races, with a PostgreSQL server of their own'
	@echo 'make takeover two relays on one database: 100 kills of the leader, 30 stops, 30 cuts, 15 restarts of the server (half an hour)'
	@echo 'make faults   200 random worlds in which each twentieth access to the store fails'
	@echo 'make fuzz     each fuzzer for FUZZ_SECONDS (60) over its corpus; FUZZERS="json list" are some of them'
	@echo 'make sanitize the tests with the address sanitizer, and again with the thread sanitizer (an hour on 2 cores)'
	@echo 'make bench    speed and memory, against a floor measured in the same run'
	@echo 'make freshness how soon runs and approvals are seen, on the manual clock; SEED=N is another world (half an hour)'
	@echo 'make lint     format, words and direction of imports; make format mends the format'
	@echo 'make install  the shipped binary, stripped, to /usr/local/bin; its debug symbols beside it'
	@echo 'make image    the container image, made twice and tried'
	@echo 'make deb      the Debian package, in build/'
	@echo 'make fresh    a new Debian with the toolchain alone builds and runs the demo (as root)'

demo: build
	@exec .build/debug/notify-relay demo

build:
	@scripts/prepare
	swift build $(SWIFT_FLAGS) --product notify-relay

# One test at a time: the scenes with real daemons play beside the other tests already, and with more beside them their waits are late. Also,
# swift-nio ends the process when a server stops while a connection waits to be taken ("Deinited NIOAsyncWriter"), which then happens.
test:
	@scripts/prepare
	swift build $(SWIFT_FLAGS) --build-tests
	scripts/test

release:
	@scripts/prepare
	swift build $(RELEASE) --product notify-relay

kill: release
	swift build $(SWIFT_FLAGS) --build-tests
	NOTIFY_RELAY_BINARY="$$(swift build $(RELEASE) --show-bin-path)/notify-relay" KILLS=$(KILLS) RACES=$(RACES) \
		scripts/test --filter 'KillSuite|RaceSuite'

soak: release
	swift build $(SWIFT_FLAGS) --build-tests
	NOTIFY_RELAY_BINARY="$$(swift build $(RELEASE) --show-bin-path)/notify-relay" BACKLOG_RUNS=$(BACKLOG) STORM=$(BACKLOG) \
		scripts/test --filter 'BacklogSuite|StormSuite'

faults:
	swift build $(SWIFT_FLAGS) --build-tests
	FAULT_SEEDS=$(FAULTS) scripts/test --filter FaultWorldTests

postgres: release
	@scripts/prepare postgresql
	swift build $(SWIFT_FLAGS) --build-tests
	scripts/postgres scripts/test --filter '$(ON_POSTGRES)'
	NOTIFY_RELAY_BINARY="$$(swift build $(RELEASE) --show-bin-path)/notify-relay" KILLS=$(KILLS) RACES=$(RACES) \
		scripts/postgres scripts/test --filter 'KillSuite|RaceSuite'

takeover: release
	@scripts/prepare postgresql
	swift build $(SWIFT_FLAGS) --build-tests
	NOTIFY_RELAY_BINARY="$$(swift build $(RELEASE) --show-bin-path)/notify-relay" TAKE_OVERS=$(TAKE_OVERS) \
		scripts/postgres scripts/test --filter TakeOverSuite

bench: release
	scripts/bench "$$(swift build $(RELEASE) --show-bin-path)/notify-relay"

freshness:
	@scripts/prepare
	swift build $(SWIFT_FLAGS) --build-tests
	scripts/freshness

fuzz:
	@scripts/prepare
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZERS)

# The end-to-end tests run real daemons against real time, which the sanitizers slow down too much.
sanitize:
	@scripts/prepare
	for kind in address thread; do \
		ASAN_OPTIONS=detect_leaks=0 swift test $(SWIFT_FLAGS) --scratch-path .build-$$kind --sanitize=$$kind --no-parallel \
			--skip 'EndToEnd|KillSuite|RaceSuite|BacklogSuite|StormSuite' || exit 1; \
	done

lint:
	swift format lint --strict --recursive Package.swift Sources Tests templates
	scripts/check-words

format:
	swift format --in-place --recursive Package.swift Sources Tests templates

# It is built as the user who calls it; only the files are put in place as root, if need be.
install: release
	$(BY_ROOT) install -d "$(PLACE)/bin" "$(PLACE)/lib/debug"
	$(BY_ROOT) objcopy --only-keep-debug "$(RELEASED)" "$(PLACE)/lib/debug/notify-relay.debug"
	$(BY_ROOT) install -s -m 0755 "$(RELEASED)" "$(PLACE)/bin/notify-relay"
	$(BY_ROOT) objcopy --add-gnu-debuglink="$(PLACE)/lib/debug/notify-relay.debug" "$(PLACE)/bin/notify-relay"
	@echo 'it needs these packages at run time: libcurl4 libpq5 libsqlite3-0 libstdc++6 ca-certificates tzdata'

image: release
	scripts/image "$(RELEASED)"

deb: release
	scripts/deb "$(RELEASED)" build

fresh:
	scripts/fresh
