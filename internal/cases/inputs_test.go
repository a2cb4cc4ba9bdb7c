package cases

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A hostileInput is a project that is meant to do harm.
type hostileInput struct {
	name string
	make func(t *testing.T, dir string)
	says string // what a check says of it; empty where any finding or note will do
}

// file returns what writes one file.
func file(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { write(t, dir, name, text) }
}

// files returns what writes several files, given as names and texts in turn.
func tree(names ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for i := 0; i < len(names); i += 2 {
			write(t, dir, names[i], names[i+1])
		}
	}
}

const (
	deep = 100_000
	mega = 1 << 20
)

var rep = strings.Repeat

// laughs is a YAML bomb: each level names the one before ten times.
func laughs(first, open, end string) string {
	return "x-0: &a0 " + first + "\n" + numbered(30, func(i int) string {
		ref := fmt.Sprintf("*a%d,", i)
		return fmt.Sprintf("x-%d: &a%d %s%s%s\n", i+1, i+1, open, strings.TrimSuffix(rep(ref, 10), ","), end)
	})
}

// hostile returns the projects. Sizes stay below what is read at all, 8 MB,
// unless size is what they are about. The process that is Bulkhead does not
// call it: what it returns would count as memory of that process.
func hostile() []hostileInput {
	return []hostileInput{
		{name: "bomb of sequences", make: file("compose.yaml", laughs("[x]", "[", "]")+"services:\n  a:\n    image: a\n    command: *a30\n    cap_add: *a30\n    volumes: *a30\n    ports: *a30\n    environment: *a30\n")},
		{name: "bomb of merges", make: file("compose.yaml", laughs("{image: a}", "{<<: [", "]}")+"services:\n  a:\n    <<: *a30\n")},
		{name: "bomb of values", make: file("compose.yaml", laughs("{k: v}", "{a: [", "]}")+"services: *a30\nnetworks: *a30\nvolumes: {a: *a30}\n")},
		{name: "bomb in a manifest", make: file("pod.yaml", laughs("{name: a, image: b}", "[", "]")+"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: *a30\n  volumes: *a30\n")},
		{name: "bomb in a pipeline", make: file("ci.yaml", laughs("docker run a", "[", "]")+"run: *a30\n")},
		{name: "services of one anchor", make: file("compose.yaml", "x-a: &a {image: a, environment: ["+rep("A,", 1000)+"A]}\nservices:\n"+numbered(5000, func(i int) string { return fmt.Sprintf("  s%d: *a\n", i) }))},
		{name: "alias to itself", make: file("compose.yaml", "services: &s\n  a: *s\n  b: &b\n    <<: *b\n    image: c\n"), says: "compose.yaml"},
		{name: "nested brackets", make: tree("compose.yaml", "services: "+rep("[", deep), "pod.yaml", "apiVersion: v1\nkind: Pod\nspec: "+rep("[", deep)+rep("]", deep), "ci.yaml", "docker: "+rep("[", deep)), says: "syntax"},
		{name: "nested braces", make: tree("compose.yaml", "services: "+rep("{a: ", deep)+rep("}", deep), "pod.yaml", "apiVersion: v1\nkind: Pod\nspec: "+rep("{a: ", deep)), says: "syntax"},
		{name: "nested dashes", make: tree("compose.yaml", "services:\n  "+rep("- ", deep), "pod.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  "+rep("? ", deep)), says: "syntax"},
		{name: "nested indents", make: file("compose.yaml", "services:\n"+numbered(3000, func(i int) string { return rep(" ", i+1) + "a:\n" }))},
		{name: "nested JSON", make: tree("daemon.json", `{"icc":`+rep("[", deep)+rep("]", deep)+"}", "container.json", `[{"HostConfig":`+rep(`{"a":`, deep)+"1"+rep("}", deep)+"}]", "image.json", `[{"RootFS":`+rep("[", deep)+`,"Config":1}]`, "pod.json", `{"apiVersion":"v1","kind":"Pod","spec":`+rep("[", deep))},
		{name: "100 MB", make: sparse("compose.yaml", "Dockerfile", "pod.yaml", "daemon.json", "run.sh", "x.json"), says: "larger than"},
		{name: "8 MB of one value", make: file("compose.yaml", "services:\n  a:\n    image: a\n    command: "+rep("x", 8*mega-100)+"\n")},
		{name: "8 MB of keys", make: file("compose.yaml", "services:\n  a:\n    image: a\n    labels:\n"+numbered(350_000, func(i int) string { return fmt.Sprintf("      k%d: v%d\n", i, i) }))},
		{name: "8 MB of brackets", make: file("compose.yaml", "services: ["+rep("[],", 2_700_000)+"]\n")},
		{name: "8 MB of documents", make: file("pod.yaml", "apiVersion: v1\nkind: Pod\n"+rep("---\na\n", 1_300_000))},
		{name: "8 MB of JSON", make: file("container.json", `[{"HostConfig":{}}`+rep(`,{"HostConfig":{}}`, 450_000)+"]")},
		{name: "NUL bytes", make: tree("compose.yaml", "services:\n  a:\n    image: \x00\n", "Dockerfile", "FROM a\x00b\nRUN \x00\n", "daemon.json", "{\"icc\": \x00}", "run.sh", "docker run \x00 a\n", "pod.yaml", rep("\x00", mega)), says: "syntax"},
		{name: "UTF-16", make: tree("compose.yaml", utf16("services:\n  a:\n    image: b\n    privileged: true\n", 0), "be/compose.yaml", utf16("services: {a: {image: b}}\n", 1), "Dockerfile", utf16("FROM a\nUSER root\n", 0), "daemon.json", utf16("{}", 0)), says: "compose.yaml"},
		{name: "not UTF-8", make: tree("compose.yaml", "services:\n  caf\xe9:\n    image: \xff\xfe\n    privileged: true\n", "Dockerfile", "FROM caf\xe9\nENV A=\x80\x81\nLABEL a=\x9b31m\n", "run.sh", "docker run --name \xe9 a\n", "daemon.json", "{\"log-driver\": \"\xe9\"}"), says: "syntax"},
		{name: "links", make: links},
		{name: "a pipe, a socket and a device", make: specials, says: "compose.yaml"},
		{name: "references to devices", make: file("compose.yaml", "include: [/dev/zero, /proc/self/mem, compose.yaml, ., /]\nservices:\n  a:\n    build: {context: /, dockerfile: /dev/zero}\n    env_file: [/dev/zero, /proc/self/mem, /dev/stdin, /proc/kmsg]\n  b:\n    build: /dev/zero\n    extends: {file: /dev/zero, service: a}\n  c:\n    extends: {file: /proc/self/mem, service: a}\n  d:\n    build: {context: ., dockerfile: /dev/random}\n")},
		{name: "cycles of extends and include", make: cycles, says: "compose.yaml"},
		{name: "deep extends and include", make: chains},
		{name: "wide includes", make: func(t *testing.T, dir string) {
			for i := range 40 {
				write(t, dir, fmt.Sprintf("a%d.yaml", i), fmt.Sprintf("include: [a%d.yaml, a%d.yaml]\nservices: {s%d: {image: a}}\n", i+1, i+2, i))
			}
			write(t, dir, "compose.yaml", "include: [a0.yaml]\n")
		}},
		{name: "names of files", make: func(t *testing.T, dir string) {
			for _, name := range []string{"a\x1b[31m\n\u202eb\x9b", "\r\n::error::x", "-rf", "$(id)", "\xff\xfe"} {
				write(t, dir, name+"/compose.yaml", "services: {a: {image: a, privileged: true, env_file: [\"\\e[31m\"]}}\n")
				write(t, dir, "Dockerfile."+name, "FROM a\nUSER root\n")
			}
		}, says: `\x1b`},
		{name: "names and values", make: tree(
			"compose.yaml", "services:\n  \"w\\x1b]0;x\\x07\\u202e\\u2066\":\n    image: \"a\\x1b[2J/b:1\"\n    privileged: true\n    user: \"\\x1b[31m\"\n    pid: \"\\e[31m\"\n    ports: [\"\\u202e80\", \"\\x1b:\\x1b\"]\n    volumes: [\"/\\x1b:/a\", \"/etc/\\u202e:/b\"]\n    environment: {\"A\\e\": \"\\e\", \"PASS\\eWORD\": \"hunter2\\e\"}\n    cap_add: [\"SYS_ADMIN\", \"\\e[0m\"]\n    security_opt: [\"\\e\"]\n    restart: \"\\e\"\n    networks: [\"n\\e\"]\n    sysctls: {\"kernel.\\e\": 1}\n    devices: [\"/dev/\\e\"]\n    depends_on: [\"\\e\"]\n    \"k\\e\": 1\nnetworks: {\"n\\e\": {driver: \"\\e\"}}\n",
			"pod.yaml", "apiVersion: v1\nkind: \"Pod\\e\"\nmetadata: {name: \"a\\e\\u202e\"}\nspec: {containers: [{name: \"\\e\", image: \"\\e\", securityContext: {privileged: true, capabilities: {add: [\"\\e\"]}}}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e\\u202e\"}\nspec: {hostPID: true, containers: [{name: \"\\e\", image: \"\\e\", securityContext: {privileged: true, capabilities: {add: [\"\\e\"]}}}]}\n",
			"Dockerfile", "FROM a\x1b[31m AS b\u202e\nUSER \x1b\nENV \x1b=\x1b PASSWORD\x1b=\x1bhunter2x\nEXPOSE \x1b\nCMD \x1b\n\x1b\x1b\nCOPY --from=\x1b a b\nRUN apt-get install \x1b \u202e && curl \x1b | sh\nLABEL a=\x9b\nWORKDIR \x1b\n# bulkhead:ignore \x1b -- \x1b\nHEALTHCHECK NONE\n",
			"daemon.json", "{\"log-driver\": \"\\u001b\", \"\\u001b\": 1, \"insecure-registries\": [\"\\u001b\"], \"hosts\": [\"tcp://\\u001b\"]}",
			"container.json", "[{\"Name\": \"/\\u001b\\u202e\", \"Config\": {\"Image\": \"\\u001b\", \"User\": \"\\u001b\", \"Env\": [\"\\u001bPASSWORD=\\u001b\"]}, \"HostConfig\": {\"Privileged\": true, \"NetworkMode\": \"\\u001b\", \"Binds\": [\"/\\u001b:/\\u001b\"]}}]",
			"run.sh", "docker run --privileged --name $'\\e' --user '\x1b' -v '/\x1b:/a' '\x1b'\n",
		), says: `\x1b`},
		{name: "one line", make: tree("compose.yaml", "services: {"+numbered(20_000, func(i int) string { return fmt.Sprintf("s%d: {image: a, privileged: true}, ", i) })+"}\n", "Dockerfile", "FROM a\nRUN "+rep("a && ", mega/5)+"b\n", "run.sh", "docker run "+rep("-e A=b ", mega/7)+"a\n", "daemon.json", "{\"hosts\": ["+rep("\"tcp://0.0.0.0:1\", ", 50_000)+"\"\"]}")},
		{name: "50,000 services", make: file("compose.yaml", "services:\n"+numbered(50_000, func(i int) string { return fmt.Sprintf("  s%d:\n    image: a:%d\n    privileged: true\n", i, i) }))},
		{name: "services and ports", make: file("compose.yaml", "services:\n"+numbered(300, func(i int) string {
			return fmt.Sprintf("  s%d:\n    image: postgres:%d\n    networks: [a, b]\n    ports: [%s]\n    volumes: [%s]\n", i, i, rep("\"80:80\",", 300), rep("/etc:/etc,", 300))
		})+"networks: {a: , b: }\n")},
		{name: "joined services", make: file("compose.yaml", "services:\n"+numbered(20_000, func(i int) string { return fmt.Sprintf("  s%d: {image: a, network_mode: \"service:s%d\"}\n", i, i+1) }))},
		{name: "services built alike", make: func(t *testing.T, dir string) {
			write(t, dir, "Dockerfile", "FROM a\n"+rep("RUN apt-get install b\n", 1000))
			write(t, dir, "compose.yaml", "services:\n"+numbered(1000, func(i int) string { return fmt.Sprintf("  s%d: {build: {context: ., args: {A: %d}}}\n", i, i) }))
		}},
		{name: "10,000 pods behind services", make: file("pod.yaml", numbered(5000, func(i int) string {
			return fmt.Sprintf("---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%d, labels: {a: b}}\nspec: {containers: [{name: c, image: d}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {type: NodePort, selector: {a: b}, ports: [{port: 80}]}\n", i, i)
		}))},
		{name: "100,000 instructions", make: file("Dockerfile", "FROM a\n"+rep("RUN apt-get update\n", deep))},
		{name: "10,000 stages", make: file("Dockerfile", numbered(10_000, func(i int) string { return fmt.Sprintf("FROM a AS a%d\nENV A%d=b\nCOPY --from=a0 a b\n", i, i) }))},
		{name: "bomb of arguments", make: tree("Dockerfile", "ARG A0=xxxxxxxx\n"+numbered(1000, func(i int) string { return fmt.Sprintf("ARG A%d=${A%d}${A%d}\n", i+1, i, i) })+"FROM $A999\nENV B=$A999\n", "compose.yaml", "services:\n  a:\n    image: "+rep("${A:-", deep)+rep("}", deep)+"\n    build: {context: ., args: {A0: \""+rep("x", mega)+"\"}}\n", ".env", "A0=xxxxxxxx\n"+numbered(1000, func(i int) string { return fmt.Sprintf("A%d=${A%d}${A%d}\n", i+1, i, i) }))},
		{name: "duplicate keys", make: tree("daemon.json", "{"+rep("\"icc\": true, ", deep)+"\"icc\": false}", "container.json", "[{"+rep("\"HostConfig\": {\"Privileged\": true}, ", 10_000)+"\"Name\": \"a\"}]", "compose.yaml", "services:\n"+rep("  a: {image: b}\n", 10_000), "pod.yaml", "apiVersion: v1\nkind: Pod\n"+rep("spec: {}\n", 10_000))},
		{name: "huge numbers", make: tree("compose.yaml", "services:\n  a:\n    image: b\n    mem_limit: "+rep("9", 10_000)+"\n    cpus: 1e999999999\n    pids_limit: -9223372036854775809\n    ports: [\"99999999999999999999:1-9223372036854775807\", {target: 1e99, published: \"1-65535\"}, \"1-65535:1-65535\"]\n    user: \"99999999999999999999:-1\"\n    ulimits: {nofile: 1e400}\n    shm_size: 0x"+rep("f", 1000)+"\n", "daemon.json", "{\"icc\": 1e999999999, \"mtu\": "+rep("9", mega)+"}", "container.json", "[{\"HostConfig\": {\"Memory\": 1e400, \"PidsLimit\": 99999999999999999999, \"NanoCpus\": -1e308}}]", "pod.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n    ports: [{hostPort: 1e999}]\n    securityContext: {runAsUser: 99999999999999999999}\n    resources: {limits: {cpu: 1e999999999, memory: "+rep("9", 10_000)+"Ei}}\n", "Dockerfile", "FROM a\nEXPOSE 99999999999999999999 1-99999999999\nUSER 99999999999999999999\nHEALTHCHECK --retries=99999999999999999999 --interval=1e9h CMD a\n", "run.sh", "docker run --memory 99999999999999999999g --cpus 1e308 -p 1-65535:1-65535 -u 99999999999999999999 a\n")},
		{name: "wrong types", make: tree("container.json", wrong("Id", "Name", "State", "Config", "HostConfig", "Mounts", "NetworkSettings", "Kernel", "Created"), "inner.json", "[{\"HostConfig\": "+wrong("Privileged", "Binds", "CapAdd", "PortBindings", "Ulimits", "Memory", "LogConfig", "RestartPolicy", "SecurityOpt", "Tmpfs", "Devices", "Sysctls", "Mounts")+", \"Config\": "+wrong("User", "Env", "Cmd", "Labels", "ExposedPorts", "Healthcheck", "Volumes")+"}]", "image.json", wrong("RootFS", "Config", "RepoTags", "History", "Id"), "info.json", wrong("ServerVersion", "DockerRootDir", "SecurityOptions", "RegistryConfig", "LoggingDriver"), "daemon.json", wrong("icc", "hosts", "log-opts", "default-ulimits", "insecure-registries", "storage-driver"), "null.json", "[null, 1, \"HostConfig\", [], {\"HostConfig\": null}]", "pod.json", wrong("apiVersion", "kind", "spec", "metadata"))},
		{name: "wrong types in YAML", make: tree("compose.yaml", "services:\n"+numbered(6, func(i int) string {
			v := []string{"1", "[]", "{}", "~", "[[1]]", "{a: {b: c}}"}[i]
			return fmt.Sprintf("  s%d:\n", i) + numbered(len(composeKeys), func(k int) string { return "    " + composeKeys[k] + ": " + v + "\n" })
		}), "pod.yaml", numbered(6, func(i int) string {
			v := []string{"1", "[]", "{}", "~", "[[1]]", "{a: {b: c}}"}[i]
			return "---\napiVersion: v1\nkind: Pod\nmetadata: " + v + "\nspec:\n  containers:\n  - " + v + "\n  - name: " + v + "\n    image: " + v + "\n    securityContext: " + v + "\n    ports: " + v + "\n    resources: " + v + "\n    env: " + v + "\n    volumeMounts: " + v + "\n  volumes: " + v + "\n  securityContext: " + v + "\n"
		}))},
		{name: "ignore files", make: tree("Dockerfile", "FROM a\nCOPY . /a\nCOPY "+rep("a/", 1000)+"b .env id_rsa /c/\n", ".dockerignore", rep("**/*?[a-z]", 2000)+"\n"+rep("!**/a\n", 20_000), "compose.yaml", "services: {a: {build: .}}\n")},
		{name: "configuration bomb", make: tree(".bulkhead.yaml", laughs("[x]", "[", "]")+"rules: *a30\n", "Dockerfile", "FROM a\n"), says: "bulkhead: "},
		{name: "configuration of 100 MB", make: sparse(".bulkhead.yaml", "Dockerfile"), says: "bulkhead: "},
		{name: "configuration with escapes", make: tree(".bulkhead.yaml", "rules:\n  \"a\\e[31m\": \"\\e\"\n\"\\e\": 1\nsuppress: [{rule: \"\\e\", reason: \"\\u202e\"}]\n", "Dockerfile", "FROM a\n"), says: "bulkhead: "},
		{name: "configuration that is nested", make: tree(".bulkhead.yaml", "rules: "+rep("[", deep), "Dockerfile", "FROM a\n"), says: "bulkhead: "},
		{name: "suppressions", make: file("Dockerfile", "FROM a\n"+rep("# bulkhead:ignore privileged until=9999-99-99 -- x\nRUN a # hadolint ignore=DL3008,"+rep("DL3009,", 100)+"\n", 5000))},
		{name: "shell", make: tree("run.sh", "docker run a\n"+rep("$(", deep), "b.sh", "docker run "+rep("`", deep), "c.sh", "docker run a <<E\n"+rep("{", deep), "d.sh", "docker run "+rep("((", deep), "Makefile", "A=$(A)\nB=$(A)$(A)\n"+numbered(1000, func(i int) string { return fmt.Sprintf("B%d=$(B%d)$(B%d)\n", i+1, i, i) })+"x:\n\tdocker run $(B1000) $(A) a\n", "Dockerfile", "FROM a\nRUN "+rep("(", deep)+"\nRUN "+rep("$(", 10_000)+"\n")},
	}
}

