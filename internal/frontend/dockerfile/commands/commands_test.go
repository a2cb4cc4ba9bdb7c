package commands

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/source"
)

// TestRead reads every kind of instruction, and gives each the line it starts
// on.
func TestRead(t *testing.T) {
	f := source.NewFile("Dockerfile", []byte(`# the base
ARG TAG=1
FROM golang:${TAG} AS build
  RUN --mount=type=cache,target=/c go build \
    ./...
ONBUILD RUN make
FROM scratch
COPY --from=build --chown=1 /a /b
HEALTHCHECK CMD ["/a"]
ENTRYPOINT ["/b", "x"]
`))
	v, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, c := range v.Items {
		fmt.Fprintf(&got, "%d %s\n", c.Place.Span.Position().Line, text(c))
	}
	want := `2 {Cmd:comment SubCmd: JSON:false Flags:null Value:[the base] Stage:0}
2 {Cmd:arg SubCmd: JSON:false Flags:[] Value:[TAG=1] Stage:0}
3 {Cmd:from SubCmd: JSON:false Flags:[] Value:[golang:${TAG} AS build] Stage:0}
4 {Cmd:run SubCmd: JSON:false Flags:[--mount=type=cache,target=/c] Value:[go build     ./...] Stage:0}
6 {Cmd:onbuild SubCmd:RUN JSON:false Flags:[] Value:[make] Stage:0}
7 {Cmd:from SubCmd: JSON:false Flags:[] Value:[scratch] Stage:1}
8 {Cmd:copy SubCmd: JSON:false Flags:[--from=build --chown=1] Value:[/a /b] Stage:1}
9 {Cmd:healthcheck SubCmd: JSON:true Flags:[] Value:[CMD /a] Stage:1}
10 {Cmd:entrypoint SubCmd: JSON:true Flags:[] Value:[/b x] Stage:1}
`
	if d := cmp.Diff(got.String(), want); d != "" {
		t.Errorf("(-got +want)\n%s", d)
	}
	if _, err := Read(source.NewFile("Dockerfile", nil)); err == nil {
		t.Error("an empty file is read")
	}
}

// text prints a value.
func text(v *document.Value) string {
	var parts []string
	switch v.Kind {
	case document.Null:
		return "null"
	case document.List:
		for _, x := range v.Items {
			parts = append(parts, text(x))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case document.Object:
		for _, f := range v.Fields {
			parts = append(parts, f.Name+":"+text(f.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return v.Text
}
