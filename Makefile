# Everything that can be done with vapd. 'make' prints this list.
.PHONY: help setup build test soak demo bench bench-hub bench-nlu bench-skills bench-stt bench-stt-raw bench-wake model model-cv model-embedding model-speaker lint cross deb test-board test-homeassistant fuzz clean
.DEFAULT_GOAL := help

# How long each fuzz target runs in 'make fuzz'.
FUZZTIME ?= 20s

# The pipes below must fail when their first command does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

setup: ## install what build, test and demo need (Debian packages, Go modules)
	@scripts/setup.sh build test demo
	@go mod download

build: ## compile build/vapd for this machine
	@scripts/setup.sh build
	go build -o build/vapd ./cmd/vapd

test: ## unit, race and end-to-end tests; installs what they need
	@scripts/setup.sh build test demo lint
	@scripts/peers.sh build/python
	@scripts/homeassistant.sh build/homeassistant
	go vet ./...
	scripts/builds.sh
	go test -C tools ./...
	scripts/test.sh -race -timeout 20m ./...
	@echo "test: every decoder, with a second of new inputs each"
	scripts/fuzz.sh 1s
	@echo "test: end to end, at the speed of real life"
	scripts/test.sh -p 1 -timeout 15m ./cmd/vapd ./internal/demo ./internal/soak

# With build tag and variable, each of these takes its long form.
SOAK = ^Test(Soak|KilledAtAnyInstant|ClocksJump|SteadyUnderLoad)$$

soak: ## a simulated day, hundreds of kills, clocks that jump, minutes under load: 40 minutes
	@scripts/setup.sh build test
	VAPD_SOAK=1 go test -v -count=1 -tags soak -p 1 -timeout 90m -run '$(SOAK)' ./internal/soak ./cmd/vapd

demo: ## watch it work: hub and satellite on this machine
	@scripts/setup.sh build demo
	go build -o build/vapd ./cmd/vapd
	@build/vapd demo

bench: ## measure all but wake words, speech, understanding and the hub under load; figures go to build/figures/bench.txt
	@scripts/setup.sh build test demo cross
	go build -o build/collect ./internal/figure/collect
	go build -o build/vapd ./cmd/vapd
	go build -tags vapd_satellite -o build/vapd-satellite ./cmd/vapd
	{ go test -run '^$$' -bench . -skip 'Enroll|Speaker|SecondLook|NLU|STT|Raw|Thousand|CanAnswer|Register' -p 1 ./... && scripts/sizes.sh && \
		build/vapd demo --dir build/bench --satellite build/vapd-satellite --figures 20; } | build/collect build/figures bench

# Each is run once: how long they take is in them.
HUB_BENCHMARKS = ^Benchmark(Loss5|Arbitration|KillLoop|Conformance)$$
HUB_MEASURED = ./protocol/clientregistry ./hub/focus/trial ./hub/store ./protocol/coap/conformance

bench-hub: ## load a hub, beside libcoap's server; figures go to build/figures/bench-hub.txt
	@scripts/setup.sh build test demo
	@scripts/peers.sh build/python
	go build -o build/collect ./internal/figure/collect
	go build -o build/vapd ./cmd/vapd
	{ build/vapd bench hub --figures all || echo "FAIL: vapd bench hub"; \
		go test -run '^$$' -bench '$(HUB_BENCHMARKS)' -benchtime 1x -timeout 15m -p 1 $(HUB_MEASURED); } | build/collect build/figures bench-hub

bench-nlu: ## measure understanding, beside published figures; figures go to build/figures/bench-nlu.txt
	@scripts/setup.sh build test
	go build -o build/collect ./internal/figure/collect
	go test -run '^$$' -bench NLU -benchtime 1x -timeout 30m ./hub/intent/trial | build/collect build/figures bench-nlu

# Reference data with the model and the speech that are heard.
SHARED = $(or $(VAPD_SHARED),../shared)

# The default word, the cutoff that model-cv found for it, and how much is done for both.
MODEL_WORD = jarvis
MODEL_CUTOFF = 0.99
MODEL_EFFORT = 0.25
MODEL_FOLDS = wakeword/model/folds
WAKE = $(SHARED)/audio/wake
MODEL = --word $(MODEL_WORD) --effort $(MODEL_EFFORT) --labels $(WAKE)/LABELS.tsv --positives $(WAKE)/positive --positives $(WAKE)/extra/positive \
	--negatives $(WAKE)/negative --negatives $(WAKE)/extra/negative --noise $(WAKE)/noise

