package vuln

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestUpdateFromFolder needs no network.
func TestUpdateFromFolder(t *testing.T) {
	source, dir := t.TempDir(), t.TempDir()
	write := func(name string, content []byte, age time.Duration) {
		t.Helper()
		path := filepath.Join(source, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, day.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	write("npm/all.zip", export(t, "A-1"), time.Hour)
	write("ecosystems.txt", []byte("npm\nGIT\nLinux\nAlpine:v3.19\nGitHub Actions\n../x\n\n"), time.Hour)
	write("kev.json", []byte(`{"dateReleased": "2026-11-20T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-2024-1"}]}`), time.Hour)
	write("epss.csv", []byte("#model_version:x,score_date:2026-11-19T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.5,0.9\n"), time.Hour)
	r := request("file://"+source, dir)
	r.All, r.Ecosystems = true, nil
	r.KEV, r.EPSS = "file://"+source+"/kev.json", "file://"+source+"/epss.csv"
	for _, want := range []string{"npm true KEV true EPSS true", "npm false KEV false EPSS false"} {
		if changes, got := updated(t, r); changes != want || !slices.Equal(got, []string{"A-1"}) {
			t.Errorf("got %q with %q, want %q with A-1", changes, got, want)
		}
	}
	if info := open(t, r.Out).Info(); info.KEVDate != "2026-11-20" || info.EPSSDate != "2026-11-19" {
		t.Errorf("got KEV of %q and EPSS of %q, want 2026-11-20 and 2026-11-19", info.KEVDate, info.EPSSDate)
	}
	write("npm/all.zip", export(t, "A-22"), time.Minute)
	if changes, got := updated(t, r); changes != "npm true KEV false EPSS false" || !slices.Equal(got, []string{"A-22"}) {
		t.Errorf("got %q with %q, want npm true with A-22", changes, got)
	}
}

func TestUpdateAlone(t *testing.T) {
	m, dir := newMirror(t), t.TempDir()
	m.put(`"1"`, export(t, "A-1"))
	r := request(m.URL, dir)
	if err := os.MkdirAll(r.Folder, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := lock(filepath.Join(r.Folder, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Update(t.Context(), r); err == nil {
		t.Error("two updates at once: got no error, want one")
	}
	unlock()
	updated(t, r)
}
