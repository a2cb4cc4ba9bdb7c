package dockerfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// find returns the first instruction called name of the target stage.
func find(t *testing.T, f *model.Facts, name string) *model.Instruction {
	t.Helper()
	for _, in := range f.Builds[0].Instructions {
		if in.Name == name {
			return in
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

func program(t *testing.T, f *model.Facts, name string) *model.Command {
	t.Helper()
	for _, in := range f.Builds[0].Instructions {
		for _, s := range in.Scripts {
			for _, c := range s.Commands {
				if c.Name == name {
					return c
				}
			}
		}
	}
	t.Fatalf("no command %s", name)
	return nil
}

var user = model.User{UID: 10001, GID: 10001}

func TestEdit(t *testing.T) {
	target := func(f *model.Facts) *model.Stage { return f.Builds[0].Target }
	setUser := func(t *testing.T, f *model.Facts) []source.Edit { return target(f).User.Edit(user) }
	insert := func(name string, i int, word string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return program(t, f, name).Insert(i, word) }
	}
	deleteArg := func(name string, i int) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return program(t, f, name).Words[i].Delete() }
	}
	setArg := func(name string, i int, v string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return program(t, f, name).Words[i].Edit(v) }
	}
	deleteWord := func(name string, i int) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Words[i].Delete() }
	}
	setWord := func(name string, i int, v string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Words[i].Edit(v) }
	}
	setPair := func(name string, i int, v string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Pairs[i].Value.Edit(v) }
	}
	deletePair := func(name string, i int) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Pairs[i].Value.Delete() }
	}
	setFlag := func(name string, i int, v string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Flags[i].Value.Edit(v) }
	}
	deleteFlag := func(name string, i int) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Flags[i].Value.Delete() }
	}
	deleteAll := func(name string) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return find(t, f, name).Delete() }
	}
	setBase := func(change func(*model.Reference)) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit {
			v := target(f).Base.Value
			change(&v)
			return target(f).Base.Edit(v)
		}
	}
	health := func(h model.Health) func(*testing.T, *model.Facts) []source.Edit {
		return func(t *testing.T, f *model.Facts) []source.Edit { return target(f).Health.Edit(h) }
	}
	shell := func(t *testing.T, f *model.Facts) []source.Edit {
		return target(f).Shell.Edit([]string{"/bin/bash", "-o", "pipefail", "-c"})
	}
	argv := model.Health{Kind: model.CommandHealth, Test: []string{"wget", "-q", "http://localhost/"}}

	// An edit that cannot be made leaves the text alone: want is "".
	for _, tt := range []struct {
		name, text string
		edit       func(*testing.T, *model.Facts) []source.Edit
		want       string
	}{
		{"user before CMD", "FROM a\nRUN b\n\n# starts it\nCMD c\n", setUser, "FROM a\nRUN b\n\nUSER 10001:10001\n# starts it\nCMD c\n"},
		{"user before both", "FROM a\nENTRYPOINT [\"b\"]\nCMD c\n", setUser, "FROM a\nUSER 10001:10001\nENTRYPOINT [\"b\"]\nCMD c\n"},
		{"user at end", "FROM a\nRUN b", setUser, "FROM a\nRUN b\nUSER 10001:10001"},
		{"user at end after a document", "FROM a\nRUN <<EOF\nb\nEOF\n", setUser, "FROM a\nRUN <<EOF\nb\nEOF\nUSER 10001:10001\n"},
		{"user after a late RUN", "FROM a\nCMD b\nRUN c\n# end\n", setUser, "FROM a\nCMD b\nRUN c\nUSER 10001:10001\n# end\n"},
		{"user in place", "FROM a\n\tUSER  root\nCMD b\n", setUser, "FROM a\n\tUSER  10001:10001\nCMD b\n"},
		{"user still needed", "FROM a\nUSER root\nRUN b\nCMD c\n", setUser, "FROM a\nUSER root\nRUN b\nUSER 10001:10001\nCMD c\n"},
		{"user of the parent", "FROM a AS b\nUSER root\nFROM b\nCMD c\n", setUser, "FROM a AS b\nUSER root\nFROM b\nUSER 10001:10001\nCMD c\n"},
		{"user indented", "FROM a\n  CMD c\n", setUser, "FROM a\n  USER 10001:10001\n  CMD c\n"},
		{"user after an open line", "FROM a\nRUN b \\\n", setUser, ""},
		{"user name", "FROM a\nUSER root\n", setWord("USER", 0, "app:staff"), "FROM a\nUSER app:staff\n"},
		{"user deleted", "FROM a\n# why\nUSER root\nCMD b\n", deleteWord("USER", 0), "FROM a\n# why\nCMD b\n"},

		{"health", "FROM a\nCMD b\n", health(argv), "FROM a\nCMD b\nHEALTHCHECK CMD [\"wget\", \"-q\", \"http://localhost/\"]\n"},
		{"health in place", "FROM a\nHEALTHCHECK --retries=2 \\\n  NONE\nCMD b\n", health(argv), "FROM a\nHEALTHCHECK --retries=2 \\\n  CMD [\"wget\", \"-q\", \"http://localhost/\"]\nCMD b\n"},
		{"health of no command", "FROM a\n", health(model.Health{Kind: model.CommandHealth}), ""},

		{"shell", "FROM a\nUSER b\n# c\nRUN d | e\nRUN f\n", shell, "FROM a\nUSER b\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n# c\nRUN d | e\nRUN f\n"},
		{"shell in place", "FROM a\nSHELL [ \"/bin/bash\", \"-c\" ] \nRUN d | e\n", shell, "FROM a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] \nRUN d | e\n"},

		{"tag", "FROM --platform=x a AS b\n", setBase(func(r *model.Reference) { r.Tag = "1.2" }), "FROM --platform=x a:1.2 AS b\n"},
		{"digest", "FROM ghcr.io/a/b:1\n", setBase(func(r *model.Reference) { r.Digest = "sha256:00" }), "FROM ghcr.io/a/b:1@sha256:00\n"},
		{"raw", "FROM a:latest\n", setBase(func(r *model.Reference) { r.Raw = "b:2" }), "FROM b:2\n"},
		{"built of arguments", "ARG A=1\nFROM a:$A\n", setBase(func(r *model.Reference) { r.Tag = "2" }), ""},

		{"argument inserted", "FROM a\nRUN apt-get install \\\n    b \\\n # c\n    d\n", insert("apt-get", 1, "-y"), "FROM a\nRUN apt-get install -y \\\n    b \\\n # c\n    d\n"},
		{"argument inserted in exec form", "FROM a\nRUN [\"apt-get\",\"install\"]\n", insert("apt-get", 1, "-y"), "FROM a\nRUN [\"apt-get\",\"install\", \"-y\"]\n"},
		{"argument inserted in a nested script", "FROM a\nRUN sh -c 'apt-get install b'\n", insert("apt-get", 1, "-y"), "FROM a\nRUN sh -c 'apt-get install -y b'\n"},
		{"argument inserted in nested JSON", "FROM a\nRUN [\"sh\", \"-c\", \"apt-get install b\"]\n", insert("apt-get", 1, "-y"), "FROM a\nRUN [\"sh\", \"-c\", \"apt-get install -y b\"]\n"},
		{"quotes do not nest", "FROM a\nRUN sh -c 'apt-get install b'\n", insert("apt-get", 1, "it's"), ""},
		{"argument inserted in a document", "FROM a\nRUN <<EOF\nsudo apt-get install b\nEOF\n", insert("apt-get", 1, "-y"), "FROM a\nRUN <<EOF\nsudo apt-get install -y b\nEOF\n"},
		{"argument quoted", "FROM a\nRUN b c\n", setArg("b", 1, "d e$"), "FROM a\nRUN b 'd e$'\n"},
		{"argument keeps quotes", "FROM a\nRUN b \"c\"\n", setArg("b", 1, "d e"), "FROM a\nRUN b \"d e\"\n"},
		{"argument in exec form", "FROM a\nCMD [\"b\", \"c\"]\n", setArg("b", 1, "d \"e\" <"), "FROM a\nCMD [\"b\", \"d \\\"e\\\" <\"]\n"},
		{"argument of several lines", "FROM a\nRUN b c\n", setArg("b", 1, "d\ne"), ""},
		{"argument deleted", "FROM a\nRUN b -k  c\n", deleteArg("b", 1), "FROM a\nRUN b  c\n"},
		{"argument deleted with its line", "FROM a\nRUN b \\\n    -k \\\n    c\n", deleteArg("b", 1), "FROM a\nRUN b \\\n    c\n"},
		{"last argument deleted", "FROM a\nRUN b \\\n    -k\nCMD c\n", deleteArg("b", 1), "FROM a\nRUN b\nCMD c\n"},
		{"last argument after a comment", "FROM a\nRUN b \\\n # c\n    -k\nCMD c\n", deleteArg("b", 1), ""},
		{"argument after a comment", "FROM a\nRUN b \\\n # c\n    -k d\nCMD c\n", deleteArg("b", 1), "FROM a\nRUN b \\\n # c\n d\nCMD c\n"},
		{"argument deleted in exec form", "FROM a\nCMD [\"b\", \"-k\", \"c\"]\n", deleteArg("b", 1), "FROM a\nCMD [\"b\", \"c\"]\n"},
		{"program in exec form", "FROM a\nCMD [ \"b\", \"c\" ]\n", deleteArg("b", 0), "FROM a\nCMD [ \"c\" ]\n"},

		{"port deleted", "FROM a\nEXPOSE 22 80\n", deleteWord("EXPOSE", 0), "FROM a\nEXPOSE 80\n"},
		{"last port deleted", "FROM a\nEXPOSE 80 \\\n  22\n", deleteWord("EXPOSE", 1), "FROM a\nEXPOSE 80\n"},
		{"only port deleted", "FROM a\nEXPOSE 22\nCMD b\n", deleteWord("EXPOSE", 0), "FROM a\nCMD b\n"},
		{"volume in JSON", "FROM a\nVOLUME [\"/a\", \"/b\"]\n", deleteWord("VOLUME", 1), "FROM a\nVOLUME [\"/a\"]\n"},
		{"source", "FROM a\nCOPY . /app\n", setWord("COPY", 0, "src/"), "FROM a\nCOPY src/ /app\n"},
		{"source with a blank", "FROM a\nCOPY . /app\n", setWord("COPY", 0, "a b"), ""},
		{"source with a blank in JSON", "FROM a\nCOPY [\".\", \"/app\"]\n", setWord("COPY", 0, "a b"), "FROM a\nCOPY [\"a b\", \"/app\"]\n"},
		{"source with a dollar", "FROM a\nCOPY . /app\n", setWord("COPY", 0, "a$b"), "FROM a\nCOPY a\\$b /app\n"},
		{"directory", "FROM a\nWORKDIR app\n", setWord("WORKDIR", 0, "/my app"), "FROM a\nWORKDIR \"/my app\"\n"},

		{"value", "FROM a\nENV A=b C=\"d\"\n", setPair("ENV", 0, "e f"), "FROM a\nENV A=\"e f\" C=\"d\"\n"},
		{"value keeps quotes", "FROM a\nENV A=b C=\"d\"\n", setPair("ENV", 1, "e"), "FROM a\nENV A=b C=\"e\"\n"},
		{"value of the old form", "FROM a\nENV A b c\n", setPair("ENV", 0, "d $e"), "FROM a\nENV A d \\$e\n"},
		{"value where there is none", "FROM a\nARG A\n", setPair("ARG", 0, "b"), "FROM a\nARG A=b\n"},
		{"empty value", "FROM a\nENV A= B=c\n", setPair("ENV", 0, "d"), "FROM a\nENV A=d B=c\n"},
		{"pair deleted", "FROM a\nENV A=b \\\n    C=d \\\n    E=f\n", deletePair("ENV", 1), "FROM a\nENV A=b \\\n    E=f\n"},
		{"first pair deleted", "FROM a\nENV A=b C=d\n", deletePair("ENV", 0), "FROM a\nENV C=d\n"},
		{"only pair deleted", "FROM a\nARG TOKEN\nCMD b\n", deletePair("ARG", 0), "FROM a\nCMD b\n"},

		{"flag", "FROM a\nCOPY --chown=app:app --chmod=777 b c\n", setFlag("COPY", 1, "755"), "FROM a\nCOPY --chown=app:app --chmod=755 b c\n"},
		{"flag deleted", "FROM a\nCOPY --chown=app:app --chmod=777 b c\n", deleteFlag("COPY", 0), "FROM a\nCOPY --chmod=777 b c\n"},
		{"flag deleted with its line", "FROM a\nRUN --mount=type=ssh \\\n    --security=insecure \\\n    b\n", deleteFlag("RUN", 1), "FROM a\nRUN --mount=type=ssh \\\n    b\n"},

		{"instruction deleted", "FROM a\nRUN <<EOF\nb\nEOF\nCMD c\n", deleteAll("RUN"), "FROM a\nCMD c\n"},
		{"several lines deleted", "FROM a\n  RUN b \\\n # c\n  d\nCMD c\n", deleteAll("RUN"), "FROM a\nCMD c\n"},
	} {
		for _, crlf := range [...]string{"\n", "\r\n"} {
			if crlf == "\r\n" && strings.Contains(tt.text, "<<") {
				continue // BuildKit keeps the carriage returns in the script
			}
			in, want := strings.ReplaceAll(tt.text, "\n", crlf), strings.ReplaceAll(tt.want, "\n", crlf)
			f := source.NewFile("Dockerfile", []byte(in))
			edits := tt.edit(t, Read(f, Options{}))
			got, err := source.Apply(f, edits)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if want == "" {
				want = in
				if len(edits) > 0 {
					t.Errorf("%s: got %d edits, want none", tt.name, len(edits))
				}
			}
			if d := cmp.Diff(string(got), want); d != "" {
				t.Errorf("%s (-got +want):\n%s", tt.name, d)
			}
		}
	}
}

