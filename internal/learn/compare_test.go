package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
