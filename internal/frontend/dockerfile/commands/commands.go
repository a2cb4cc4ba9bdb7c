// Package commands reads Dockerfiles into the shape that conftest gives them to
// policies.
package commands

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Read returns the instructions of f: a list of objects with Cmd, SubCmd, JSON,
// Flags, Value and Stage, comments before an instruction included. Nothing is
// expanded or inherited.
func Read(f *source.File) (*document.Value, error) {
	result, err := parser.Parse(bytes.NewReader(f.Text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name, err)
	}
	out := &document.Value{Kind: document.List, Place: model.Place{Span: f.Span(0, 0)}}
	stage := -1
	for _, n := range result.AST.Children {
		name := strings.ToLower(n.Value)
		if name == "from" {
			stage++
		}
		c := command{cmd: name, flags: n.Flags, stage: max(stage, 0), place: lineOf(f, n.StartLine)}
		for _, text := range n.PrevComment {
			comment := command{cmd: "comment", value: []string{text}, stage: c.stage, place: c.place}
			out.Items = append(out.Items, comment.document())
		}
		if n.Next != nil && len(n.Next.Children) > 0 {
			n = n.Next.Children[0]
			c.sub = n.Value
		}
		c.json = n.Attributes["json"]
		for x := n.Next; x != nil; x = x.Next {
			c.value = append(c.value, x.Value)
		}
		out.Items = append(out.Items, c.document())
	}
	return out, nil
}

// A command is one instruction as conftest has it.
type command struct {
	cmd, sub     string
	json         bool
	flags, value []string
	stage        int
	place        model.Place
}

func (c command) document() *document.Value {
	list := func(texts []string) *document.Value {
		if texts == nil {
			return &document.Value{Place: c.place}
		}
		out := &document.Value{Kind: document.List, Place: c.place}
		for _, t := range texts {
			out.Items = append(out.Items, document.Text(t, c.place))
		}
		return out
	}
	out := &document.Value{Kind: document.Object, Place: c.place}
	for _, f := range []document.Field{
		{Name: "Cmd", Value: document.Text(c.cmd, c.place)},
		{Name: "SubCmd", Value: document.Text(c.sub, c.place)},
		{Name: "JSON", Value: document.Truth(c.json, c.place)},
		{Name: "Flags", Value: list(c.flags)},
		{Name: "Value", Value: list(c.value)},
		{Name: "Stage", Value: &document.Value{Kind: document.Number, Text: strconv.Itoa(c.stage), Place: c.place}},
	} {
		f.Key = c.place
		out.Fields = append(out.Fields, f)
	}
	return out
}

// lineOf returns the text of a line, the blanks around it aside.
func lineOf(f *source.File, n int) model.Place {
	line := f.Line(n)
	start := f.LineStart(n) + len(line) - len(bytes.TrimLeft(line, " \t"))
	return model.Place{Span: f.Span(start, f.LineStart(n)+len(bytes.TrimRight(line, " \t")))}
}