// TestEditReads checks that what an edit writes is read back as what was
// asked for.
func TestEditReads(t *testing.T) {
	values := []string{"plain", "a b", "it's", `say "hi"`, "$HOME", `back\slash`, "`tick`", "#x", "é😀", "a=b", "--x"}
	texts := []string{
		"FROM a\nENV A=b C=\"d\" E='f'\n", "FROM a\nENV A b\n", "FROM a\nUSER b\n", "FROM a\nWORKDIR \"b\"\n",
		"FROM a\nCOPY [\"b\", \"c\"]\n", "FROM a\nADD b c\n", "FROM a\nRUN b 'c' \"d\" e\n", "FROM a\nCMD [\"b\", \"c\"]\n",
		"# escape=`\nFROM a\nENV A=b\nUSER c\nCOPY [\"d\", \"e\"]\n", "FROM a\nLABEL b='c' d=e\n",
	}
	for _, text := range texts {
		count := len(editable(Read(source.NewFile("Dockerfile", []byte(text)), Options{})))
		for i := range count {
			for _, v := range values {
				f := source.NewFile("Dockerfile", []byte(text))
				edits := editable(Read(f, Options{}))[i].Edit(v)
				if edits == nil {
					continue
				}
				after, err := source.Apply(f, edits)
				if err != nil {
					t.Fatal(err)
				}
				list := editable(Read(source.NewFile("Dockerfile", after), Options{}))
				if len(list) != count || list[i].Value != v || list[i].State != model.Set {
					t.Errorf("%q: wrote %q as %q, which reads differently", text, v, bytes.TrimSpace(after))
				}
			}
		}
	}
}

// editable returns every word of f that can be edited, the base images left
// out.
func editable(f *model.Facts) []model.Word {
	var all []model.Word
	for _, in := range f.Builds[0].Instructions {
		if in.Name == "FROM" {
			continue
		}
		all = append(all, in.Words...)
		for _, p := range in.Pairs {
			all = append(all, p.Value)
		}
		for _, s := range in.Scripts {
			for _, c := range s.Commands {
				all = append(all, c.Words...)
			}
		}
	}
	return all
}

// TestInsertAfterOpenEnd checks that nothing is put behind what would swallow
// it.
func TestInsertAfterOpenEnd(t *testing.T) {
	for _, text := range []string{"FROM a\nRUN <<EOF\nb\n", "FROM a\nRUN b \\\n"} {
		s := Read(source.NewFile("Dockerfile", []byte(text)), Options{}).Builds[0].Stages[0]
		if got := s.User.Edit(model.User{Name: "app"}); got != nil {
			t.Errorf("%q: got %v, want no edit", text, got)
		}
	}
}
