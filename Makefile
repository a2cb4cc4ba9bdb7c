GO ?= go

.PHONY: demo test test-kernel check gen fuzz bench bench-services build

build: ## bin/bulkhead
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/bulkhead ./cmd/bulkhead

demo: build ## check the example shop; its faults are deliberate, so findings are not an error
	@cd examples/shop && ../../bin/bulkhead check --no-engine . || [ $$? -eq 1 ]

test: ## everything, on a real engine; installs and starts what is missing
	scripts/test.sh

test-kernel: ## BPF-LSM and AppArmor, in a virtual machine with Debian's kernel
	scripts/tools.sh qemu-system-x86_64:qemu-system-x86
	BULKHEAD_KERNEL=1 $(GO) test -count=1 -timeout 30m -v -run '^TestKernel$$' ./internal/kerneltest

check: ## what a reviewer runs first: formatting, vet, other platforms, linters
	test -z "$$(gofmt -l cmd internal)"
	$(GO) vet ./...
	for on in linux/arm64 darwin/arm64 windows/amd64; do \
	  CGO_ENABLED=0 GOOS=$${on%/*} GOARCH=$${on#*/} $(GO) build ./cmd/bulkhead ./internal/cli || exit 1; \
	done
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

gen: ## generated tables and pages
	$(GO) generate ./...
	test ! -d ../shared/data/images || $(GO) run ./internal/catalog/gen

fuzz: ## every fuzz target for FUZZTIME each
	scripts/fuzz.sh

bench: ## benchmarks, and the whole process as in docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem ./...
	scripts/bench.sh

bench-services: ## sixteen real services in containers, each written to and read back
	scripts/bench-services.sh
