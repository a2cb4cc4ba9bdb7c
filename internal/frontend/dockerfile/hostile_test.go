package dockerfile

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestHostile reads files made to cost as much as they can, each in bounded
// time and memory.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("reads large files")
	}
	many := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	const size = 1 << 20
	numbered := func(format func(n string) string, lines int) string {
		var b strings.Builder
		for i := range lines {
			b.WriteString(format(strconv.Itoa(i)))
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"commands":       "FROM a\n" + many("RUN a\n", 1<<20),
		"one long line":  "FROM a\nRUN " + many("a ", size),
		"continuations":  "FROM a\nRUN a" + many(" \\\n a", size) + "\n",
		"subshells":      "FROM a\nRUN " + many("(\\\n", 1<<20) + "\n",
		"substitutions":  "FROM a\nRUN " + many("$(\\\n", 1<<20) + "\n",
		"backquotes":     "FROM a\nRUN " + many("`a \\\n", 1<<20) + "\n",
		"conditions":     "FROM a\nRUN <<E\n" + many("if a; then\n", 1<<20) + "E\n",
		"negations":      "FROM a\nRUN <<E\n" + many("! ", 60000) + "\nE\n",
		"arithmetic":     "FROM a\nRUN echo $((" + many("-", 60000) + "1))\n",
		"ternaries":      "FROM a\nRUN echo $((" + many("1?", 60000) + "1))\n",
		"shells":         "FROM a\nRUN " + many("sh -c ", 60000) + "\n",
		"sudo":           "FROM a\nRUN " + many("sudo ", 60000) + "\n",
		"pipes":          "FROM a\nRUN " + many("a|", 60000) + "b\n",
		"ands":           "FROM a\nRUN a" + many("&&a", 60000) + "\n",
		"braces":         "FROM a\nENV A=" + many("${a:-", 60000) + "\n",
		"many braces":    "FROM a\nENV " + many("A=${a:-b\\\n} ", size) + "\n",
		"document words": "FROM a\nRUN <<" + many("${a:-", 60000) + "\n",
		"documents":      "FROM a\nRUN " + many("<<A ", 60000) + "\n" + many("A\n", 200000),
		"bomb": "ARG A0=xxxxxxxx\n" + numbered(func(n string) string {
			i, _ := strconv.Atoi(n)
			return "ARG A" + strconv.Itoa(i+1) + "=${A" + n + "}${A" + n + "}\n"
		}, 1000) + "FROM $A999\n",
		"wide bomb":      "ARG A=" + many("x", 60000) + "\nFROM a\nARG A\n" + many("ENV B=$A$A$A$A\n", 1<<20),
		"replace bomb":   "FROM a\nARG A=" + many("x", 60000) + "\n" + many("ENV B=${A//x/yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy}\n", 1<<20),
		"nested replace": "FROM scratch\nARG A=" + many("x", 4000) + "\n" + many("ENV B=${A//x/${A//x/${A//x/y}}}\n", 1<<20),
		"variables":      "FROM a\n" + numbered(func(n string) string { return "ENV A" + n + "=b\n" }, 100000),
		"labels":         "FROM a\n" + numbered(func(n string) string { return "LABEL A" + n + "=b\n" }, 100000),
		"arguments":      "FROM a\n" + numbered(func(n string) string { return "ARG A" + n + "=$A\n" }, 100000),
		"stages":         numbered(func(n string) string { return "FROM a AS a" + n + "\nENV A" + n + "=b\nCOPY --from=0 a b\n" }, 50000),
		"heirs":          "FROM a AS a\n" + numbered(func(n string) string { return "ENV A" + n + "=b\n" }, 50000) + many("FROM a\nENV C=d\n", 1<<20),
		"triggers":       "FROM a\n" + many("ONBUILD ", 60000) + "RUN a\n",
		"arrays":         "FROM a\nCMD " + many("[", 60000) + many("]", 60000) + "\n",
		"no line":        many("a", size),
		"no text":        many("\x00", size),
		"blank":          many("\n", size),
		"comments":       many("# a\n", size),
		"faults":         "FROM a\n" + many("X\n", size),
		"flags":          "FROM a\nRUN " + many("--mount=type=cache,target=/a ", 60000) + "a\n",
		"words":          "FROM a\nCOPY " + many("a ", 60000) + "b\n",
		"ports":          "FROM a\nEXPOSE " + many("1-65535 ", 60000) + "\n",
		"too large":      many("\n", maxFile+1) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			f := Read(source.NewFile("Dockerfile", []byte(text)), Options{})
			took := time.Since(start)
			runtime.GC()
			runtime.ReadMemStats(&after)
			t.Logf("%d bytes in %v, %d MB kept, %d faults", len(text), took, (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>20, len(f.Faults))
			if took > time.Minute {
				t.Errorf("took %v, want less than a minute: seconds are normal, also on a busy machine", took)
			}
			if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 256<<20 {
				t.Errorf("keeps %d MB, want less than 256", kept>>20)
			}
			checkFacts(t, f)
		})
	}
}

