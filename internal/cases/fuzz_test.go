package cases

import (
	"strings"
	"testing"

	"bulkhead/internal/source"
)

// fuzzed are the names a fuzzed text is read under.
var fuzzed = [...]string{"compose.yaml", "pod.yaml", "Dockerfile", "daemon.json", "run.sh", "Makefile", "ci.yaml", "pod.json"}

// seeds are texts whose fixes have to mind how they are written.
var seeds = []struct{ name, text string }{
	{"compose.yaml", "services:\n  web:\n    image: nginx:1.27\n    privileged: true # for debugging\n    ports:\n      - \"80:80\"\n"},
	{"compose.yaml", "x-base: &base\n  image: shop/web:1\n  privileged: true\n  cap_add: [ALL]\nservices:\n  a:\n    <<: *base\n  b:\n    <<: [*base, {read_only: false}]\n    security_opt:\n    - seccomp:unconfined\n"},
	{"compose.yaml", "services: {web: {image: nginx, privileged: true, ports: [\"80:80\", {target: 22, published: 22}], volumes: [/:/host, /var/run/docker.sock:/s]}}\n"},
	{"compose.yaml", "services:\n    web:\n          image:   'nginx'\n          privileged:    !!bool true\n\n          # volumes\n          volumes:\n          -   /etc:/etc   # all of it\n          -\n            type: bind\n            source: /\n            target: /host\n"},
	{"compose.yaml", "services:\n  web:\n    image: a:1\n    cap_drop:\n    security_opt:\n    read_only:\n    deploy:\n      resources:\n        limits:\n    environment:\n      PASSWORD: hunter2hunter2\n"},
	{"compose.yaml", "services:\n  a: {}\n  b:\n  c: &c\n    image: x:1\n    network_mode: host\n  d: *c\n"},
	{"compose.yaml", "services:\n  \"w\\u0065b\":\n    \"image\": >-\n      nginx\n    user: |\n      0\n    command: \"a\\\n      b\"\n    pid: host\n    ipc: host\n    userns_mode: host\n    uts: host\n"},
	{"compose.yaml", "services:\n  a:\n    logging: {}\n    deploy: {}\n    healthcheck: {}\n    build: {}\n  b:\n    logging: {options: {}}\n    deploy: {resources: {}, restart_policy: {}}\n  c:\n    logging: {driver: json-file, options: {max-size: 1g}}\n    deploy: {resources: {limits: {}}}\n  d:\n    logging:\n      options:\n    deploy: {restart_policy: {condition: any}}\n"},
	{"pod.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {}\n  containers:\n  - {name: a, image: b, securityContext: {}, resources: {}}\n  - name: c\n    securityContext: {capabilities: {}, seccompProfile: {}}\n    resources: {limits: {}}\n  - {}\n"},
	{"daemon.json", "{\"log-opts\": {}, \"default-ulimits\": {}, \"hosts\": [], \"insecure-registries\": []}"},
	{"pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  hostNetwork: true\n  containers:\n  - name: a\n    image: nginx:1.27\n    securityContext: {privileged: true, capabilities: {add: [NET_ADMIN]}}\n  - image: b:1 # second\n    name: b\n"},
	{"pod.yaml", "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      securityContext: &s\n        runAsUser: 0\n      containers:\n        - name: a\n          image: nginx\n          securityContext: *s\n          resources:\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: job\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          volumes:\n          - name: d\n            hostPath: {path: /var/run/docker.sock}\n          containers:\n          - {name: j, image: j:1, volumeMounts: [{name: d, mountPath: /d}]}\n...\n"},
	{"pod.json", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\n \"spec\":{\"containers\":[\n\t{\"name\":\"a\",\"image\":\"b\",\"securityContext\":{}}]}}"},
	{"Dockerfile", "# syntax=docker/dockerfile:1\nFROM debian:12 AS build\nRUN apt-get update && \\\n    apt-get install curl # tools\n\nFROM build\nADD a /b\nRUN curl http://example.com/a | sh\nUSER root\nCMD a b\n"},
	{"Dockerfile", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver\nRUN a `\n  b\n"},
	{"Dockerfile", "FROM alpine\nRUN <<EOF\napk add curl\npip install x\nEOF\nENV A b\nENV PASSWORD=hunter2hunter2 C=d\nWORKDIR a\nMAINTAINER me\nEXPOSE 22\nHEALTHCHECK NONE\nENTRYPOINT [\"sh\"]\nCMD a\nCMD b"},
	{"Dockerfile", "FROM node:16\nONBUILD RUN yum install -y a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN a | b && yum install a; \\\n# comment\n\n  dnf install b\nCOPY --chown=app . /srv\nVOLUME /etc\nRUN sudo apt install x && wget --no-check-certificate https://x\n"},
	{"daemon.json", "{\n  \"icc\": true,\n\t\"insecure-registries\": [\"a:5000\", \"b\"],\n  \"hosts\": [\"tcp://0.0.0.0:2375\"], \"debug\": false\n}\n"},
	{"Dockerfile", "FROM \nRUN <<0"}, // the document has no end, so what is added is part of it
	{"daemon.json", "{}"},
	{"daemon.json", "{\"log-driver\":\"json-file\",\"userland-proxy\":true,\"experimental\":true,\"iptables\":false,\"storage-driver\":\"aufs\"}"},
	{"run.sh", "#!/bin/sh\ndocker run --privileged -v /:/host --net=host \\\n  -p 80:80 -e PASSWORD=hunter2hunter2 nginx # web\ndocker  run  -u root --rm alpine sh\n"},
	{"run.sh", "x=1; docker run -dit \"--cap-add\" ALL --security-opt 'seccomp=unconfined' --pid host $IMAGE && podman run -P a\n"},
	{"Makefile", "run:\n\t@docker run --privileged \\\n\t\t-v /var/run/docker.sock:/s nginx\n"},
	{"ci.yaml", "jobs:\n  a:\n    steps:\n    - run: docker run --privileged nginx\n    - run: |\n        docker run -v /:/h \\\n          a:1\n    - run: >\n        docker run\n        --net host b\n    - run: \"docker run \\\n        --pid=host c\"\n"},
}

// FuzzFix fixes whatever it is given: it must come to an end without a crash,
// the result must be read no worse than before and stay as it is when fixed
// again, and what no edit touches must stay, byte for byte.
func FuzzFix(f *testing.F) {
	for _, s := range seeds {
		for i, name := range fuzzed {
			if name == s.name {
				f.Add(byte(i), s.text)
				f.Add(byte(i), strings.ReplaceAll(s.text, "\n", "\r\n"))
				f.Add(byte(i), strings.TrimRight(s.text, "\n"))
				f.Add(byte(i), "\ufeff"+s.text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, text string) {
		if len(text) > 8<<10 {
			return // size is what the hostile tests are about
		}
		name := fuzzed[int(kind)%len(fuzzed)]
		if _, err := fixAll(source.NewFile(name, []byte(text))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}
