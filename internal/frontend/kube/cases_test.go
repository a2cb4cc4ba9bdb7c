package kube

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

const cases = "../../../../shared/data/cases"

// lines calls f for every line of a file of cases.
func lines[T any](t *testing.T, name string, f func(T)) {
	t.Helper()
	file, err := os.Open(filepath.Join(cases, name))
	if err != nil {
		t.Skipf("the shared cases are not here: %v", err)
	}
	t.Cleanup(func() { _ = file.Close() })
	s := bufio.NewScanner(file)
	s.Buffer(nil, 8<<20)
	n := 0
	for s.Scan() {
		var c T
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		f(c)
		n++
	}
	if err := s.Err(); err != nil || n == 0 {
		t.Fatalf("read %d cases of %s, error %v", n, name, err)
	}
}

// TestCases reads every manifest of another tool's tests: every place is in
// the file and every edit leaves a file that can be read.
func TestCases(t *testing.T) {
	files, workloads, edits := 0, 0, 0
	lines(t, "kics-k8s.jsonl", func(c struct{ Src, Text string }) {
		f := source.NewFile(c.Src, []byte(c.Text))
		facts := Read(f)
		seen := map[string]bool{} // containers of a pod offer many edits of it
		for _, o := range facttest.Offers(t, facts) {
			key := fmt.Sprintf("%v", o.Edits)
			if edits++; !seen[key] && edits%3 == files%3 { // every kind of edit still comes up often
				seen[key] = true
				checkOffer(t, f, o, len(facts.Faults))
			}
		}
		files++
		workloads += len(facts.Workloads)
	})
	if workloads < files/2 || edits < workloads {
		t.Errorf("got %d workloads and %d edits of %d files, want more", workloads, edits, files)
	}
	t.Logf("%d files, %d workloads, %d edits", files, workloads, edits)
}

// checkOffer applies the edits of one fact: the file must be read with no more
// faults than before.
func checkOffer(t *testing.T, f *source.File, o facttest.Offer, faults int) {
	t.Helper()
	text, err := source.Apply(f, o.Edits)
	if err != nil {
		t.Fatal(err)
	}
	after := Read(source.NewFile(f.Name, text))
	if len(after.Faults) > faults || len(after.Notes) > 0 {
		t.Errorf("%s: %s leaves a file with faults %v:\n%s", f.Name, o.Name, after.Faults, text)
	}
}

// A fixture is one pod of the Pod Security Standards' own tests.
type fixture struct {
	Level, Expect, File string
	Object              json.RawMessage
}

