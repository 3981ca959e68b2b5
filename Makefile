# Cairn. `make help` lists the targets.
#
# One makefile, no configure step. Objects mirror the tree under build/; services, tests and
# migrations are found by wildcard. SAN=asan builds and tests with AddressSanitizer and
# UndefinedBehaviorSanitizer beside the normal build, SAN=tsan with ThreadSanitizer. V=1 shows the
# commands, WERROR=1 turns warnings into errors, CC=clang takes the other compiler.

SHELL := /bin/bash
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

CC := gcc
SAN ?=
BUILD ?= build$(if $(filter clang%,$(notdir $(CC))),/clang)$(if $(SAN),/$(SAN))
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
Q := $(if $(V),,@)

# ---- flags ----

WARNINGS := -Wall -Wextra -Werror=switch -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef \
    -Wnull-dereference -Wdouble-promotion $(if $(WERROR)$(CI),-Werror)
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZE_tsan := -fsanitize=thread
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
SANITIZE := $(SANITIZE_$(SAN))
ifneq ($(SAN),)
ifeq ($(SANITIZE),)
$(error SAN=$(SAN) is unknown: asan, tsan or fuzz)
endif
endif

# Sanitizers add paths on which gcc imagines null pointers: these warnings mislead there.
QUIET_SANITIZED := -Wno-null-dereference \
    $(if $(filter clang%,$(notdir $(CC))),,-Wno-format-truncation -Wno-format-overflow)

MODULES := libpq libmicrohttpd gnutls jansson hiredis libcurl cjose libcrypto
# Redis by TLS, where hiredis has it: from 1.0 on.
REDIS_TLS := $(shell pkg-config --exists hiredis_ssl libssl 2>/dev/null && echo yes)
MODULES += $(if $(REDIS_TLS),hiredis_ssl libssl)
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=gnu17 $(WARNINGS) $(if $(SAN),$(QUIET_SANITIZED) -O1) $(CFLAGS) \
    -fno-omit-frame-pointer -fno-strict-aliasing -pthread $(SANITIZE)
CPPFLAGS_ALL = -Iframework -D_GNU_SOURCE $(if $(REDIS_TLS),-DCAIRN_REDIS_TLS) $(MODULE_CPPFLAGS) $(CPPFLAGS) -MMD -MP
LDLIBS_ALL = $(MODULE_LIBS) -pthread $(LDLIBS)
# A program loads the libraries that it uses, not all that there are.
LDFLAGS_ALL = $(SANITIZE) -Wl,--as-needed $(LDFLAGS)

# ---- what there is ----

LIB_SOURCES := $(filter-out framework/cli/%,\
    $(wildcard framework/*/*.c framework/*/*/*.c framework/*/*/*/*.c))
CLI_SOURCES := $(wildcard framework/cli/*.c framework/cli/*/*.c framework/cli/*/*/*.c)
# Versioned migrations in order, then the repeatable ones (functions and views).
MIGRATIONS := $(sort $(wildcard migrations/*.sql)) $(sort $(wildcard migrations/repeatable/*.sql))
SHOP_SOURCES := $(filter-out %/main.c,$(wildcard services/*/*.c)) $(wildcard projections/*.c)
MAINS := $(wildcard services/*/main.c)
SERVICES := $(patsubst services/%/main.c,%,$(MAINS))
SUPPORT_SOURCES := $(wildcard tests/support/*.c)
FAULT_SOURCES := $(filter-out tests/fault/test_% tests/fault/clock_shim.c tests/fault/counter.c, \
    $(wildcard tests/fault/*.c tests/fault/*/*.c))