model: ## train the wake word that comes with the program, on everything
	@scripts/setup.sh build test demo
	go build -o build/vapd ./cmd/vapd
	build/vapd wake train $(MODEL) --cutoff $(MODEL_CUTOFF) --language en -o build/model/$(MODEL_WORD)
	rm -f wakeword/model/default/*
	cp build/model/$(MODEL_WORD)/*.json build/model/$(MODEL_WORD)/*.tflite wakeword/model/default/
	build/vapd wake train $(MODEL) --large --cutoff 0.5 --language en -o build/model/$(MODEL_WORD)-large
	rm -f wakeword/model/second/*
	cp build/model/$(MODEL_WORD)-large/*.json build/model/$(MODEL_WORD)-large/*.tflite wakeword/model/second/

model-cv: ## measure that word by folds, in fifteen trainings; goes on where it was stopped
	@scripts/setup.sh build test demo
	go build -o build/vapd ./cmd/vapd
	build/vapd wake crossval $(MODEL) -o build/model-cv/$(MODEL_WORD) --curve
	build/vapd wake crossval $(MODEL) -o build/model-cv/$(MODEL_WORD)-large --large --inner 0
	for k in 0 1 2 3 4; do for size in "" -large; do \
		to=$(MODEL_FOLDS)$$size/without-$$k; mkdir -p $$to; cp build/model-cv/$(MODEL_WORD)$$size/without-$$k/*.* $$to/; done; done

bench-wake: ## measure wake words, beside other runtimes; figures go to build/figures/bench-wake.txt
	@scripts/setup.sh build test demo board
	@scripts/peers.sh build/python
	go build -o build/collect ./internal/figure/collect
	go build -o build/cost ./wakeword/cost
	go build -o build/vapd ./cmd/vapd
	kernel=$$(scripts/board/kernel.sh build/board); \
	{ build/cost --pack $(SHARED)/models/alexa.json --speech $(SHARED)/audio/wake/negative/librispeech \
		--python build/python --kernel $$kernel/vmlinuz || echo "FAIL: build/cost"; \
		build/vapd wake crossval $(MODEL) -o $(MODEL_FOLDS) --second $(MODEL_FOLDS)-large --measure --figures || echo "FAIL: vapd wake crossval"; \
		go test -run '^$$' -bench 'Enroll|Speaker' -benchtime 1x -timeout 30m ./wakeword ./wakeword/enroll/trial ./wakeword/speaker/trial; \
		go test -run '^$$' -bench SecondLook -benchtime 1x -timeout 30m ./hub/daemon; } | build/collect build/figures bench-wake

bench-skills: ## measure skills: who can answer, and how soon one is understood; figures go to build/figures/bench-skills.txt
	@scripts/setup.sh build test
	go build -o build/collect ./internal/figure/collect
	{ go test -run '^$$' -bench CanAnswer -timeout 30m ./protocol/skillregistry || echo "FAIL: can answer"; \
		go test -run '^$$' -bench Register -benchtime 3x -timeout 30m ./hub/skills || echo "FAIL: register"; \
		go test -run '^$$' -bench Thousand -benchtime 1x -timeout 30m ./hub/speech/trial || echo "FAIL: speech"; } | build/collect build/figures bench-skills

bench-stt: ## measure how people are understood: 20 minutes; figures go to build/figures/bench-stt.txt
	@scripts/setup.sh build test demo
	go build -o build/collect ./internal/figure/collect
	{ go test -run '^$$' -bench 'STT|Thousand' -benchtime 1x -timeout 90m ./hub/speech/trial || echo "FAIL: bench-stt"; } | build/collect build/figures bench-stt

bench-stt-raw: ## the same for the recognizer as Debian has it: 40 minutes; figures go to build/figures/bench-stt-raw.txt
	@scripts/setup.sh build test demo stt
	go build -o build/collect ./internal/figure/collect
	{ go test -run '^$$' -bench Raw -benchtime 1x -timeout 3h ./hub/speech/trial || echo "FAIL: bench-stt-raw"; } | build/collect build/figures bench-stt-raw

model-embedding: ## train the network that enrolled words are compared in, and measure it: 3 minutes
	@scripts/setup.sh build test demo
	go run ./wakeword/embedding/make -cache build/embedding.gob
	go run ./wakeword/speaker/make
	go test -run '^$$' -bench 'Enroll|Speaker' -benchtime 1x -timeout 30m ./wakeword/enroll/trial ./wakeword/speaker/trial

model-speaker: ## learn again how voices differ, and measure it: a minute
	@scripts/setup.sh build test
	go run ./wakeword/speaker/make
	go test -run '^$$' -bench Speaker -benchtime 1x -timeout 30m ./wakeword/speaker/trial

lint: ## formatting, static analysis, tidy go.mod, shell scripts
	@scripts/setup.sh build lint
	scripts/lint.sh

cross: ## build for amd64, arm64, arm v7 and arm v6 into build/linux-*
	@scripts/setup.sh build cross
	scripts/cross.sh

deb: cross ## packages for Debian and Raspberry Pi OS into build/*.deb
	@scripts/setup.sh deb
	scripts/deb.sh

test-board: ## tests of sound card and keys on an emulated ARM board
	@scripts/setup.sh build board
	scripts/board/test.sh

# python3.11 and python3.13 run different versions.
PYTHONS ?= python3

test-homeassistant: ## the skill for Home Assistant with the real one; PYTHONS="python3.11 python3.13" are two versions
	@scripts/setup.sh build test
	@scripts/homeassistant.sh build/homeassistant $(PYTHONS)
	go test -v -count=1 -run '^TestHomeAssistant$$' ./skill/builtin/homeassistant

fuzz: ## run every fuzz target for FUZZTIME (20s); make test gives each a second
	scripts/fuzz.sh $(FUZZTIME)

clean: ## remove build/
	rm -rf build
