# The front door. CMake and Ninja do the work underneath, one build folder a preset: build/<preset>.
# `make help` lists the targets; every target installs what it needs first (tools/setup).

.DEFAULT_GOAL := all
MAKEFLAGS += --no-print-directory
JOBS := $(shell nproc)
QUIET := $(shell test -t 2 || echo --quiet)
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 20
FUZZ_SEED ?= 0
BENCH_ARGS ?=
TORTURE_ROUNDS ?= 200
TORTURE_SEED ?= 0

# Configures a preset when that has not happened yet, and builds it: $(call build,PRESET[,TARGETS])
build = @test -f build/$(1)/build.ninja || cmake --preset $(1) -Wno-dev >build/$(1).configure.log 2>&1 \
	|| { cat build/$(1).configure.log; rm -f build/$(1)/build.ninja; exit 1; }
build += ; ninja -C build/$(1) -j $(JOBS) $(QUIET) $(2)
# Runs the tests of a build: $(call run_tests,PRESET[,WHICH])
run_tests = @ctest --test-dir build/$(1) -j $(JOBS) --output-on-failure --no-tests=error $(2)

.PHONY: all test test-all test-clang test-tsan interop schema torture bench fuzz lint fmt size cover deps run down install clean help

all: build/.dir ## build the libraries and programs (build/release, build/bin)
	@tools/setup build
	$(call build,release)

test: build/.dir ## unit tests and simulation under ASan and UBSan
	@tools/setup build test
	$(call build,asan)
	$(call run_tests,asan)

test-all: test test-clang test-tsan interop schema torture lint size cover deps ## all tests, sanitizers, budgets and checks
	@$(MAKE) fuzz FUZZ_SECONDS=5

test-clang: build/.dir ## the same tests, built by clang
	@tools/setup build test clang
	$(call build,clang)
	$(call run_tests,clang)

# The portable floors have no threads and no globals: what is hosted is run.
test-tsan: build/.dir ## the tests of hosted code under ThreadSanitizer
	@tools/setup build test
	$(call build,tsan)
	$(call run_tests,tsan,-E '^(base|coap|model|codec|sec|proto|net|client|server|sim|tools)[.]')

interop: build/.dir ## lapwing-device under a foreign server (Leshan), a foreign device (aiocoap) on lapwingd
	@tools/setup build test leshan python
	$(call build,asan,lapwing-device lapwingd example.sensor)
	@cd tests && PYTHONDONTWRITEBYTECODE=1 LAPWING_DEVICE=../build/asan/lapwing-device \
		LAPWING_SENSOR=../build/asan/examples/sensor $$(command -v pytest-3 || command -v pytest) interop/leshan
	@cd tests && PYTHONDONTWRITEBYTECODE=1 LAPWINGD=../build/asan/lapwingd \
		../build/venv/bin/python -m pytest interop/aiocoap

schema: build/.dir ## calls to the REST interface that schemathesis makes of its description
	@tools/setup build test python
	$(call build,asan,lapwingd lapwing-device)
	@cd tests && PYTHONDONTWRITEBYTECODE=1 LAPWINGD=../build/asan/lapwingd \
		LAPWING_DEVICE=../build/asan/lapwing-device ../build/venv/bin/python schema/run.py

torture: build/.dir ## kill lapwingd 200 times under load; TORTURE_ROUNDS, TORTURE_SEED
	@tools/setup build test
	$(call build,asan,lapwingd)
	@cd tests && PYTHONDONTWRITEBYTECODE=1 LAPWINGD=../build/asan/lapwingd TORTURE_ROUNDS=$(TORTURE_ROUNDS) \
		TORTURE_SEED=$(TORTURE_SEED) $$(command -v pytest-3 || command -v pytest) daemon/torture_test.py

bench: build/.dir ## time our code against the libraries people would use instead
	@tools/setup build bench
	$(call build,bench)
	@tools/bench $(BENCH_ARGS)

fuzz: build/.dir ## run every fuzz target, FUZZ_SECONDS each (default 20)
	@tools/setup build fuzz
	$(call build,fuzz)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) tools/fuzz

lint: build/.dir ## layout, clang-tidy, scripts, floors, headers, generated files
	@tools/setup build test lint
	$(call build,clang,check_floors)
	@tools/lint

fmt: ## write the layout that lint checks
	@tools/setup lint
	@git ls-files '*.c' '*.h' | xargs clang-format -i

size: build/.dir ## code size on Cortex-M4 and x86-64 against tools/size-budgets.txt
	@tools/setup build mcu
	$(call build,mcu)
	$(call build,size)
	@tools/size

cover: build/.dir ## line coverage of the portable core; build/cover/html
	@tools/setup build test cover
	$(call build,cover)
	@tools/cover

deps: build/.dir ## Mbed TLS 3.6 in build/deps/mbedtls, and a test that it works
	@tools/setup build test tls
	@cmake --preset asan -Wno-dev >build/asan.configure.log || { cat build/asan.configure.log; exit 1; }
	$(call build,asan,test.deps.mbedtls)
	$(call run_tests,asan,-L deps)

run: build/.dir ## a server and three simulated devices in the background; says where and what to try
	@tools/setup build
	$(call build,release)
	@tools/run up

down: ## end what `make run` started
	@tools/run down

install: all ## libraries, headers and a pkg-config file into PREFIX (default /usr/local)
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

clean: ## remove what was built; build/deps stays
	@find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} + 2>/dev/null || true

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build/.dir:
	@mkdir -p build && touch $@
