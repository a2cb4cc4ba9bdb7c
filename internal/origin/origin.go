// Package origin tells where the layers of an image come from: the step of its
// history, the instruction of the Dockerfile, the base image.
package origin

import (
	"slices"

	"bulkhead/internal/model"
)

// maxAligned bounds the steps and the instructions that are laid side by side,
// the last ones of each. Engines refuse images of more than 127 layers.
const maxAligned = 600

// maxCompared bounds, in bytes, what of steps and instructions is compared for
// one image: all of them may be long, and each is compared with each.
const maxCompared = 128 << 20

// Layers says of every layer of i which instruction made it, where one of
// builds is what i was built from. Those in related are meant to be that,
// because somebody said so or i has the name of their result; of the others, one
// counts that made every step there is. It fills in i.Build, and in each layer
// Written, Instruction and, where that is known, Base.
func Layers(i *model.Image, related, builds []*model.Build) {
	if i.Inventory == nil || len(i.Inventory.Layers) == 0 || i.Build != nil {
		return
	}
	steps := stepsOf(i)
	left := maxCompared
	var best *alignment
	take := func(a *alignment, usable func(*alignment) bool) {
		if a != nil && usable(a) && (best == nil || a.better(best)) {
			best = a
		}
	}
	for _, b := range related {
		for _, s := range stages(b) {
			take(align(steps, s, &left), (*alignment).likely)
		}
	}
	for _, b := range builds {
		if !slices.Contains(related, b) {
			take(align(steps, b.Target, &left), (*alignment).exact)
		}
	}
	if best != nil {
		best.write(i)
	}
}

// stages returns the stages of b that may have become an image: the one that is
// meant to, then the others.
func stages(b *model.Build) []*model.Stage {
	out := []*model.Stage{b.Target}
	for _, s := range b.Stages[:min(len(b.Stages), 20)] {
		if s != b.Target {
			out = append(out, s)
		}
	}
	return out
}

// A step is one step of an image's history.
type step struct {
	instruction string // upper case; RUN where none is recorded
	text        string // what follows it, blanks collapsed
	classic     bool   // as the classic builder records it
	layer       int    // of the image; -1 where the step made none
}

// stepsOf returns the steps i was made by. Where the history does not have one
// that made a layer for each of the layers, it is what the layers themselves
// say.
func stepsOf(i *model.Image) []step {
	layers := i.Inventory.Layers
	if i.Config != nil {
		var out []step
		next := 0
		for _, h := range i.Config.History {
			s := parseStep(h.CreatedBy)
			s.layer = -1
			if !h.Empty {
				s.layer = next
				next++
			}
			out = append(out, s)
		}
		if next == len(layers) {
			return out[max(0, len(out)-maxAligned):]
		}
	}
	var out []step
	for n, l := range layers {
		s := parseStep(l.History)
		s.layer = n
		out = append(out, s)
	}
	return out[max(0, len(out)-maxAligned):]
}

// chain returns the instructions that s is made of, those of the stages it is
// built on first, and the first of these stages.
func chain(s *model.Stage) ([]*model.Instruction, *model.Stage) {
	var out []*model.Instruction
	for range 1000 { // a parent comes earlier, so that this ends
		own := slices.DeleteFunc(slices.Clone(s.Instructions), func(in *model.Instruction) bool { return in.Name == "FROM" })
		out = append(own, out...)
		if s.Parent == nil {
			break
		}
		s = s.Parent
	}
	return out[max(0, len(out)-maxAligned):], s
}

// An alignment lays the steps of a history beside the instructions of a stage.
type alignment struct {
	build *model.Build
	root  *model.Stage // whose base the image is built on
	steps []step
	by    []*model.Instruction // of each step; nil where none of the stage's made it
	first int                  // the first step that one of them made; len(steps) where none did
	made  int                  // instructions that write files and made a step
	lost  int                  // those that made none
	cut   bool                 // the stage has more instructions than were compared
	alien int                  // steps from the first on that wrote files and nobody made
}

