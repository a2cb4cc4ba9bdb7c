package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestVersion(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Main(t.Context(), []string{"version"}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Errorf("exit code %d, want 0: %s", code, errs.String())
	}
	if !strings.HasPrefix(out.String(), "bulkhead ") || errs.Len() > 0 {
		t.Errorf("got %q and %q, want a version and nothing", out.String(), errs.String())
	}
}

// TestFlags holds the promise of the guide: every flag has a variable, and no
// two commands mean different things by one letter.
func TestFlags(t *testing.T) {
	short := map[string]string{}
	a := &app{}
	for _, cmd := range append(a.root().Commands(), a.root()) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.ToLower(f.Name) != f.Name || strings.Contains(f.Name, "_") {
				t.Errorf("%s: flag %s has no variable", cmd.Name(), f.Name)
			}
			if f.Shorthand == "" {
				return
			}
			if other, ok := short[f.Shorthand]; ok && other != f.Name {
				t.Errorf("%s: -%s is both %s and %s", cmd.Name(), f.Shorthand, other, f.Name)
			}
			short[f.Shorthand] = f.Name
		})
	}
	if short["o"] != "output" || short["f"] != "file" || short["v"] != "verbose" {
		t.Errorf("got %v, want -o, -f and -v", short)
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Setenv("BULKHEAD_FAIL_ON", "low")
	t.Setenv("BULKHEAD_HOST", "unix:///from-the-environment")
	t.Setenv("BULKHEAD_SKIP", "a,b")
	var s settings
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.register(flags)
	if err := flags.Parse([]string{"--host", "unix:///typed"}); err != nil {
		t.Fatal(err)
	}
	if err := fromEnvironment(flags); err != nil {
		t.Fatal(err)
	}
	if strings.Join(s.failOn, " ") != "low" || s.host != "unix:///typed" || strings.Join(s.skip, " ") != "a b" {
		t.Errorf("got %+v, want low, the host that was typed, and a and b", s)
	}
}

func TestMisspelt(t *testing.T) {
	commands := []*cobra.Command{{Use: "check"}, {Use: "fix"}, {Use: "explain"}}
	for arg, want := range map[string]string{
		"chek":    "check",
		"chekc":   "check",
		"fxi":     "fix",
		"explian": "explain",
		"nginx":   "",
		"redis:7": "",
		"checker": "", // a container's name is more likely
		"./chek":  "",
	} {
		got := ""
		if err := misspelt([]string{arg}, commands); err != nil {
			got = err.Error()
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", arg, got, want)
		}
	}
}

func TestColored(t *testing.T) {
	for _, tt := range []struct {
		no, force, term string
		want            bool
	}{
		{"", "", "xterm", false}, // a buffer is no terminal
		{"", "1", "xterm", true},
		{"", "1", "dumb", true},
		{"", "0", "xterm", false},
		{"1", "1", "xterm", false},
	} {
		t.Setenv("NO_COLOR", tt.no)
		t.Setenv("FORCE_COLOR", tt.force)
		t.Setenv("TERM", tt.term)
		if got := colored(&bytes.Buffer{}); got != tt.want {
			t.Errorf("%+v: got %v", tt, got)
		}
	}
}

func TestColumns(t *testing.T) {
	for value, want := range map[string]int{"": 0, "60": 60, "wide": 0} {
		t.Setenv("COLUMNS", value)
		if got := columns(&bytes.Buffer{}); got != want {
			t.Errorf("COLUMNS=%s: got %d, want %d", value, got, want)
		}
	}
}

func TestPrintableLines(t *testing.T) {
	got := string(printableLines([]byte("+\ta\x1b[2J\r\n-b\u202e\n c")))
	if want := "+\ta\\x1b[2J\r\n-b\\u202e\n c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFold(t *testing.T) {
	if got, want := fold("one two  three four", 9), "one two\nthree\nfour\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressOffTerminal(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{stderr: f}
	a.progress("checking")()
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("wrote %d bytes (%v), want none", info.Size(), err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNamedDatabase: a database that was named has to be there, and one that was
// never made does not.
func TestNamedDatabase(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	for name, text := range map[string]string{"requirements.txt": "Django==3.2.0\n", "Dockerfile": "FROM scratch\nUSER 1000\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 0, "not checked: known vulnerabilities: there is no advisory database; bulkhead db update fetches advisories\n"},
		{[]string{"--db", "missing.db"}, 3, "not checked: known vulnerabilities: there is no advisory database at missing.db; bulkhead db update fetches advisories\n"},
	} {
		var out, errs bytes.Buffer
		code := Main(t.Context(), append([]string{"check", "--no-engine", dir}, c.args...), strings.NewReader(""), &out, &errs)
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: got exit code %d and\n%s%s\nwant %d and %q", c.args, code, out.String(), errs.String(), c.code, c.want)
		}
	}
}
