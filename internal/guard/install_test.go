package guard

import (
	"bytes"
	"strings"
	"testing"
)

func TestEnable(t *testing.T) {
	for _, tt := range []struct{ before, after string }{
		{"", "{\n  \"authorization-plugins\": [\"bulkhead\"]\n}\n"},
		{`{"icc": false}`, `{"icc": false, "authorization-plugins": ["bulkhead"]}`},
		{"{\n\t\"icc\": false,\n\t\"authorization-plugins\": [\"other\"]\n}", "{\n\t\"icc\": false,\n\t\"authorization-plugins\": [\"other\", \"bulkhead\"]\n}"},
		{`{"authorization-plugins":["bulkhead"]}`, `{"authorization-plugins":["bulkhead"]}`},
	} {
		got, err := Enable([]byte(tt.before))
		if err != nil || string(got) != tt.after {
			t.Errorf("enable %q: got %q, %v, want %q", tt.before, got, err, tt.after)
			continue
		}
		if !Enabled(got) {
			t.Errorf("enable %q: the guard is not in it", tt.before)
		}
		gone, err := Disable(got)
		if err != nil || Enabled(gone) {
			t.Errorf("disable %q: got %q, %v", got, gone, err)
		}
		if again, err := Enable(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("enable %q twice: got %q, %v", tt.before, again, err)
		}
	}
	for _, text := range []string{"[]", "{", `{"authorization-plugins": "x"}`, `{"authorization-plugins": [1]}`} {
		if got, err := Enable([]byte(text)); err == nil {
			t.Errorf("enable %q: got %q, want an error", text, got)
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]string{
		ServiceUnit("/usr/bin/bulkhead"):                     "\nExecStart=/usr/bin/bulkhead guard serve\n",
		ServiceUnit("/usr/bin/bulkhead", "--state", "/data"): "\nExecStart=/usr/bin/bulkhead guard serve --state /data\n",
		SocketUnit("/run/docker/plugins/bulkhead.sock"):      "\nListenStream=/run/docker/plugins/bulkhead.sock\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s\nwant a line %s", text, want)
		}
	}
}