var composeKeys = []string{"image", "build", "command", "environment", "env_file", "ports", "volumes", "networks", "cap_add", "cap_drop", "security_opt", "privileged", "read_only", "user", "deploy", "healthcheck", "logging", "ulimits", "sysctls", "tmpfs", "devices", "secrets", "configs", "extends", "restart", "mem_limit", "cpus", "pids_limit", "labels", "expose", "links", "depends_on", "profiles", "pid", "ipc", "network_mode", "userns_mode", "group_add", "extra_hosts"}

// wrong returns a JSON array of objects in which keys have values of every
// type.
func wrong(keys ...string) string {
	var objects []string
	for _, v := range []string{"1", `"a"`, "[]", "{}", "null", "true", "[[1]]", `{"a":{"b":[null]}}`, `[{"a":1}]`, `["a",1,null]`} {
		var pairs []string
		for _, k := range keys {
			pairs = append(pairs, strconv.Quote(k)+":"+v)
		}
		objects = append(objects, "{"+strings.Join(pairs, ",")+"}")
	}
	return "[" + strings.Join(objects, ",\n") + "]"
}

// sparse returns what makes files of 100 MB that take no space.
func sparse(names ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for _, name := range names {
			write(t, dir, name, "services:\n")
			if err := os.Truncate(filepath.Join(dir, name), 100<<20); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// links makes links that lead to themselves, in circles and out of the tree.
func links(t *testing.T, dir string) {
	write(t, dir, "a/compose.yaml", "include: [loop/compose.yaml, self.yaml]\nservices:\n  a: {build: loop/loop/loop, env_file: self.yaml, volumes: [./self.yaml:/a, ./loop:/b]}\n  b: {build: {context: ., dockerfile: zero}}\n")
	for name, to := range map[string]string{
		"a/loop": "..", "a/a": "a", "a/b": "c", "a/c": "b", "a/self.yaml": "self.yaml", "a/zero": "/dev/zero",
		"Dockerfile": "Dockerfile", "root": "/", "a/Dockerfile": "/dev/zero", "daemon.json": "/proc/self/mem",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// specials makes files that are none, under names of artifacts, and a Compose
// file that refers to them.
func specials(t *testing.T, dir string) {
	write(t, dir, "compose.yaml", "include: [pipe.yaml]\nservices:\n  a: {build: {context: ., dockerfile: Dockerfile}, env_file: [pipe.yaml, socket.yaml]}\n  b: {build: pipe, extends: {file: pipe.yaml, service: a}}\n")
	for _, name := range []string{"pipe.yaml", "Dockerfile", ".env", ".dockerignore", "pipe/Dockerfile", "pipe/.dockerignore", "daemon.json", "run.sh"} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := filepath.Join(dir, "socket.yaml")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Logf("no socket: %v", err) // its path may be too long
	} else {
		t.Cleanup(func() { _ = l.Close() }) // its file may be gone
	}
	if err := syscall.Mknod(filepath.Join(dir, "zero.yaml"), syscall.S_IFCHR|0o644, 1<<8|5); err != nil {
		if !errors.Is(err, syscall.EPERM) {
			t.Fatal(err)
		}
		t.Logf("no device: %v", err)
	}
}

// cycles makes Compose files that extend and include themselves and each other.
func cycles(t *testing.T, dir string) {
	write(t, dir, "compose.yaml", "include: [compose.yaml, a.yaml, ./././compose.yaml]\nservices:\n  a: {extends: a}\n  b: {extends: {service: c}}\n  c: {extends: {service: b}}\n  d: {extends: {file: a.yaml, service: e}}\n  f: {image: a}\n")
	write(t, dir, "a.yaml", "include: [compose.yaml]\nservices:\n  e: {extends: {file: compose.yaml, service: d}}\n")
}

// chains makes long chains of files that extend and include one another.
func chains(t *testing.T, dir string) {
	for i := range 100 {
		write(t, dir, fmt.Sprintf("a%d.yaml", i), fmt.Sprintf("include: [a%d.yaml]\nservices:\n  s: {extends: {file: a%d.yaml, service: s}}\n", i+1, i+1))
	}
	write(t, dir, "compose.yaml", "include: [a0.yaml]\nservices:\n  t: {extends: {file: a0.yaml, service: s}}\n"+numbered(5000, func(i int) string { return fmt.Sprintf("  t%d: {extends: t%d}\n", i, i+1) }))
}
