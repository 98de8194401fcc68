# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Any Python 3.10 or later with venv and pip; everything else is made from it.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-quick lint sanity unit fuzz faults judge machine cold molecule bench build clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## Install Go into .demo/ with the collection, and run a program with it
	$(PYTHON) tests demo

test: ## Run every kind of test: each platform, lane and scenario once, three parts at a time
	$(PYTHON) tests suite test

test-all: ## Run the whole grid: each scenario on each platform in each lane, each Python, larger samples
	$(PYTHON) tests suite all

test-quick: ## Run the inner loop: linters, unit tests on two Pythons, one host
	$(PYTHON) tests suite quick

lint: ## Run every linter and the type checker
	$(PYTHON) tests lint

sanity: ## Run ansible-test sanity with the oldest and the newest ansible-core
	$(PYTHON) tests sanity

unit: ## Run the unit tests on every Python from 2.7 on
	$(PYTHON) tests units

fuzz: ## Alter 100,000 programs, and 3,000 inputs of every other reader, and have each read within its time
	$(PYTHON) tests lanes run el7 tests fuzz.fuzz_elf --count 100000
	GOFLEET_FUZZ=100000 $(PYTHON) tests lanes run el7 -m pytest -q tests/fuzz/test_fuzz_readers.py

faults: ## Kill runs and let calls fail, at a sample of the points; GOFLEET_FAULTS=all takes each
	$(PYTHON) tests suite faults

judge: ## Start 373 programs on real hosts, and see whether each verdict was right
	$(PYTHON) tests suite judge

machine: ## Boot whole machines: settings and environment through reboots, labels where SELinux enforces
	$(PYTHON) tests suite machine

cold: ## Run linters and the unit tests that use the cache, with an empty HOME and GOFLEET_CACHE
	$(PYTHON) tests suite cold

molecule: ## Run the scenarios on real hosts, in every lane
	$(PYTHON) tests molecule --all

bench: ## Measure runs against floors of the same run, on a machine that does nothing else
	$(PYTHON) tests bench.bench; toolchains=$$?; \
	$(PYTHON) tests bench.bench --lane main --rounds 0 --row alpine:1 --row debian13:1 --row debian12:1; newer=$$?; \
	$(PYTHON) tests lanes run el7 tests bench.verdicts && [ "$$toolchains $$newer" = "0 0" ]

build: ## Build the collection's archive
	"$$($(PYTHON) tests lanes path main)/bin/ansible-galaxy" collection build --force

clean: ## Take back what the tests left: containers, networks, processes
	$(PYTHON) tests clean
