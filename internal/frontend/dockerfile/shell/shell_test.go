package shell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// joined returns the text of f with its continuation lines joined.
func joined(f *source.File) Text {
	var b Builder
	at := 0
	for line := range strings.SplitAfterSeq(string(f.Text), "\\\n") {
		b.Add(strings.TrimSuffix(line, "\\\n"), at)
		at += len(line)
	}
	return b.Text(f)
}

func TestText(t *testing.T) {
	f := source.NewFile("x", []byte("ab\\\ncd\\\nef"))
	text := joined(f)
	if text.S != "abcdef" {
		t.Fatalf("got %q, want abcdef", text.S)
	}
	sub := text.Sub(2, 5)
	for _, tt := range []struct {
		text       *Text
		start, end int
		want       string
	}{
		{&text, 0, 2, "ab"},
		{&text, 1, 3, "b\\\nc"},
		{&text, 2, 4, "cd"},
		{&text, 4, 6, "ef"},
		{&text, 6, 6, ""},
		{&text, -1, 9, "ab\\\ncd\\\nef"},
		{&sub, 0, 2, "cd"},
		{&sub, 1, 3, "d\\\ne"},
	} {
		if got := tt.text.Span(tt.start, tt.end).Text(); got != tt.want {
			t.Errorf("%q from %d to %d: got %q, want %q", tt.text.S, tt.start, tt.end, got, tt.want)
		}
	}
	var b Builder
	b.Add("x", 100)
	b.AddText(&sub)
	again := b.Text(f)
	if got, want := again.Span(1, 4).Text(), "cd\\\ne"; got != want {
		t.Errorf("text added: got %q, want %q", got, want)
	}
}

func TestWrappers(t *testing.T) {
	for _, tt := range []struct{ script, name, wrapper string }{
		{"sudo -u app -- rm x", "rm", "sudo -u app --"},
		{"sudo A=b -E rm x", "rm", "sudo A=b -E"},
		{"sudo -v", "sudo", ""},
		{"env", "env", ""},
		{"env A=b", "env", ""},
		{"env -u A B=c rm", "rm", "env -u A B=c"},
		{"/usr/bin/env rm", "rm", "/usr/bin/env"},
		{"command -v rm", "command", ""},
		{"command rm", "rm", "command"},
		{"xargs rm", "xargs", ""},
		{"timeout --signal KILL 5 rm", "rm", "timeout --signal KILL 5"},
		{"nice -n 5 nohup rm", "rm", "nice -n 5 nohup"},
		{"gosu app:app /bin/rm x", "rm", "gosu app:app"},
		{"exec", "exec", ""},
		{"$SUDO rm", "", ""},
		{"sudo $CMD x", "", "sudo"},
	} {
		f := source.NewFile("x", []byte(tt.script))
		text := NewText(f, tt.script, 0, len(tt.script))
		s := NewParser().Script(&text, Options{Shell: "sh"})
		if len(s.Commands) != 1 {
			t.Fatalf("%s: got %d commands, want 1", tt.script, len(s.Commands))
		}
		c := s.Commands[0]
		if c.Name != tt.name || values(c.Wrapper) != tt.wrapper {
			t.Errorf("%s: got %q after %q, want %q after %q", tt.script, c.Name, values(c.Wrapper), tt.name, tt.wrapper)
		}
	}
}

func values(words []model.Word) string {
	var all []string
	for _, w := range words {
		all = append(all, w.Value)
	}
	return strings.Join(all, " ")
}

// TestLast checks which commands decide whether a script fails.
func TestLast(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"a; b", "b"},
		{"a && b", "a b"},
		{"a || b", "b"},
		{"a | b", "b"},
		{"set -o pipefail; a | b", "a b"},
		{"set -e; a; b && c; d", "a c d"},
		{"set -ex\na | b\nc", "b c"},
		{"! a", ""},
		{"a & b", "b"},
		{"if a; then b; fi", "b"},
		{"(a; b) && c", "b c"},
		{"sh -c 'a; b'; c", "c"},
		{"sh -c 'a; b'", "sh b"},
		{"sh -ec 'a; b'", "sh a b"},
		{"bash -o pipefail -c 'a | b'", "bash a b"},
		{"a $(b)", "a"},
	} {
		f := source.NewFile("x", []byte(tt.script))
		text := NewText(f, tt.script, 0, len(tt.script))
		var got []string
		for _, c := range NewParser().Script(&text, Options{Shell: "sh"}).Commands {
			if c.Last {
				got = append(got, c.Name)
			}
		}
		if d := cmp.Diff(strings.Join(got, " "), tt.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", tt.script, d)
		}
	}
}

// FuzzScript checks that scripts raise no panic and that places are inside of
// the script.
func FuzzScript(f *testing.F) {
	for _, s := range []string{
		"a b | c && d || e; f &", "sh -c 'a \"b\"' <<EOF\nc\nEOF\n", "a \\\n b $(c `d`) <(e) > f 2>&1",
		"if a; then b; fi; while c; do d; done; case e in f) g;; esac", "h() { i; }; export A=b C; [[ -n $x ]]",
		"bash <<'E'\nsu x -c \"a\\\"b\"\nE\n", "time eval 'a b' ; A=b exec c", "${a:-$(b)} $'c\\n' \"d\\$e\"",
	} {
		f.Add(s)
	}
	p := NewParser()
	f.Fuzz(func(t *testing.T, script string) {
		file := source.NewFile("x", []byte(script))
		text := joined(file)
		s := p.Script(&text, Options{Shell: "bash"})
		if s.Parsed != (s.Error == "") {
			t.Fatalf("parsed %v with error %q", s.Parsed, s.Error)
		}
		for _, c := range s.Commands {
			for _, w := range append(append(c.Words, c.Wrapper...), c.Writes...) {
				if w.Span.File != file || w.Span.End > len(script) || w.Span.Start > w.Span.End {
					t.Fatalf("word %q at %d-%d of %d bytes", w.Value, w.Span.Start, w.Span.End, len(script))
				}
				for _, edits := range [][]source.Edit{w.Edit("x"), w.Delete()} {
					if _, err := source.Apply(file, edits); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}
