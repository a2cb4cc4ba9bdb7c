package origin

import (
	"fmt"
	"strings"
	"testing"

	"bulkhead/internal/frontend/dockerfile"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

const shop = `FROM golang:1.24 AS build
COPY . .
RUN go build -o /out/server ./cmd/server

FROM debian:12
ARG VERSION
ENV APP=/srv \
    MODE=production
WORKDIR /srv
RUN apt-get update && \
    # what the server needs
    apt-get install -y   ca-certificates
COPY --from=build --chown=app:app /out/server ./bin/
RUN <<END
set -e
useradd app
END
COPY config.yaml secrets.txt ./
USER app
CMD ["/srv/bin/server"]
`

// A made is a step as a builder records it; layer says whether it made one.
type made struct {
	layer bool
	by    string
}

// base is how debian:12 is made.
var base = []made{
	{true, `/bin/sh -c #(nop) ADD file:5f1d in / `},
	{false, `/bin/sh -c #(nop)  CMD ["bash"]`},
}

var buildKit = append(base[:2:2], []made{
	{false, "ARG VERSION=1.2"},
	{false, "ENV APP=/srv MODE=production"},
	{true, "WORKDIR /srv"},
	{true, "RUN |1 VERSION=1.2 /bin/sh -c apt-get update &&     apt-get install -y   ca-certificates # buildkit"},
	{true, "COPY --chown=app:app /out/server ./bin/ # buildkit"},
	{true, "RUN |1 VERSION=1.2 /bin/sh -c set -e\nuseradd app\n # buildkit"},
	{true, "COPY config.yaml secrets.txt ./ # buildkit"},
	{false, "USER app"},
	{false, `CMD ["/srv/bin/server"]`},
}...)

// classic is what the engine's own builder of 20.10 records; it knows no
// here-documents, so that this one is as Buildah's.
var classic = append(base[:2:2], []made{
	{false, "/bin/sh -c #(nop)  ARG VERSION"},
	{false, "/bin/sh -c #(nop)  ENV APP=/srv MODE=production"},
	{true, "/bin/sh -c #(nop) WORKDIR /srv"},
	{true, "|1 VERSION=1.2 /bin/sh -c apt-get update &&     apt-get install -y   ca-certificates"},
	{true, "/bin/sh -c #(nop) COPY file:3f288573fbd0 in /srv/bin/ "},
	{true, "|1 VERSION=1.2 /bin/sh -c set -e\nuseradd app\n"},
	{true, "/bin/sh -c #(nop) COPY multi:31306c15af89 in ./ "},
	{false, "/bin/sh -c #(nop)  USER app"},
	{false, `/bin/sh -c #(nop)  CMD ["/srv/bin/server"]`},
}...)

// imageOf returns an image made by steps.
func imageOf(steps []made) *model.Image {
	i := &model.Image{Name: "shop:1", Config: &model.ImageConfig{}, Inventory: &model.Inventory{}}
	for _, s := range steps {
		i.Config.History = append(i.Config.History, model.History{CreatedBy: s.by, Empty: !s.layer})
		if s.layer {
			i.Inventory.Layers = append(i.Inventory.Layers, model.Layer{History: s.by})
		}
	}
	return i
}

func buildOf(t *testing.T, name, text string) *model.Build {
	t.Helper()
	facts := dockerfile.Read(source.NewFile(name, []byte(text)), dockerfile.Options{})
	if len(facts.Builds) != 1 || len(facts.Faults) > 0 {
		t.Fatalf("%s: got %d builds and the faults %v", name, len(facts.Builds), facts.Faults)
	}
	return facts.Builds[0]
}

// lines says of every layer which line of the Dockerfile made it; b stands for
// the base, and a question mark for what is likely.
func lines(i *model.Image) string {
	var out []string
	for _, l := range i.Inventory.Layers {
		s := "-"
		if l.Written.Span.IsValid() {
			s = fmt.Sprint(l.Written.Span.Position().Line)
		}
		if l.Base.Value {
			s += "b"
		}
		if l.Written.Likely {
			s += "?"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestLayers(t *testing.T) {
	edited := strings.Replace(shop, "RUN <<END", "COPY more /more\nRUN <<END", 1)
	other := "FROM debian:12\nRUN apt-get update\nCOPY config.yaml /srv/\n"
	empty := append(base[:2:2], made{false, `CMD ["sh"]`})
	for _, tt := range []struct {
		name    string
		steps   []made
		text    string
		related bool
		want    string
	}{
		{"BuildKit", buildKit, shop, false, "5b 9 10 13 14 18"},
		{"the classic builder", classic, shop, false, "5b 9 10 13 14 18"},
		{"another image's", buildKit, other, false, "- - - - - -"},
		{"another image's, though it is said to be this one's", buildKit, other, true, "- - - - - -"},
		{"edited since", buildKit, edited, false, "- - - - - -"},
		{"edited since, and said to be this one's", buildKit, edited, true, "5b? 9? 10? 13? 15? 19?"},
		{"without files of its own", empty, "FROM debian:12\nCMD [\"sh\"]\n", true, "1b"},
		{"one of the same base without files of its own", empty, "FROM debian:12\nCMD [\"sh\"]\n", false, "-"},
		{"from scratch", []made{{true, "COPY /out/server / # buildkit"}}, "FROM scratch\nCOPY /out/server /\n", false, "2"},
		{"no history", []made{{true, ""}, {true, ""}}, shop, true, "- -"},
	} {
		i := imageOf(tt.steps)
		b := buildOf(t, "Dockerfile", tt.text)
		var related []*model.Build
		if tt.related {
			related = []*model.Build{b}
		}
		Layers(i, related, []*model.Build{b})
		if got := lines(i); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestBest: of several Dockerfiles, the one that made every step is the image's,
// in whichever order they come.
func TestBest(t *testing.T) {
	mine := buildOf(t, "Dockerfile", shop)
	other := buildOf(t, "Dockerfile.old", strings.Replace(shop, "config.yaml secrets.txt", "config.yaml", 1))
	for _, all := range [][]*model.Build{{mine, other}, {other, mine}} {
		i := imageOf(buildKit)
		Layers(i, all, all)
		if i.Build != mine {
			t.Errorf("got the build of %v, want that of Dockerfile", i.Build)
		}
	}
}

// TestLost: where the engine does not say which steps made a layer, what the
// layers say is enough.
func TestLost(t *testing.T) {
	i := imageOf(buildKit)
	i.Config.History = nil
	Layers(i, nil, []*model.Build{buildOf(t, "Dockerfile", shop)})
	if got, want := lines(i), "5b 9 10 13 14 18"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFarTooLong: neither a history nor a Dockerfile makes the comparison long.
func TestFarTooLong(t *testing.T) {
	steps := make([]made, 3000)
	for k := range steps {
		steps[k] = made{true, "RUN /bin/sh -c true # buildkit"}
	}
	i := imageOf(steps)
	Layers(i, nil, []*model.Build{buildOf(t, "Dockerfile", "FROM debian:12\n"+strings.Repeat("RUN true\n", 3000))})
	last := i.Inventory.Layers[2999]
	if got, want := last.Written.Span.Position().Line, 3001; got != want {
		t.Errorf("the last layer: got line %d, want %d", got, want)
	}
	if first := i.Inventory.Layers[0]; first.Base.State != model.Unset || first.Written.Span.IsValid() {
		t.Errorf("the first layer: got base %v at %v, want nothing of it", first.Base.Value, first.Written.Span)
	}
}
