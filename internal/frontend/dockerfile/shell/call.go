package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

func (w *walker) call(cmd *syntax.CallExpr, c context) flow {
	words := make([]model.Word, len(cmd.Args))
	for i, arg := range cmd.Args {
		words[i] = w.word(arg)
	}
	if len(words) > 0 {
		words[0].Edit = asProgram(words[0].Edit)
	}
	var assigns []model.Pair
	for _, a := range cmd.Assigns {
		assigns = append(assigns, w.assign(a))
	}
	command := w.command(words, assigns)
	command.Span, command.After = w.span(cmd), c.after
	command.Last = c.fails || c.exits && w.errExit
	w.insertable(command)
	for _, a := range cmd.Assigns {
		w.substitutions(a, nil)
	}
	for _, arg := range cmd.Args {
		if len(arg.Parts) > 1 || !literal(arg.Parts) {
			w.substitutions(arg, command)
		}
	}
	f := flow{command, []*model.Command{command}}
	switch command.Name {
	case "set":
		w.set(command)
	case "":
	default:
		if i := scriptArg(command); i >= 0 {
			if t, ok := w.textOf(cmd.Args[i+len(command.Wrapper)]); ok {
				f = join(f, w.nested(&t, command, c))
			}
		}
	}
	return f
}

// asProgram refuses what is no program where a command starts: an assignment,
// or what RUN takes for a flag.
func asProgram(edit func(string) []source.Edit) func(string) []source.Edit {
	return func(v string) []source.Edit {
		if strings.Contains(v, "=") || strings.HasPrefix(v, "-") {
			return nil
		}
		return edit(v)
	}
}

func literal(parts []syntax.WordPart) bool {
	_, ok := parts[0].(*syntax.Lit)
	return ok
}

// insertable lets words be put into command. It keeps no part of the syntax
// tree alive.
func (w *walker) insertable(command *model.Command) {
	text := w.text
	command.Insert = func(i int, word string) []source.Edit {
		if i < 0 || i >= len(command.Words) {
			return nil
		}
		return text.insertAfter(command.Words[i].Span, word)
	}
}

// command appends the command made of words to the script.
func (w *walker) command(words []model.Word, assigns []model.Pair) *model.Command {
	c := &model.Command{Assigns: assigns, Words: words}
	if n := unwrap(words); n > 0 {
		c.Wrapper, c.Words = words[:n:n], words[n:]
	}
	if len(c.Words) > 0 && c.Words[0].Known() {
		c.Name = base(c.Words[0].Value)
	}
	w.script.Commands = append(w.script.Commands, c)
	return c
}

func (w *walker) assign(a *syntax.Assign) model.Pair {
	p := model.Pair{}
	if a.Name != nil {
		p.Name, p.Key = a.Name.Value, w.span(a.Name)
	}
	switch {
	case a.Value != nil:
		p.Value = w.word(a.Value)
	case a.Array != nil:
		p.Value = model.Word{Value: w.span(a.Array).Text(), State: model.Unknown, Span: w.span(a.Array)}
	default: // NAME=
		end := w.span(a).End
		p.Value = model.Word{State: model.Set, Span: w.text.File.Span(end, end)}
	}
	return p
}

// set follows set -e and set -o pipefail.
func (w *walker) set(c *model.Command) {
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		if len(v) < 2 || v[0] != '-' && v[0] != '+' || v == "--" {
			return
		}
		on := v[0] == '-'
		if strings.Contains(v, "e") {
			w.errExit = on
		}
		if strings.HasSuffix(v, "o") {
			i++
			switch c.Arg(i) {
			case "errexit":
				w.errExit = on
			case "pipefail":
				w.pipeFail = on
			}
		}
	}
}