// forbids says, for each check of the standards, whether a container has the
// fact it forbids.
var forbids = map[string]func(w *model.Workload) bool{
	"privileged": func(w *model.Workload) bool { return w.Privileged.Value },
	"hostnamespaces": func(w *model.Workload) bool {
		return w.PID.Value.Mode == "host" || w.IPC.Value.Mode == "host" || w.Network.Value.Mode == "host"
	},
	"hostpathvolumes": func(w *model.Workload) bool {
		for _, m := range w.Mounts {
			if m.Kind == model.BindMount {
				return true
			}
		}
		return false
	},
	"hostports": func(w *model.Workload) bool { return len(w.Ports) > 0 },
	"capabilities_baseline": func(w *model.Workload) bool {
		const allowed = " AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT "
		for _, c := range w.CapAdd.Items {
			if !strings.Contains(allowed, " "+c.Value+" ") {
				return true
			}
		}
		return false
	},
	"capabilities_restricted": func(w *model.Workload) bool {
		dropped := false
		for _, c := range w.CapDrop.Items {
			dropped = dropped || c.Value == "ALL"
		}
		for _, c := range w.CapAdd.Items {
			if c.Value != "NET_BIND_SERVICE" {
				return true
			}
		}
		return !dropped
	},
	"seccompprofile_baseline":   func(w *model.Workload) bool { return w.Seccomp.State == model.Set && w.Seccomp.Value == "unconfined" },
	"seccompprofile_restricted": func(w *model.Workload) bool { return w.Seccomp.Value == "unconfined" },
	"runasnonroot":              func(w *model.Workload) bool { return !w.NonRoot.Value },
	"runasuser":                 func(w *model.Workload) bool { return w.User.State == model.Set && w.User.Value.Root() },
	"allowprivilegeescalation":  func(w *model.Workload) bool { return !w.NoNewPrivileges.Value },
	"apparmorprofile":           func(w *model.Workload) bool { return w.AppArmor.Value == "unconfined" },
	"procmount": func(w *model.Workload) bool {
		return w.UnmaskedPaths.Value && w.UserNS.Value.Mode == "host"
	},
	"procmount_restricted": func(w *model.Workload) bool { return w.UnmaskedPaths.Value },
	"windowshostprocess":   func(w *model.Workload) bool { return w.HostProcess.Value },
	"sysctls": func(w *model.Workload) bool {
		for _, s := range w.Sysctls {
			if s.Name == "othersysctl" {
				return true
			}
		}
		return false
	},
	"selinuxoptions": func(w *model.Workload) bool {
		v := w.SELinux.Value
		return v != "default" && !regexp.MustCompile(`^(type:(container_t|container_init_t|container_kvm_t|container_engine_t)?,?|level:\S+,?)*$`).MatchString(v)
	},
}

// TestPodSecurity checks that pods the standards refuse show the fact they are
// refused for, and that pods they admit do not.
func TestPodSecurity(t *testing.T) {
	checked := map[string]int{}
	number := regexp.MustCompile(`\d*\.yaml$`)
	lines(t, "pod-security-v1.37.jsonl", func(c fixture) {
		f := source.NewFile(c.File, c.Object)
		facts := Read(f)
		facttest.Offers(t, facts)
		check := number.ReplaceAllString(c.File, "")
		forbidden, ok := forbids[check]
		switch {
		case !ok || stricter(c.File):
			return
		case check == "hostpathvolumes":
			facts = Read(mounted(t, c))
		}
		got := false
		for _, w := range facts.Workloads {
			got = got || forbidden(w)
		}
		if want := c.Expect == "fail"; got != want {
			t.Errorf("%s %s: got forbidden %t, want %t:\n%s", c.Level, c.File, got, want, c.Object)
		}
		checked[check]++
	})
	for check := range forbids {
		if checked[check] < 2 {
			t.Errorf("got %d fixtures of %s, want two or more", checked[check], check)
		}
	}
	t.Logf("%v", checked)
}

// stricter reports whether a fixture is refused for how something is written
// and not for what a container gets: "chown" and "CAP_CHOWN" are the capability
// CHOWN to every runtime, and a container's empty seLinuxOptions take the place
// of the pod's.
func stricter(file string) bool {
	switch file {
	case "capabilities_baseline2.yaml", "capabilities_baseline3.yaml",
		"selinuxoptions0.yaml", "selinuxoptions3.yaml", "selinuxoptions4.yaml":
		return true
	}
	return false
}

// mounted returns a fixture with all its volumes mounted: one that no container
// mounts gives nobody anything.
func mounted(t *testing.T, c fixture) *source.File {
	t.Helper()
	var mounts []string
	for _, m := range regexp.MustCompile(`"name":"(volume-[^"]+)"`).FindAllSubmatch(c.Object, -1) {
		mounts = append(mounts, `{"name":"`+string(m[1])+`","mountPath":"/`+string(m[1])+`"}`)
	}
	if len(mounts) == 0 {
		t.Fatalf("%s has no volumes", c.File)
	}
	with := strings.Replace(string(c.Object), `"name":"container1"`, `"name":"container1","volumeMounts":[`+strings.Join(mounts, ",")+`]`, 1)
	return source.NewFile(c.File, []byte(with))
}