// align finds the longest common part of both. Instructions that write files
// weigh more than those that only configure: of these, one may look like
// another. It takes what it compares from left, and returns nil where that is
// not enough.
func align(steps []step, s *model.Stage, left *int) *alignment {
	if s == nil {
		return nil
	}
	ins, root := chain(s)
	a := &alignment{build: s.Build, root: root, cut: len(ins) == maxAligned, steps: steps, by: make([]*model.Instruction, len(steps)), first: len(steps)}
	said := make([]said, len(ins))
	for j, in := range ins {
		said[j] = readInstruction(in)
	}
	best := make([][]int, len(steps)+1)
	for k := range best {
		best[k] = make([]int, len(ins)+1)
	}
	weight := func(k, j int) int {
		switch {
		case !said[j].made(steps[k]):
			return 0
		case writes(ins[j].Name):
			return 1000
		}
		return 1
	}
	for k := range slices.Backward(steps) {
		for j := range slices.Backward(ins) {
			if *left -= said[j].cost(steps[k]); *left < 0 {
				return nil
			}
			best[k][j] = max(best[k+1][j], best[k][j+1])
			if w := weight(k, j); w > 0 {
				best[k][j] = max(best[k][j], w+best[k+1][j+1])
			}
		}
	}
	for k, j := 0, 0; k < len(steps) && j < len(ins); {
		switch best[k][j] {
		case best[k+1][j]: // the last of equal steps: the base's come before
			k++
		case best[k][j+1]:
			j++
		default:
			a.by[k] = ins[j]
			k, j = k+1, j+1
		}
	}
	a.count(ins)
	return a
}

// count says how well the two go together.
func (a *alignment) count(ins []*model.Instruction) {
	for _, in := range ins {
		if writes(in.Name) && !in.OnBuild {
			a.lost++
		}
	}
	for k, in := range a.by {
		if in != nil && a.first > k {
			a.first = k
		}
		if in != nil && writes(in.Name) {
			a.made++
			a.lost--
		}
		if in == nil && k > a.first && a.steps[k].layer >= 0 && writes(a.steps[k].instruction) {
			a.alien++
		}
	}
}

// writes reports whether an instruction makes a layer for the files it writes.
func writes(name string) bool { return name == "RUN" || name == "COPY" || name == "ADD" }

// exact reports whether the stage made all that came after its base.
func (a *alignment) exact() bool { return a.made > 0 && a.lost == 0 && a.alien == 0 }

// likely reports whether a tells something of an image that the Dockerfile is
// meant to be of: it may have been edited since, or may write no file.
func (a *alignment) likely() bool {
	return a.exact() || a.made > 0 && a.made >= a.lost+a.alien || a.lost == 0 && a.first < len(a.steps)
}

func (a *alignment) better(b *alignment) bool {
	if a.exact() != b.exact() {
		return a.exact()
	}
	return a.made-a.lost-a.alien > b.made-b.lost-b.alien
}

// write fills in what a tells of i.
func (a *alignment) write(i *model.Image) {
	i.Build = a.build
	edited := a.lost > 0 || a.alien > 0
	layers := i.Inventory.Layers
	for k, s := range a.steps {
		if s.layer < 0 || s.layer >= len(layers) {
			continue
		}
		l := &layers[s.layer]
		switch in := a.by[k]; {
		case in != nil:
			l.Instruction = in
			l.Written = model.Place{Span: in.Span, Likely: edited}
			l.Base = model.Fact[bool]{State: model.Set, Likely: edited}
		case k < a.first:
			l.Written = a.root.Base.Place()
			l.Written.Likely = edited
			l.Instruction = a.root.From
			l.Base = model.Fact[bool]{Value: !a.root.Scratch, State: model.Set, Likely: edited}
		}
	}
	for n := range layers[:min(firstLayer(a.steps), len(layers))] { // older than the steps that were compared
		if !a.cut {
			layers[n].Base = model.Fact[bool]{Value: !a.root.Scratch, State: model.Set, Likely: edited}
			layers[n].Written = a.root.Base.Place()
			layers[n].Instruction = a.root.From
		}
	}
}

// firstLayer returns the lowest layer of steps.
func firstLayer(steps []step) int {
	for _, s := range steps {
		if s.layer >= 0 {
			return s.layer
		}
	}
	return 0
}
