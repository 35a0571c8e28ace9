# Everything a fresh Debian machine needs is installed by the first target that needs it.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
VITEST := vitest run --config test/vitest.config.ts
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build demo test unit check-random fuzz fuzz-coverage faults same-as-kube-proxy lint golden bench soak soak-large image-test browser-test browser-tools sbom tools clean

build: dist/chainwright.mjs

EXAMPLES := manifests/examples
DEMO := node dist/chainwright.mjs

demo: dist/chainwright.mjs tools ## plays the NodePort example in a throwaway node, with real packets, and explains it
	$(SUDO) env PATH="$(PATH)" $(DEMO) lab
	@echo; echo "chainwright explain --to 192.168.77.10:30080"
	@$(DEMO) explain --to 192.168.77.10:30080 -f $(EXAMPLES)/webapp1-nodeport.yaml --hostname-override node-a
	@echo; echo "chainwright diff: policy Local, and one more pod"
	@$(DEMO) diff --from $(EXAMPLES)/webapp1-nodeport.yaml --to $(EXAMPLES)/changes/webapp1-local.yaml \
	  --hostname-override node-a || [ $$? = 1 ]

test: dist/chainwright.mjs tools lint ## everything; needs root for the kernel's part
	$(SUDO) env PATH="$(PATH)" $(VITEST)

unit: node_modules/.package-lock.json ## what needs neither root nor iptables
	$(VITEST) test/unit

check-random: node_modules/.package-lock.json ## proves random clusters, both layouts: CLUSTERS=10000 SEED=1 chooses how many of each family, and which
	CLUSTERS="$(or $(CLUSTERS),10000)" SEED="$(or $(SEED),$(shell date +%s))" $(VITEST) test/unit/inspect/check/random-clusters.test.ts

fuzz: node_modules/.package-lock.json ## hostile input for everything that reads: FUZZ_RUNS=1500 SEED=1 chooses how much, and which
	FUZZ_RUNS="$(or $(FUZZ_RUNS),1500)" SEED="$(or $(SEED),$(shell date +%s))" $(VITEST) test/fuzz

FUZZER := node_modules/.cache/fuzzer
COVERAGE := test/fuzz/coverage

# The fuzzer's binary wants a newer C library than Debian 12 has: it gets that of Debian 13 for itself.
fuzz-coverage: $(FUZZER)/node_modules/.package-lock.json ## coverage-guided fuzzing of all readers: SECONDS=60 each, TARGET=watch picks one
	@node -e 'require("./$(FUZZER)/node_modules/@jazzer.js/fuzzer")' 2>/dev/null || [ -d $(FUZZER)/debian-13 ] \
	  || { command -v mmdebstrap >/dev/null 2>&1 \
	       || { $(SUDO) apt-get update -qq; $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap; }; \
	       $(SUDO) mmdebstrap --quiet --variant=extract --include=libc6,libstdc++6,libgcc-s1 trixie $(FUZZER)/debian-13; }
	nice -n 15 node $(COVERAGE)/growth.ts
	nice -n 15 node $(COVERAGE)/run.ts --seconds "$(or $(SECONDS),60)" --fuzzer $(FUZZER) $(if $(TARGET),--target $(TARGET))

$(FUZZER)/node_modules/.package-lock.json: node_modules/.package-lock.json $(COVERAGE)/fuzzer/package.json $(COVERAGE)/fuzzer/package-lock.json
	mkdir -p $(FUZZER) && cp $(COVERAGE)/fuzzer/package*.json $(FUZZER)
	npm ci --prefix $(FUZZER) --ignore-scripts
	@touch $@

faults: dist/chainwright.mjs tools ## the fault plan of test/faults in its long forms, a quarter of an hour
	$(SUDO) env PATH="$(PATH)" FAULTS=long $(VITEST) test/faults test/api/faults.test.ts test/kernel/restart.test.ts \
	  test/kernel/handover test/kernel/layout-switch.test.ts

same-as-kube-proxy: dist/chainwright.mjs tools ## a real kube-proxy and ours through the same random changes: KUBE_PROXY=path, SEED=1 RUNS=20 STEPS=40
	$(SUDO) env PATH="$(PATH)" KUBE_PROXY="$(KUBE_PROXY)" SEED="$(or $(SEED),$(shell date +%s))" RUNS="$(or $(RUNS),20)" STEPS="$(or $(STEPS),40)" \
	  $(VITEST) --reporter=verbose test/kernel/same-as-kube-proxy

