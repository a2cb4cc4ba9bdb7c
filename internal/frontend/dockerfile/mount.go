package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"bulkhead/internal/model"
)

// mounts reads the --mount flags of RUN.
func (r *reader) mounts(run *instructions.RunCommand, st *statement, in *model.Instruction) {
	if st.inner != nil {
		st = st.inner
	}
	var flags []token
	for _, f := range st.flags {
		if strings.HasPrefix(f.value, "--mount=") {
			flags = append(flags, f)
		}
	}
	if len(flags) == 0 {
		return
	}
	s := r.scope(in)
	err := run.Expand(func(word string) (string, error) {
		v, _, err := r.expand.word(word, s)
		return v, err
	})
	if err != nil {
		r.fault(in.Keyword, explain(err))
		return
	}
	for i, m := range instructions.GetMounts(run) {
		out := model.BuildMount{
			Type: string(m.Type), ID: m.CacheID, From: m.From, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly,
		}
		if m.Env != nil {
			out.Env = *m.Env
		}
		if i < len(flags) {
			out.Span = st.text.Span(flags[i].start, flags[i].end)
		}
		in.Mounts = append(in.Mounts, out)
	}
}