TEST_SOURCES := $(foreach level,unit integration e2e fault ha large,$(wildcard tests/$(level)/test_*.c))
HEADERS := $(wildcard framework/cairn/*.h)

object = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB := $(BUILD)/libcairn.a
CLI := $(BUILD)/libcli.a
SHOP := $(BUILD)/libshop.a
SUPPORT := $(BUILD)/libsupport.a
FAULT := $(BUILD)/libfault.a
CLOCK_SHIM := $(BUILD)/tests/fault/clock_shim.so
COUNTER := $(BUILD)/tests/fault/counter
BINARIES := $(BUILD)/bin/cairn $(SERVICES:%=$(BUILD)/bin/cairn-%)
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)
# Those that need no whole system.
INNER_TESTS := $(foreach level,unit integration,$(filter $(BUILD)/tests/$(level)/%,$(TESTS)))
# A service in two versions, for tests of a rolling deploy.
VARIANTS := $(BUILD)/tests/variants/tally-1 $(BUILD)/tests/variants/tally-2
EXAMPLES := $(patsubst %.c,$(BUILD)/%,$(wildcard docs/examples/*.c))
# The hotel, for the fault run; as a repository of its own it is built by its own Makefile.
HOTEL := $(patsubst %,$(BUILD)/examples/hotel/%,hotel housekeeping listener)
HOTEL_MAINS := examples/hotel/services/hotel.c examples/hotel/services/housekeeping.c
HOTEL_PARTS := $(filter-out $(HOTEL_MAINS),$(wildcard examples/hotel/services/*.c examples/hotel/projections/*.c))
BENCH_SUPPORT := $(call object,$(wildcard bench/support/*.c))
FUZZ_BUILD := $(BUILD)/fuzz
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(BUILD)/bench/append/cairn_append $(BUILD)/bench/append/slow_disk.so $(BUILD)/bench/commands/bare \
    $(BUILD)/bench/projections/offer $(BUILD)/bench/bus/cairn_bus $(BUILD)/bench/process/bus_times
LIMITS_BENCH := $(BUILD)/bench/limits/flood
TELEMETRY_BENCH := $(BUILD)/bench/telemetry/collector
# Pages of services: the same for all builds. Where they were built without npm they are built again once it is there.
PAGES := console shop
PAGES_TOOLS := $(filter-out $(addprefix web/,$(PAGES)),$(wildcard web/*))
pages_of = $(wildcard $(addprefix web/$(1)/,* src/* src/*/*))
pages_again = $(if $(wildcard build/$(1)/without-npm),$(if $(CI)$(shell command -v npm 2>/dev/null),pages-again))
SINGLE_BENCHES := $(BUILD)/bench/query/constant $(BUILD)/bench/query/listen $(BUILD)/bench/projections/parse

ifneq ($(filter-out help down start stop clean fmt new-service,$(or $(MAKECMDGOALS),all)),)
MODULE_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(MODULES) 2>/dev/null))
MODULE_LIBS := $(shell pkg-config --libs $(MODULES) 2>/dev/null)
endif

# ---- targets ----