lint: node_modules/.package-lock.json
	tsc -p .
	tsc -p src/graph/page
	eslint -c .eslint.config.mjs --cache --cache-location node_modules/.cache/eslint .
	prettier --check --log-level warn .

golden: dist/chainwright.mjs ## rewrites the expected files of the rule book; review with git diff
	node dist/chainwright.mjs golden --write rules

# BENCH=quick takes two minutes; BENCH_FLAGS go to test/bench/datapath/run.ts, such as --services 100,1000.
bench: dist/chainwright.mjs tools ## what connections, syncs and the daemon cost, at up to 20,000 services; KUBE_PROXY=path compares
	@command -v nft >/dev/null 2>&1 || { $(SUDO) apt-get update -qq; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nftables; }
	$(SUDO) env PATH="$(PATH)" node test/bench/datapath/run.ts $(if $(filter quick,$(BENCH)),--quick) $(BENCH_FLAGS)
	node test/bench/generate.ts
	$(SUDO) env PATH="$(PATH)" KUBE_PROXY="$(KUBE_PROXY)" node test/bench/daemon.ts $(if $(filter quick,$(BENCH)),--services 1000 --changes 3)
	$(SUDO) env PATH="$(PATH)" node test/bench/verify.ts $(if $(filter quick,$(BENCH)),--services 1000)

# SOAK_FLAGS go to test/bench/soak.ts, such as --minutes 240 --backend legacy.
soak: dist/chainwright.mjs tools ## 1,000 services, 100 changes a second for 5 minutes; fails on lag, wrong rules or growing memory
	$(SUDO) env PATH="$(PATH)" node test/bench/soak.ts $(SOAK_FLAGS)

soak-large: dist/chainwright.mjs tools ## 5,000 services x 10, rolling updates of 1 % a second, node flaps and a client, for 10 minutes
	$(SUDO) env PATH="$(PATH)" node test/bench/soak.ts --services 5000 --endpoints 10 --rate 0 --rolling 1 --flaps 6 \
	  --connections 200 --minutes 10 $(SOAK_FLAGS)

image-test: dist/chainwright.mjs tools ## the image's root file system in a real container; needs root and Debian's mirror
	@command -v mmdebstrap crun >/dev/null 2>&1 \
	  || { $(SUDO) apt-get update -qq; $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap crun; }
	$(SUDO) env PATH="$(PATH)" vitest run --config test/image/vitest.config.ts

browser-test: dist/chainwright.mjs tools browser-tools ## the page of `graph` in a real headless Chromium; leaves screenshots in test/browser/output
	vitest run --config test/browser/vitest.config.ts

browser-tools:
	@command -v chromium >/dev/null 2>&1 && command -v dot >/dev/null 2>&1 \
	  || { $(SUDO) apt-get update -qq; \
	       $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium graphviz fonts-dejavu-core; }

sbom: node_modules/.package-lock.json ## what the bundle is made of, as CycloneDX, in dist/sbom.cdx.json
	@mkdir -p dist
	npm sbom --sbom-format=cyclonedx --sbom-type=application --package-lock-only --omit=dev > dist/sbom.cdx.json

# What the commands run. `apt-get update` fails on machines without network, which may have it all.
tools:
	@type -P iptables-nft iptables-legacy-save conntrack ip unshare curl patch >/dev/null \
	  || { $(SUDO) apt-get update -qq; \
	       $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq iptables conntrack iproute2 util-linux curl patch; }
	@# What some tests want and do without: shells for completion, a font for pictures.
	@type -P zsh fish >/dev/null && [ -d /usr/share/fonts/truetype/dejavu ] \
	  || $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq zsh fish fonts-dejavu-core || true

node_modules/.package-lock.json: package-lock.json package.json .npmrc
	npm ci
	@touch $@

dist/chainwright.mjs: node_modules/.package-lock.json .esbuild.mjs package.json $(shell find src -name '*.ts' -o -name '*.css')
	node .esbuild.mjs

clean:
	rm -rf dist node_modules test/output
