package dockerfile

import (
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// sources notes the stages and images that COPY and RUN take files from.
func (r *reader) sources(s *stage, in *model.Instruction, st *statement) {
	if in.OnBuild {
		return
	}
	if in.Name == "COPY" {
		for _, f := range in.Flags {
			if f.Name != "from" || f.Value.Value == "" {
				continue
			}
			if strings.Contains(f.Value.Value, "$") {
				r.fault(f.Value.Span, "variables are not expanded in --from: define a stage instead")
				continue
			}
			r.takesFrom(s, f.Value)
		}
	}
	for _, m := range in.Mounts {
		if m.From == "" {
			continue
		}
		w := model.Word{Value: m.From, State: model.Set, Span: m.Span}
		if i := strings.Index(m.Span.Text(), "from="+m.From); i >= 0 {
			from := m.Span.Start + i + len("from=")
			span := r.file.Span(from, from+len(m.From))
			w.Span = span
			w.Edit = editor{reader: r, in: in, st: st, span: span}.setFlag
		}
		r.takesFrom(s, w)
	}
}

// takesFrom notes that s takes files from the stage or image that w names.
// The stage may be a later one.
func (r *reader) takesFrom(s *stage, w model.Word) {
	other := r.names[strings.ToLower(w.Value)]
	if i, err := strconv.Atoi(w.Value); other == nil && err == nil {
		if i < 0 || i >= len(r.stages) {
			r.fault(w.Span, "there is no stage "+brief(w.Value))
			return
		}
		other = r.stages[i]
	}
	if other != nil {
		if other != s {
			s.needs = append(s.needs, other)
		}
		return
	}
	if w.Value == "scratch" {
		return
	}
	ref := r.reference(w)
	fact := model.Fact[model.Reference]{Value: ref, State: w.State, Span: w.Span, Edit: rewrite(w, ref)}
	r.image(s, fact)
}

// reference reads w as the name of an image. One that is not valid is a fault;
// its parts are told apart all the same.
func (r *reader) reference(w model.Word) model.Reference {
	ref, err := oci.ParseReference(w.Value)
	if err == nil {
		return ref
	}
	r.fault(w.Span, "invalid image reference "+brief(w.Value))
	name, digest, _ := strings.Cut(w.Value, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag = name[:i], name[i+1:]
	}
	return model.Reference{Raw: w.Value, Registry: "docker.io", Repository: name, Tag: tag, Digest: digest}
}
