package runline

import (
	"strings"
	"testing"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/source"
)

// FuzzRead checks that whatever a file holds, places and edits stay inside it,
// and that what an edit is to say is said afterwards.
func FuzzRead(f *testing.F) {
	names := []string{"run.sh", "Makefile", "ci.yaml"}
	for _, in := range facttest.Inputs(f) {
		kind := byte(0)
		switch {
		case isMakefile(in.Name):
			kind = 1
		case isYAML(in.Name):
			kind = 2
		}
		f.Add(kind, in.Data)
		f.Add(kind, []byte(strings.ReplaceAll(string(in.Data), "\n", "\r\n")))
	}
	f.Add(byte(0), []byte("docker run -v a:b:c:d -p [::1]:1-2:3-4/x -e =x --mount type=bind,,src --tmpfs : --ulimit a=b:c --log-opt x nginx"))
	f.Add(byte(0), []byte("A=$A$A;B=$A; docker run --name=\"a\"'b'c\\ d$B \"\" ''"))
	f.Add(byte(1), []byte("A=$(B)\nB=$(A)x\nx:\n\tdocker run $(A) $$x $(B"))
	f.Add(byte(2), []byte("a: &x [docker run a, *x]\nb: \"docker run \\x41 \\\n  b\"\nc: >2\n   docker run c\n"))
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		name := names[int(kind)%len(names)]
		facts := Read(source.NewFile(name, data))
		facttest.Offers(t, facts)
		if len(facts.Faults) > 0 {
			return
		}
		for i, w := range facts.Workloads {
			if w.ReadOnlyRoot.Value {
				continue
			}
			edits := w.ReadOnlyRoot.Edit(true)
			if len(edits) == 0 {
				continue
			}
			text, err := source.Apply(edits[0].Span.File, edits)
			if err != nil {
				t.Fatal(err)
			}
			after := Read(source.NewFile(name, text)).Workloads
			if len(after) != len(facts.Workloads) || !after[i].ReadOnlyRoot.Value {
				t.Fatalf("got a file where container %d is not read-only, want one where it is:\n%s", i, text)
			}
		}
	})
}

func FuzzArgs(f *testing.F) {
	f.Add("docker\nrun\n-it\nnginx\nsh\n-c\necho $x 'y'")
	f.Add("run\n--name\na b\nnginx")
	f.Add("sudo\n-u\nx\npodman\ncreate\n\n")
	f.Fuzz(func(t *testing.T, joined string) {
		facttest.Offers(t, Args(strings.Split(joined, "\n")))
	})
}

func BenchmarkRead(b *testing.B) {
	plain := strings.Repeat("set -e\necho building \"$1\"\nfor f in *.go; do go vet $f; done\n", 100)
	for _, in := range facttest.Inputs(b) {
		b.Run(in.Name, func(b *testing.B) { benchmark(b, in.Name, in.Data) })
	}
	b.Run("none", func(b *testing.B) { benchmark(b, "build.sh", []byte(plain)) })
	b.Run("many", func(b *testing.B) {
		benchmark(b, "many.sh", []byte(strings.Repeat("docker run --name a -v /a:/b -p 80:80 nginx\n", 2000)))
	})
	b.Run("nested", func(b *testing.B) {
		benchmark(b, "nested.sh", []byte("docker run "+strings.Repeat("$(", 500)+"x"+strings.Repeat(")", 500)+" nginx"))
	})
}

func benchmark(b *testing.B, name string, text []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Read(source.NewFile(name, text))
	}
}