# Every target that is a word of its own is no file.
.PHONY: $(shell sed -nE 's/^([a-z][a-z0-9 -]*):([^=].*)?$$/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(firstword $(MAKEFILE_LIST)) | \
	    awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

all: deps $(BINARIES) ## build the library, the command and the services

deps:
	@deploy/deps check build

modules: # what a program that is linked with the library asks pkg-config for
	@echo $(MODULES)

install-deps: ## install what building, running and testing need (Debian, root)
	@deploy/deps install

up: all ## start PostgreSQL, Redis, an identity provider and the services of the shop under .run/; AUTH=off: an open system
	@CAIRN_BUILD=$(BUILD) CAIRN_AUTH=$(AUTH) deploy/native/up

servers: all ## start PostgreSQL and Redis under .run/, for a service of your own
	@CAIRN_BUILD=$(BUILD) CAIRN_SHOP=no deploy/native/up

down: ## stop what up started; CLEAN=1 removes its data too
	@deploy/native/down $(if $(CLEAN),--clean)

start: ## NAME=invoice [PROGRAM=…] [PORT=…]: start one service beside those of up, and wait until it is ready
	@CAIRN_BUILD=$(BUILD) deploy/native/start "$(NAME)" $(PROGRAM)

stop: ## NAME=invoice: stop what start started
	@deploy/native/down "$(or $(NAME),-)"

demo: install-deps ## up, then a shop's story over HTTP
	@$(MAKE) --no-print-directory up
	@deploy/native/demo

test: install-deps ## every test, on servers of its own; unit and integration sanitized; a little fuzz
	@$(MAKE) --no-print-directory tests
	@$(MAKE) --no-print-directory inner-tests SAN=asan
	@tests/run $(BUILD):unit,e2e,fault $(BUILD)/asan:unit,integration
	@if tests/fuzz/possible; then $(MAKE) --no-print-directory fuzz SECONDS=10; \
	    else echo "  no fuzzing: clang with libFuzzer is not installed"; fi

# What differs first where libraries and servers are other versions.
PART := @(http*|query*|store|appender|engine|redis_pipe|publisher|consumer|roles|answers|shop|recover)
test-part: install-deps ## a part of the tests, in minutes: unit; store, HTTP, queries, processes, the bus; the shop
	@$(MAKE) --no-print-directory tests WERROR=1
	@failed=0; tests/run $(BUILD):unit || failed=1; \
	    TEST='$(PART)' tests/run $(BUILD):integration,e2e || failed=1; exit $$failed

check: ## static analysis, valgrind, ThreadSanitizer, models: clean, or explained (deploy/deps install check)
	@tests/check $(BUILD)

test-unit: deps tests ## the tests without I/O
	@tests/run $(BUILD):unit

test-integration: deps tests ## the tests on a real PostgreSQL and Redis
	@tests/run $(BUILD):integration

test-e2e: deps tests ## the tests of the whole system
	@tests/run $(BUILD):e2e

test-postgres: deps tests ## tests on other PostgreSQLs, fetched by npm: VERSIONS="16 17 18" TEST=store
	@tests/postgres/run $(BUILD) $(or $(VERSIONS),16 17 18)

test-fault: deps tests ## faults under load, checked: DURATION=600 (seconds) SEED=n ONLY=fault POSTGRES=18
	@CAIRN_FAULT_DURATION=$(or $(DURATION),120) CAIRN_FAULT_SEED=$(SEED) CAIRN_FAULT_ONLY=$(ONLY) \
	    CAIRN_TEST_LIMIT=$$(($(or $(DURATION),120) + 900)) \
	    $(if $(POSTGRES),LEVELS=fault tests/postgres/run $(BUILD) $(POSTGRES),tests/run $(BUILD):fault)

test-ha: deps tests ## a cluster of three nodes whose primary is killed, frozen, cut off: SEED=n ONLY=fault; within 10 minutes
	@deploy/deps install ha
	@CAIRN_FAULT_SEED=$(SEED) CAIRN_FAULT_ONLY=$(ONLY) tests/run $(BUILD):ha

test-large: deps tests ## the console before a log of a million events and 100,000 parked keys
	@tests/run $(BUILD):large

fuzz: deps ## look for inputs that break what reads them: SECONDS=600 (each) TARGET=record
	@$(MAKE) --no-print-directory CC=clang SAN=fuzz BUILD=$(FUZZ_BUILD) fuzz-programs
	@tests/fuzz/run $(FUZZ_BUILD) $(or $(SECONDS),60) $(TARGET)

fuzz-programs: $(FUZZERS)

test-debugging: deps tests ## docs/DEBUGGING.md with all its tools, which are installed (Debian, root)
	@deploy/deps install debugging
	@TEST='test_debug@(ging|ger)' TUTORIAL_ALL=1 tests/run $(BUILD):e2e

test-compose: deps tests ## the compose demo, in containers; needs a Docker Engine
	@tests/compose/run $(BUILD)

tests: $(TESTS) $(BINARIES) $(EXAMPLES) $(HOTEL) $(CLOCK_SHIM) $(COUNTER) $(VARIANTS)

inner-tests: $(INNER_TESTS) $(BINARIES)

bench: bench-append bench-bus bench-commands bench-projections bench-query bench-process ## every benchmark, on servers of its own; bench/README.md says how to read them

bench-append: deps bench-programs ## appends a second, beside other stores and the database's limits
	@bench/append/run $(BUILD)

bench-process: deps all $(BUILD)/bench/process/bus_times ## orders brought to their payment and the mail about it, with each hop; steadily, and a burst
	@bench/process/run $(BUILD)
	@bench/process/burst $(BUILD)

bench-bus: deps bench-programs ## how fast the log is published to Redis, and how soon
	@bench/bus/run $(BUILD)

bench-append-growth: deps bench-programs ## the same with a long log, and with several processes
	@bench/append/growth $(BUILD)

bench-boundaries: deps bench-programs ## appends with boundaries a second, beside streams, UmaDB and eventsourcing
	@bench/boundaries/run $(BUILD)

bench-commands: deps bench-programs bench-services ## commands a second over HTTP, beside its limits
	@bench/commands/run $(BUILD)

bench-commands-steady: deps bench-programs bench-services ## ten minutes of commands: does memory grow?
	@bench/commands/steady $(BUILD)

bench-services: $(BUILD)/bench/commands/order $(BUILD)/bin/cairn-user

bench-query: deps all $(SINGLE_BENCHES) ## reads a second, beside a constant answer and Redis itself
	@bench/query/run $(BUILD)

bench-projections: deps all bench-programs $(SINGLE_BENCHES) ## lag and rate of a projector, and how fast read models are rebuilt
	@bench/projections/run $(BUILD)
	@bench/projections/rebuild $(BUILD)

bench-security: deps all bench-services ## what tokens cost, beside the same without
	@bench/security/run $(BUILD)

bench-telemetry: deps all bench-services $(TELEMETRY_BENCH) ## what spans cost, and collectors that hang, refuse or are away: four minutes
	@bench/telemetry/run $(BUILD)

bench-limits: deps all $(LIMITS_BENCH) ## what one client notices while another one floods the service: within a minute
	@bench/limits/run $(BUILD)

bench-tls: deps all ## requests a second on kept connections, with TLS and without: within three minutes
	@bench/tls/run $(BUILD)

bench-programs: $(BENCHES) $(BUILD)/bin/cairn

lint: all ## formatting, language, layers, circles of files, the shell scripts
	@tests/lint $(BUILD)

fmt: ## format the sources
	$(Q)clang-format -i $(shell git ls-files '*.c' '*.h')

new-service: ## NAME=invoice: a service that builds, runs, is tested and documented
	@deploy/new-service "$(NAME)" $(if $(PLURAL),"$(PLURAL)")

install: deps $(LIB) $(BUILD)/bin/cairn $(BUILD)/cairn.pc ## library, headers, cairn.pc, the command, its template and documents: DESTDIR, PREFIX (/usr/local), LIBDIR
	$(Q)install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin include/cairn) $(DESTDIR)$(LIBDIR)/pkgconfig
	$(Q)install -m 755 $(BUILD)/bin/cairn $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/cairn
	$(Q)install -m 644 $(LIB) $(DESTDIR)$(LIBDIR)
	$(Q)install -m 644 $(BUILD)/cairn.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/share/cairn/project && install -d $(DESTDIR)$(PREFIX)/share/cairn/project
	$(Q)cp -R deploy/project/. $(DESTDIR)$(PREFIX)/share/cairn/project
	$(Q)chmod -R u=rwX,go=rX $(DESTDIR)$(PREFIX)/share/cairn
	$(Q)install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,man/man1 bash-completion/completions)
	$(Q)deploy/man $(BUILD)/bin/cairn >$(DESTDIR)$(PREFIX)/share/man/man1/cairn.1
	$(Q)$(BUILD)/bin/cairn completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/cairn
	$(Q)deploy/install-docs $(DESTDIR)$(PREFIX)/share/doc/cairn ../../../include/cairn

