package learn

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestCalls holds the numbers in the table against those of golang.org/x/sys/unix.
func TestCalls(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	for column, arch := range map[int]string{1: "amd64", 2: "arm64"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^\tSYS_(\w+)\s+= (\d+)`).FindAllStringSubmatch(string(text), -1) {
			want[strings.ToLower(m[1])] = m[2]
		}
		delete(want, "arch_specific_syscall") // the first of a range, not a call
		if n, ok := want["fstatat"]; ok {     // which seccomp knows by the name it has elsewhere
			want["newfstatat"] = n
			delete(want, "fstatat")
		}
		got := map[string]string{}
		for line := range strings.Lines(callsText) {
			if f := strings.Fields(line); f[column] != "-" {
				got[f[0]] = f[column]
			}
		}
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s: %s: got %q, want %s", arch, name, got[name], n)
			}
			delete(got, name)
		}
		if len(got) > 0 {
			t.Errorf("%s: got %v beside what there is", arch, got)
		}
	}
}

// TestLists: every call that is named somewhere is one.
func TestLists(t *testing.T) {
	table := newTable()
	for _, name := range slices.Concat(floor, runtimeBase, dangerous, slices.Concat(families...)) {
		if table.byName[name] == nil {
			t.Errorf("%s is no system call", name)
		}
	}
	if got := len(table.byDefault(defaults)); got < 300 || got > 350 {
		t.Errorf("Docker's default profile: got %d calls, want about 309", got)
	}
}

// action returns what a profile does with a call.
func action(p *Profile, name string) string {
	for _, r := range p.Rules {
		if slices.Contains(r.Names, name) {
			return r.Action + " " + strconv.Itoa(r.Errno)
		}
	}
	return p.DefaultAction + " " + strconv.Itoa(p.DefaultErrno)
}

// TestProfile: what was seen and what it is swapped for is allowed, older calls are
// refused, and those that libraries try first are not there.
func TestProfile(t *testing.T) {
	p := newTable().profile([]string{"open", "socket", "personality"}, []string{"CHOWN"}, false)
	for name, want := range map[string]string{
		"open": "SCMP_ACT_ALLOW 0", "openat": "SCMP_ACT_ALLOW 0", "creat": "SCMP_ACT_ERRNO 1", "openat2": "SCMP_ACT_ERRNO 38",
		"ptrace": "SCMP_ACT_ERRNO 1", "mount": "SCMP_ACT_ERRNO 1", "clone3": "SCMP_ACT_ERRNO 38", "io_uring_setup": "SCMP_ACT_ERRNO 38",
		"of_next_year": "SCMP_ACT_ERRNO 38", "socket": "SCMP_ACT_ALLOW 0", "clone": "SCMP_ACT_ALLOW 0",
	} {
		if got := action(p, name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for _, r := range p.Rules {
		if len(r.Args) == 0 && r.Action == allow && (slices.Contains(r.Names, "clone") || slices.Contains(r.Names, "socket") || slices.Contains(r.Names, "personality")) {
			t.Errorf("%v: got any arguments, want those that Docker's default profile allows", r.Names)
		}
	}
	if missing := p.Missing(); len(missing) > 0 {
		t.Errorf("got %v missing for a start, want none", missing)
	}
	p.Rules[0].Names = slices.DeleteFunc(p.Rules[0].Names, func(n string) bool { return n == "execve" || n == "futex" })
	if got := strings.Join(p.Missing(), " "); got != "execve futex" {
		t.Errorf("missing: got %q, want execve futex", got)
	}
}

// TestProfileNever: nothing that Docker's default profile refuses is allowed unless
// it was seen.
func TestProfileNever(t *testing.T) {
	table := newTable()
	var all []string
	for _, f := range families {
		all = append(all, f...)
	}
	for _, name := range table.profile(all, nil, false).Allowed() {
		if !table.permitted(name, nil) {
			t.Errorf("%s is allowed, and nobody has seen it", name)
		}
	}
	if got := action(table.profile([]string{"mount"}, []string{"SYS_ADMIN"}, false), "mount"); got != "SCMP_ACT_ALLOW 0" {
		t.Errorf("mount that was seen: got %s, want it allowed", got)
	}
}
