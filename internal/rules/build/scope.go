package build

import (
	"iter"
	"slices"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A scope says which stages a rule judges.
type scope func(*model.Stage) bool

// everyStage is the scope of what harms whoever builds the stage, or whatever
// is built on it: any stage can be asked for with --target.
func everyStage(*model.Stage) bool { return true }

// neededStage is the scope of what can reach the image by COPY --from.
func neededStage(s *model.Stage) bool {
	return s.Needed || s.Build.Target == nil || s == s.Build.Target
}

// shippedStage is the scope of what stays in the image: the target and the
// stages it is built on.
func shippedStage(s *model.Stage) bool {
	t := s.Build.Target
	for range s.Build.Stages { // a parent comes earlier, so this is enough
		if t == nil || t == s {
			break
		}
		t = t.Parent
	}
	return t == s
}

// instructions yields the instructions of the given names in the stages of in.
func instructions(b *model.Build, in scope, names ...string) iter.Seq[*model.Instruction] {
	return func(yield func(*model.Instruction) bool) {
		for _, s := range b.Stages {
			if !in(s) {
				continue
			}
			for _, i := range s.Instructions {
				if slices.Contains(names, i.Name) && !yield(i) {
					return
				}
			}
		}
	}
}

// A step is one command of a RUN.
type step struct {
	*model.Command
	Run    *model.Instruction
	Script *model.Script
}

// commands yields the commands of every RUN in the stages of in.
func commands(b *model.Build, in scope) iter.Seq[step] {
	return func(yield func(step) bool) {
		for run := range instructions(b, in, "RUN") {
			for _, s := range run.Scripts {
				for _, c := range s.Commands {
					if !yield(step{c, run, s}) {
						return
					}
				}
			}
		}
	}
}

// flag returns i's flag called name, or nil.
func flag(i *model.Instruction, name string) *model.Flag {
	for n := range i.Flags {
		if i.Flags[n].Name == name {
			return &i.Flags[n]
		}
	}
	return nil
}

// replace returns the edit of one span.
func replace(at source.Span, text string) []source.Edit {
	return []source.Edit{{Span: at, New: text}}
}

// between returns the span from the start of a to the start of b.
func between(a, b source.Span) source.Span {
	return source.Span{File: a.File, Start: a.Start, End: b.Start}
}

// deleteWords returns the edits that delete all of words, nil where one of
// them cannot be deleted.
func deleteWords(words ...model.Word) []source.Edit {
	var out []source.Edit
	for _, w := range words {
		if w.Delete == nil {
			return nil
		}
		out = append(out, w.Delete()...)
	}
	return out
}