# With the flags that Debian builds its packages with: fortified, and without a trace of this path.
deb: deps ## a Debian package of what install installs, for this release of Debian
	$(Q)flags() { dpkg-buildflags --get $$1; }; $(MAKE) --no-print-directory deb-files BUILD=$(BUILD)/deb \
	    CFLAGS="$$(flags CFLAGS)" CPPFLAGS="$$(flags CPPFLAGS)" LDFLAGS="$$(flags LDFLAGS) -Wl,-z,now"
	$(Q)deploy/deb $(BUILD)/deb

deb-files: $(LIB) $(BUILD)/bin/cairn

install-shop: all ## the shop's services, the example, into the same bin
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 755 $(SERVICES:%=$(BUILD)/bin/cairn-%) $(DESTDIR)$(PREFIX)/bin

clean: ## remove what was built
	$(Q)rm -rf build

# ---- rules ----

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc   $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c $< -o $@

# The migrations travel inside the library, so that a binary and its schema cannot be mixed up.
$(BUILD)/migrations.S: $(MIGRATIONS) Makefile framework/store/embed.sh
	@mkdir -p $(@D)
	$(Q)framework/store/embed.sh $(MIGRATIONS) > $@

$(BUILD)/migrations.o: $(BUILD)/migrations.S $(MIGRATIONS)
	$(Q)$(CC) -c $< -o $@

# Pages travel inside of their service, as files.S says.
define PAGES_RULES
build/$(1)/files.S: $$(call pages_of,$(1)) $$(PAGES_TOOLS) $$(call pages_again,$(1))
	$$(Q)web/build $(1) build/$(1)

$$(BUILD)/$(1)_files.o: build/$(1)/files.S
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -c $$< -o $$@
endef
$(foreach name,$(PAGES),$(eval $(call PAGES_RULES,$(name))))

pages-again:

# The flags of a service outside of the tree: `pkg-config --cflags --libs cairn`. The library is an
# archive, so a service links its dependencies too: they are Requires. As Requires.private they
# would be named under --static only, and then with all that libpq itself was made of, which no
# distribution has as archives. An event that a switch forgets fails the build.
.PHONY: $(BUILD)/cairn.pc
$(BUILD)/cairn.pc:
	@mkdir -p $(@D)
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)' '' \
	    'Name: cairn' 'Description: event-sourcing and CQRS services in C' \
	    'Version: $(shell sed -n 's/^#define CAIRN_VERSION "\(.*\)"$$/\1/p' framework/cairn/version.h)' \
	    'Requires: $(MODULES)' 'Cflags: -I$${includedir} -pthread -Werror=switch' \
	    'Libs: -L$${libdir} -lcairn -pthread' > $@