// checkFacts checks what holds for every file: places are inside the file and
// inside their instruction.
func checkFacts(t *testing.T, f *model.Facts) {
	t.Helper()
	b := f.Builds[0]
	size := len(b.File.Text)
	for _, in := range b.Instructions {
		end := in.Delete()[0].Span.End // its here-documents included
		check := func(what string, s source.Span) {
			if s.File != b.File || s.Start < in.Span.Start || s.End > end || s.End < s.Start || s.End > size {
				t.Fatalf("%s %s: span %d-%d is outside of its instruction %d-%d", in.Name, what, s.Start, s.End, in.Span.Start, end)
			}
		}
		check("keyword", in.Keyword)
		for _, w := range in.Words {
			check("word", w.Span)
		}
		for _, p := range in.Pairs {
			check("key", p.Key)
			check("value", p.Value.Span)
		}
		for _, f := range in.Flags {
			check("flag", f.Span)
			check("flag value", f.Value.Span)
		}
		for _, s := range in.Scripts {
			check("script", s.Span)
			for _, c := range s.Commands {
				check("command", c.Span)
				for _, list := range [][]model.Word{c.Words, c.Wrapper, c.Writes} {
					for _, w := range list {
						check("script word", w.Span)
					}
				}
			}
		}
	}
	for _, x := range f.Faults {
		if x.Place.Span.File != b.File || x.Place.Span.End > size || x.Message == "" {
			t.Fatalf("fault %q has no place in the file", x.Message)
		}
	}
}

// TestCut reads files that are read in part: which stage is built is not known,
// and what the rest may say of the last one neither.
func TestCut(t *testing.T) {
	runs := strings.Repeat("RUN a\n", maxSteps)
	for _, tt := range []struct {
		name, text, target string
		fault              string
		built              int // index of the target, -1 where it is not known
		user               model.State
	}{
		{name: "whole", text: "FROM scratch\n" + runs[:len(runs)-len("RUN a\n")], user: model.Unset},
		{name: "instructions", text: "FROM scratch\n" + runs + "USER 1\n", fault: "more than 5000 instructions", built: -1, user: model.Unknown},
		{name: "stages", text: strings.Repeat("FROM scratch\n", maxStages+1) + "USER 1\n", fault: "more than 1000 stages", built: -1, user: model.Unknown},
		{name: "target read", text: "FROM scratch AS b\nFROM scratch\n" + runs, target: "b", fault: "more than 5000 instructions", user: model.Unknown},
		{name: "target not read", text: "FROM scratch\n" + runs + "FROM scratch AS b\n", target: "b", fault: "more than 5000 instructions", built: -1, user: model.Unknown},
	} {
		facts := Read(source.NewFile("Dockerfile", []byte(tt.text)), Options{Target: tt.target})
		b, built := facts.Builds[0], -1
		if b.Target != nil {
			built = b.Target.Index
		}
		if user := b.Stages[len(b.Stages)-1].User.State; user != tt.user || built != tt.built {
			t.Errorf("%s: got target %d and a user that is %v, want %d and %v", tt.name, built, user, tt.built, tt.user)
		}
		if n := len(facts.Faults); n > 1 || n == 0 != (tt.fault == "") || n == 1 && !strings.HasPrefix(facts.Faults[0].Message, tt.fault) {
			t.Errorf("%s: got faults %v, want %q", tt.name, facts.Faults, tt.fault)
		}
	}
}