// scriptArg returns the index in c.Words of the script that c hands to a
// shell, such as in sh -c 'script', or -1.
func scriptArg(c *model.Command) int {
	switch c.Name {
	case "eval":
		if len(c.Words) == 2 {
			return 1
		}
		return -1
	case "su", "runuser":
		if i := c.Flag("-c", "--command"); i >= 0 && i+1 < len(c.Words) && !strings.Contains(c.Arg(i), "=") {
			return i + 1
		}
		return -1
	}
	if !isShell(c.Name) {
		return -1
	}
	for i := 1; i < len(c.Words); i++ {
		v := c.Arg(i)
		if len(v) < 2 || v[0] != '-' && v[0] != '+' {
			return -1
		}
		if strings.HasPrefix(v, "--") {
			continue
		}
		if strings.Contains(v, "c") {
			if strings.HasSuffix(v, "o") {
				i++
			}
			if i++; i < len(c.Words) && (strings.HasPrefix(c.Arg(i), "-") || strings.HasPrefix(c.Arg(i), "+")) {
				i++
			}
			if i < len(c.Words) {
				return i
			}
			return -1
		}
		if strings.HasSuffix(v, "o") || strings.HasSuffix(v, "O") {
			i++
		}
	}
	return -1
}

func isShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh":
		return true
	}
	return false
}

// readsStdin reports whether c is a shell that takes its script from its
// input.
func readsStdin(c *model.Command) bool {
	if c == nil || !isShell(c.Name) {
		return false
	}
	for i := 1; i < len(c.Words); i++ {
		switch v := c.Arg(i); {
		case v == "-s", v == "-", v == "/dev/stdin":
			return true
		case v == "" || v[0] != '-' || strings.Contains(v, "c") && !strings.HasPrefix(v, "--"):
			return false
		case strings.HasSuffix(v, "o"):
			i++
		}
	}
	return true
}

// nested reads the script t that command by is given. What by does with its
// output happens to the output of the script.
func (w *walker) nested(t *Text, by *model.Command, c context) flow {
	if w.depth >= maxDepth || strings.TrimSpace(t.S) == "" {
		return flow{}
	}
	file, err := w.parser.parse(t.S)
	if err != nil {
		return flow{}
	}
	inner := &walker{parser: w.parser, text: t, script: w.script, depth: w.depth + 1}
	if by.Name != "eval" {
		inner.flags(by)
	} else {
		inner.errExit, inner.pipeFail = w.errExit, w.pipeFail
	}
	c.after = ""
	f := inner.stmts(file.Stmts, context{fails: c.fails || c.exits && w.errExit, exits: c.fails || c.exits && w.errExit})
	return flow{outs: f.outs}
}

// flags follows the options a shell is started with: bash -eo pipefail -c.
func (w *walker) flags(by *model.Command) {
	words := make([]string, len(by.Words))
	for i := range by.Words {
		words[i] = by.Arg(i)
	}
	w.errExit, w.pipeFail = Flags(words)
}

// Flags returns whether a shell started by words ends at a failing command,
// and whether a failing part of a pipe fails it.
func Flags(words []string) (errExit, pipeFail bool) {
	for i := 1; i < len(words); i++ {
		v := words[i]
		if len(v) < 2 || v[0] != '-' {
			return
		}
		if strings.HasPrefix(v, "--") {
			continue
		}
		if strings.Contains(v, "e") {
			errExit = true
		}
		if strings.Contains(v, "o") && i+1 < len(words) {
			i++
			errExit = errExit || words[i] == "errexit"
			pipeFail = pipeFail || words[i] == "pipefail"
		}
	}
	return
}

// stdin reads the here-document that command c is given.
func (w *walker) stdin(r *syntax.Redirect, c *model.Command) {
	w.substitutions(r.Hdoc, c)
	if !readsStdin(c) {
		return
	}
	start, end := w.offsets(r.Hdoc)
	t := w.text.Sub(start, end-terminator(w.text.S[start:end], w.word(r.Word).Value))
	t.Nested = true
	w.nested(&t, c, context{fails: c.Last})
}

// terminator returns the length of the line that ends the here-document body,
// which may be part of its text.
func terminator(body, name string) int {
	last := body[strings.LastIndexByte(body, '\n')+1:]
	if strings.TrimLeft(last, "\t") == name {
		return len(last)
	}
	return 0
}
