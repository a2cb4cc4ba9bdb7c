package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/source"
)

// TestCompare says what an image needs that the one before did not.
func TestCompare(t *testing.T) {
	table := newTable()
	before := &Learned{
		Image: "web:1", Profile: table.profile([]string{"socket"}, nil, false), Capabilities: []string{"CHOWN"},
		Writable: []Place{{Path: "/run"}}, Executed: []string{"/web"}, Listening: []Listener{{"tcp", 80}},
	}
	after := &Learned{
		Image: "web:2", Calls: []string{"read", "socket", "splice"}, Capabilities: []string{"SETUID"},
		Writable: []Place{{Path: "/run/web"}, {Path: "/srv"}}, Executed: []string{"/bin/sh", "/web"}, Listening: []Listener{{"tcp", 80}, {"udp", 80}},
		Peers: []string{"10.0.0.1:443"},
	}
	got := Compare(before, after)
	want := &Comparison{
		Before: "web:1", After: "web:2", Refused: []string{"splice"}, Capabilities: []string{"SETUID"}, Unused: []string{"CHOWN"},
		Writable: []string{"/srv"}, Executed: []string{"/bin/sh"}, Listening: []string{"80/udp"}, Peers: []string{"10.0.0.1:443"},
	}
	if diff := cmp.Diff(got, want); diff != "" || !got.New() {
		t.Errorf("new %t; got - want +:\n%s", got.New(), diff)
	}
	same := Compare(before, &Learned{Image: "web:2", Calls: []string{"read"}, Writable: []Place{{Path: "/run"}}, Executed: []string{"/web"}})
	if text := same.Text(); same.New() || !strings.Contains(text, "nothing new in web:2 against web:1") {
		t.Errorf("got %q, want nothing new", text)
	}
}

// TestReadLearned refuses what learn has not saved.
func TestReadLearned(t *testing.T) {
	r := &Learned{Version: formatVersion, Name: "web", Profile: newTable().profile(nil, nil, false)}
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadLearned(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, r); diff != "" {
		t.Errorf("got - want +:\n%s", diff)
	}
	for _, text := range []string{"", "[]", "{}", `{"version": 2, "profile": {}}`} {
		if _, err := ReadLearned([]byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

// FuzzReadLearned does with what somebody may have edited all that is done with
// what was saved.
func FuzzReadLearned(f *testing.F) {
	r := &Learned{
		Version: formatVersion, Name: "web", Verified: true, Measures: Measures{true, true, true, true, false}, Capabilities: []string{"CHOWN"},
		Profile: newTable().profile([]string{"socket"}, nil, false), Writable: []Place{{Path: "/run", Files: []string{"/run/pid"}}},
		Granted: Granted{Ports: []string{"80/tcp"}}, Executed: []string{"/web"}, NewCalls: []int{1, 0},
	}
	text, err := r.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"verified":true,"profile":{},"writable":[{"path":"\n\"{"}],"granted":{"ports":["/",""]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ReadLearned(text)
		if err != nil {
			return
		}
		if Compare(r, r).New() && r.Failure == "" && len(without(r.Calls, r.Profile.Allowed())) == 0 {
			t.Errorf("got something new against itself: %s", Compare(r, r).Text())
		}
		r.Gap = r.gap()
		_ = r.Text()
		for line := range strings.Lines(string(r.AppArmor(r.Name))) {
			if strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' }) >= 0 {
				t.Errorf("got the line %q, want no control characters in it", line)
			}
		}
		file := source.NewFile("compose.yaml", []byte("services:\n  web:\n    image: web\n"))
		if p, err := r.Patch(file, "web", "./web.json"); err == nil {
			if _, err := workload(p.After, "web"); err != nil {
				t.Errorf("got a file without the service: %v\n%s", err, p.After.Text)
			}
		}
	})
}
