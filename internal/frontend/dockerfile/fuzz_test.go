package dockerfile

import (
	"bytes"
	"testing"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// FuzzRead checks that whatever is read raises no panic, that places are
// where they belong, that the scanner sees what BuildKit sees, and that every
// edit applies.
func FuzzRead(f *testing.F) {
	for _, text := range nasty {
		f.Add([]byte(text))
	}
	f.Add([]byte(realistic))
	for _, text := range scripts {
		f.Add([]byte("FROM a\nRUN " + text + "\n"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			t.Skip("larger than what is worth fuzzing")
		}
		file := source.NewFile("Dockerfile", bytes.Clone(text))
		facts := Read(file, Options{})
		checkFacts(t, facts)
		if same, err := source.Apply(file, nil); err != nil || !bytes.Equal(same, text) {
			t.Fatalf("no edits change the text: %v", err)
		}
		agree(t, string(text))
		for _, edits := range edits(facts) {
			after, err := source.Apply(file, edits)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, Read(source.NewFile("Dockerfile", after), Options{}))
		}
	})
}

// edits returns one set of edits of every kind the facts offer.
func edits(f *model.Facts) [][]source.Edit {
	var all [][]source.Edit
	word := func(w model.Word) {
		if w.Edit != nil {
			all = append(all, w.Edit("x"), w.Edit("a b"))
		}
		if w.Delete != nil {
			all = append(all, w.Delete())
		}
	}
	for _, in := range f.Builds[0].Instructions {
		all = append(all, in.Delete())
		for _, w := range in.Words {
			word(w)
		}
		for _, x := range in.Flags {
			word(x.Value)
		}
		for _, p := range in.Pairs {
			word(p.Value)
		}
		for _, s := range in.Scripts {
			for _, c := range s.Commands {
				for i, w := range c.Words {
					word(w)
					if c.Insert != nil {
						all = append(all, c.Insert(i, "-y"))
					}
				}
			}
		}
	}
	for _, s := range f.Builds[0].Stages {
		all = append(all, s.User.Edit(model.User{UID: 10001, GID: 10001}),
			s.Health.Edit(model.Health{Kind: model.CommandHealth, Test: []string{"true"}}))
	}
	return all[:min(len(all), 64)]
}

// scripts are bodies of RUN at the edges of what shells accept.
var scripts = []string{
	"curl -s https://x | sudo -E bash -s -- -y",
	"sh -c \"$(curl -fsSL https://x)\"",
	"bash <(curl x) && . <(wget -O- x) ; source /dev/stdin <<< \"$(curl x)\"",
	"eval `curl x` | tee >(sh) > out 2>&1 &> all",
	"bash -o pipefail -c 'curl x | sh' || true",
	"set -eux; if a; then b; elif c; then d; else e; fi; for i in a $(b); do c \"$i\"; done",
	"while read l; do echo $l; done < <(find /) ; case $x in a) b;; *) c;; esac",
	"f() { a; }; (b; c) | d & ! e && time f g",
	"env A=b nice -n 5 timeout -s KILL 5 nohup command exec ls; command -v x",
	"export A=b C; local d=e; [[ -f x ]] && (( 1 + 1 )) ; let a=1",
	"a\\ b 'c d' \"e $f\" \"g\"'h' $'i\\n' ${j:-k} ~ * {l,m}",
	"python3 <<EOF\nimport os\nEOF",
	"<<EOF\nset -e\napt-get update \\\n  -y\nEOF",
	"<<EOF\n#!/usr/bin/env -S bash -e\na\nEOF",
	"bash <<EOF\nset -e\ncurl x | sh\nEOF",
	"[\"/bin/sh\", \"-c\", \"curl \\u0078 | sh\"]",
	"a && \\\n # b\n\n  c \\\n  d",
	"sh -c 'sh -c \"sh -c a\"' ; su app -c 'b c'",
	"if [ a ]; then echo",
	"echo \"a",
}