$(LIB): $(call object,$(LIB_SOURCES)) $(BUILD)/migrations.o
$(CLI): $(call object,$(filter-out framework/cli/main.c,$(CLI_SOURCES)))
$(SHOP): $(call object,$(SHOP_SOURCES))
$(SUPPORT): $(call object,$(SUPPORT_SOURCES))
$(FAULT): $(call object,$(FAULT_SOURCES))
%.a:
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/bin/cairn: $(call object,framework/cli/main.c) $(CLI) $(LIB)
$(BUILD)/bin/cairn-console: $(BUILD)/console_files.o $(BUILD)/shop_files.o
$(BUILD)/bin/cairn-bff: $(BUILD)/shop_files.o
$(BUILD)/bin/cairn-%: $(BUILD)/services/%/main.o $(SHOP) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  ld   $@")
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LDLIBS_ALL)
$(BUILD)/bin/cairn:
	@mkdir -p $(@D)
	$(if $(V),,@echo "  ld   $@")
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LDLIBS_ALL)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(FAULT) $(SUPPORT) $(SHOP) $(CLI) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LDLIBS_ALL) -lcmocka

$(VARIANTS:=.o): $(BUILD)/tests/variants/tally-%.o: tests/variants/tally.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc   $< ($*)")
	$(Q)$(CC) $(CPPFLAGS_ALL) -DTALLY_VERSION=$* $(CFLAGS_ALL) -c $< -o $@

# Fuzz targets, by clang with SAN=fuzz.
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(SUPPORT) $(SHOP) $(CLI) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $(filter %.o,$^) $(SHOP) $(CLI) $(LIB) $(SUPPORT) $(LIB) -o $@ \
	    $(LDLIBS_ALL)

# Benchmarks: their programs are built when they are run.
$(BUILD)/bench/%.o: CPPFLAGS_ALL += -Ibench
$(BUILD)/bench/append/cairn_append: $(call object,$(filter-out %/slow_disk.c,$(wildcard bench/append/*.c))) \
    $(BENCH_SUPPORT) $(LIB)
$(BUILD)/bench/commands/bare: $(call object,bench/commands/bare.c)
$(BUILD)/bench/commands/order: $(call object,bench/commands/order.c) $(SHOP) $(LIB)
$(BUILD)/bench/projections/offer: $(call object,bench/projections/offer.c) $(BENCH_SUPPORT) $(LIB)
$(LIMITS_BENCH): $(call object,bench/limits/flood.c) $(BENCH_SUPPORT) $(LIB)
$(BUILD)/bench/bus/cairn_bus: $(call object,$(wildcard bench/bus/*.c)) $(BENCH_SUPPORT) $(LIB)
$(BUILD)/bench/process/bus_times: $(call object,bench/process/bus_times.c) $(LIB)
$(BUILD)/bench/commands/order $(LIMITS_BENCH) $(filter-out %.so,$(BENCHES)):
	$(if $(V),,@echo "  ld   $@")
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LDLIBS_ALL)

$(CLOCK_SHIM): tests/fault/clock_shim.c
$(BUILD)/bench/append/slow_disk.so: bench/append/slow_disk.c
$(CLOCK_SHIM) $(BUILD)/bench/append/slow_disk.so:
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fno-sanitize=all -fPIC -shared $< -o $@

$(SINGLE_BENCHES) $(TELEMETRY_BENCH): $(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) $< -o $@ $(LDLIBS_ALL)

# Whole services in the documentation, compiled as their readers see them: with public headers only.
$(EXAMPLES): $(BUILD)/docs/examples/%: docs/examples/%.c $(LIB) $(HEADERS)
	@mkdir -p $(@D)
	$(Q)$(CC) -Iframework $(CFLAGS_ALL) $(LDFLAGS_ALL) $< $(LIB) -o $@ $(LDLIBS_ALL)

$(BUILD)/examples/hotel/hotel: $(call object,examples/hotel/services/hotel.c $(HOTEL_PARTS)) $(LIB)
$(BUILD)/examples/hotel/housekeeping: $(call object,$(addprefix examples/hotel/services/,housekeeping.c room.c)) $(LIB)
$(BUILD)/examples/hotel/listener: $(call object,examples/hotel/tests/e2e/listener.c) $(LIB)
$(HOTEL):
	$(if $(V),,@echo "  ld   $@")
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LDLIBS_ALL)

.SECONDARY:
-include $(wildcard $(foreach depth,* */* */*/* */*/*/* */*/*/*/*,$(BUILD)/$(depth).d))
