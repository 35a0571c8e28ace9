# Everything a fresh Debian machine needs is installed by the first target that needs it.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
VITEST := vitest run --config test/vitest.config.ts
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build demo test unit lint golden bench soak image-test tools clean

build: dist/chainwright.mjs

demo: dist/chainwright.mjs tools ## plays the NodePort example in a throwaway node, with real packets
	$(SUDO) env PATH="$(PATH)" node dist/chainwright.mjs lab

test: dist/chainwright.mjs tools lint ## everything; needs root for the kernel's part
	$(SUDO) env PATH="$(PATH)" $(VITEST)

unit: node_modules/.package-lock.json ## what needs neither root nor iptables
	$(VITEST) test/unit

lint: node_modules/.package-lock.json
	tsc -p .
	eslint -c .eslint.config.mjs --cache --cache-location node_modules/.cache/eslint .
	prettier --check --log-level warn .

golden: node_modules/.package-lock.json ## rewrites the expected files of the rule book; review with git diff
	node test/support/write-golden.ts

bench: dist/chainwright.mjs tools ## time and memory: generating rules, and the daemon on a large node; KUBE_PROXY=path compares
	node test/bench/generate.ts
	$(SUDO) env PATH="$(PATH)" KUBE_PROXY="$(KUBE_PROXY)" node test/bench/daemon.ts

soak: dist/chainwright.mjs tools ## 1,000 services, 100 changes a second for 5 minutes; fails on lag, wrong rules or growing memory
	$(SUDO) env PATH="$(PATH)" node test/bench/soak.ts

image-test: dist/chainwright.mjs tools ## the image's root file system in a real container; needs root and Debian's mirror
	@command -v mmdebstrap crun >/dev/null 2>&1 \
	  || { $(SUDO) apt-get update -qq; $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap crun; }
	$(SUDO) env PATH="$(PATH)" vitest run --config test/image/vitest.config.ts

# What the commands run. `apt-get update` fails on machines without network, which may have it all.
tools:
	@command -v iptables-nft conntrack ip unshare curl >/dev/null 2>&1 && command -v iptables-legacy-save >/dev/null 2>&1 \
	  || { $(SUDO) apt-get update -qq; \
	       $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq iptables conntrack iproute2 util-linux curl; }

node_modules/.package-lock.json: package-lock.json package.json .npmrc
	npm ci
	@touch $@

dist/chainwright.mjs: node_modules/.package-lock.json .esbuild.mjs package.json $(shell find src -name '*.ts')
	node .esbuild.mjs

clean:
	rm -rf dist node_modules test/output
