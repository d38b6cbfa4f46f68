# Field Kit.  `make demo` and `make check` are the two commands to know.
# B is the build variant's folder, so that variants live side by side:
#   make B=build/asan CC=clang SAN=1 check

B	?= build/main
CC	?= gcc
PREFIX	?= /usr/local
DESTDIR	?=
PKGS	= sqlite3 libsodium libzstd zlib jansson libmd

CFLAGS	?= -O2 -g
WARN	= -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	  -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 \
	  -Wno-format-nonliteral
HARDEN	= -fstack-protector-strong -fPIE -fstack-clash-protection
LHARDEN	= -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed
ifdef SAN
HARDEN	= -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -fno-omit-frame-pointer -DSANITIZED=1
LHARDEN	= -fsanitize=address,undefined -Wl,--as-needed
else
HARDEN	+= -D_FORTIFY_SOURCE=2
endif
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -I. $(WARN) $(HARDEN) $(CFLAGS) \
	  $(shell pkg-config --cflags $(PKGS) libgit2) $(DEFS) -MMD -MP
LIBS	= $(shell pkg-config --libs $(PKGS))
GIT2	= $(shell pkg-config --libs libgit2)	# of some tools

# Two libraries are loaded by the few commands that need them (see
# sync/base/library.h), by the name that a program linked with them would have.
soname	= $(shell readelf -d $$($(CC) -print-file-name=lib$(1).so) | \
	  sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')

SRC	= $(wildcard sync/base/*.c sync/*.c fieldkit/*.c)
LIBSRC	= $(filter-out fieldkit/main.c,$(SRC))
OBJ	= $(SRC:%.c=$(B)/obj/%.o)
LIBOBJ	= $(LIBSRC:%.c=$(B)/obj/%.o) $(B)/obj/gen/embedded.o
DATA	= $(wildcard schema/packs/*.json schema/store/*.sql \
	  schema/dict/*.zdict schema/demo/*.jsonl schema/lang/*.tsv)

UNIT	= $(wildcard tests/unit/test_*.c)
UNITBIN	= $(UNIT:tests/unit/%.c=$(B)/tests/%)
MODEL	= $(wildcard tests/model/*.c)
MODELBIN = $(MODEL:tests/model/%.c=$(B)/model/%)

# One line a file; `make V=1` shows the whole commands.
Q	= $(if $(V),,@)
JOBS	?= $(shell nproc 2>/dev/null || echo 2)

all: build/fieldkit

build/fieldkit: $(B)/fieldkit
	@mkdir -p $(@D)
	@cp -f $< $@.tmp && mv -f $@.tmp $@

$(B)/fieldkit: $(B)/obj/fieldkit/main.o $(B)/libkit.a
	@echo "  LD  $@"
	$(Q)$(CC) $(LHARDEN) $(CFLAGS) -o $@ $^ $(LIBS)

$(B)/obj/sync/repo_git.o: DEFS = -DLIBGIT2_SONAME='"$(call soname,git2)"'
$(B)/obj/fieldkit/stem.o: DEFS = -DLIBSTEMMER_SONAME='"$(call soname,stemmer)"'

$(B)/libkit.a: $(LIBOBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/gen/embedded.c: scripts/embed $(DATA)
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	$(Q)scripts/embed $@ $(DATA)

$(B)/obj/gen/embedded.o: $(B)/gen/embedded.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/tests/%: tests/unit/%.c $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LHARDEN) -o $@ $< $(B)/libkit.a -lcmocka $(GIT2) \
	    $(LIBS)

# Programs that the scenario scripts use.
$(B)/tools/%: tests/tools/%.c $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LHARDEN) -o $@ $< $(B)/libkit.a $(GIT2) $(LIBS)

$(B)/model/%: tests/model/%.c $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LHARDEN) -o $@ $< $(B)/libkit.a -lcmocka $(LIBS)

# The simulator: one program of several files.  Its own write, fsync and so on
# must be found by libraries too that are opened late.
SIM	= $(wildcard tests/sim/*.c)
$(B)/sim/sim: $(SIM) $(wildcard tests/sim/*.h) $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(LHARDEN) -rdynamic \
	    -o $@ $(SIM) $(B)/libkit.a $(LIBS)

# Corpus replay; with FUZZ=1 (clang) the fuzzers themselves.
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LHARDEN) -Wno-missing-prototypes -o $@ $< \
	    tests/fuzz/replay.c $(B)/libkit.a $(LIBS)

$(B)/fuzzer/%: tests/fuzz/%.c $(B)/libkit.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)clang -fsanitize=fuzzer $(ALL_CFLAGS) $(LHARDEN) \
	    -Wno-missing-prototypes -o $@ $< $(B)/libkit.a $(LIBS)

deps:
	@scripts/deps

demo: deps
	@$(MAKE) --no-print-directory -j$(JOBS) build/fieldkit
	@build/fieldkit demo

check:
	@scripts/deps test
	@$(MAKE) --no-print-directory -j$(JOBS) $(B)/fieldkit
	@B=$(B) tests/run

# Hours of what `make check` does for minutes.
campaign: $(B)/sim/sim $(B)/model/converge
	$(B)/sim/sim --seeds 1..1000
	$(B)/model/converge --schedules 10000

TOOLS	= $(wildcard tests/tools/*.c)
tests: $(UNITBIN) $(MODELBIN) $(TOOLS:tests/tools/%.c=$(B)/tools/%)

install: build/fieldkit
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 build/fieldkit $(DESTDIR)$(PREFIX)/bin/fieldkit

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/fieldkit

clean:
	rm -rf build

.PHONY: all deps demo check campaign tests install uninstall clean
-include $(wildcard $(B)/obj/*/*.d $(B)/obj/*/*/*.d $(B)/tests/*.d \
	$(B)/model/*.d $(B)/tools/*.d $(B)/fuzz/*.d)
