package shell

import (
	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/model"
)

// A walker lists the commands of one script in the order of the text.
type walker struct {
	parser *Parser
	text   *Text
	script *model.Script
	depth  int // of sh -c inside sh -c

	errExit  bool
	pipeFail bool
}

// A context is what surrounds a statement.
type context struct {
	after string // how it follows what is before it
	fails bool   // its status is that of the script
	exits bool   // set -e, where it is on, ends the script when it fails
}

// apart returns c for a statement whose failure has no effect.
func (c context) apart() context { return context{after: c.after} }

// A flow is how a statement hangs together with its neighbours.
type flow struct {
	first *model.Command   // gets its input
	outs  []*model.Command // make its output
}

func (w *walker) stmts(list []*syntax.Stmt, c context) flow {
	var f flow
	for i, st := range list {
		at := context{after: c.after, exits: c.exits}
		if i == len(list)-1 {
			at.fails = c.fails
		}
		if i > 0 {
			at.after = ";"
		}
		next := w.stmt(st, at)
		if f.first == nil {
			f.first = next.first
		}
		f.outs = append(f.outs, next.outs...)
	}
	return f
}

func (w *walker) stmt(st *syntax.Stmt, c context) flow {
	if st == nil {
		return flow{}
	}
	if st.Background || st.Negated || st.Coprocess {
		c = c.apart()
	}
	f := w.cmd(st.Cmd, c)
	w.redirects(st.Redirs, &f)
	return f
}

func (w *walker) cmd(cmd syntax.Command, c context) flow {
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		return w.call(cmd, c)
	case *syntax.BinaryCmd:
		return w.binary(cmd, c)
	case *syntax.Subshell:
		errExit, pipeFail := w.errExit, w.pipeFail
		f := w.stmts(cmd.Stmts, c)
		w.errExit, w.pipeFail = errExit, pipeFail
		return f
	case *syntax.Block:
		return w.stmts(cmd.Stmts, c)
	case *syntax.DeclClause:
		return w.decl(cmd, c)
	case *syntax.TimeClause:
		return w.timed(cmd, c)
	case *syntax.FuncDecl:
		return flowless(w.stmt(cmd.Body, context{after: c.after, exits: c.exits}))
	case *syntax.CoprocClause:
		return w.stmt(cmd.Stmt, c.apart())
	case nil:
		return flow{}
	}
	return w.compound(cmd, c)
}

// flowless drops what flows out of a function's body: it runs elsewhere.
func flowless(flow) flow { return flow{} }

func (w *walker) compound(cmd syntax.Command, c context) flow {
	inner := context{after: ";", fails: c.fails, exits: c.exits}
	switch cmd := cmd.(type) {
	case *syntax.IfClause:
		return w.branches(cmd, c)
	case *syntax.WhileClause:
		f := w.stmts(cmd.Cond, c.apart())
		return join(f, w.stmts(cmd.Do, inner))
	case *syntax.ForClause:
		w.substitutions(cmd.Loop, nil)
		inner.after = c.after
		return w.stmts(cmd.Do, inner)
	case *syntax.CaseClause:
		w.substitutions(cmd.Word, nil)
		var f flow
		for _, item := range cmd.Items {
			f = join(f, w.stmts(item.Stmts, inner))
		}
		return f
	default:
		w.substitutions(cmd, nil) // [[ … ]], (( … )), let
		return flow{}
	}
}

func (w *walker) branches(cmd *syntax.IfClause, c context) flow {
	var f flow
	after := c.after
	for ; cmd != nil; cmd = cmd.Else {
		f = join(f, w.stmts(cmd.Cond, context{after: after}))
		if len(cmd.Cond) > 0 {
			after = ";"
		}
		f = join(f, w.stmts(cmd.Then, context{after: ";", fails: c.fails, exits: c.exits}))
	}
	return f
}

func join(a, b flow) flow {
	if a.first == nil {
		a.first = b.first
	}
	a.outs = append(a.outs, b.outs...)
	return a
}

func (w *walker) binary(cmd *syntax.BinaryCmd, c context) flow {
	switch cmd.Op {
	case syntax.AndStmt:
		x := w.stmt(cmd.X, context{after: c.after, fails: c.fails})
		y := w.stmt(cmd.Y, context{after: "&&", fails: c.fails, exits: c.exits})
		return join(x, y)
	case syntax.OrStmt:
		x := w.stmt(cmd.X, c.apart())
		y := w.stmt(cmd.Y, context{after: "||", fails: c.fails, exits: c.exits})
		return join(x, y)
	}
	x := w.stmt(cmd.X, context{after: c.after, fails: c.fails && w.pipeFail, exits: c.exits && w.pipeFail})
	y := w.stmt(cmd.Y, context{after: "|", fails: c.fails, exits: c.exits})
	for _, out := range x.outs {
		if out.Pipe == nil && out != y.first {
			out.Pipe = y.first
		}
	}
	if x.first != nil {
		y.first = x.first
	}
	return y
}

func (w *walker) timed(cmd *syntax.TimeClause, c context) flow {
	f := w.stmt(cmd.Stmt, c)
	if f.first != nil {
		start := int(cmd.Time.Offset())
		at := place{w.text, start, start + len("time")}
		word := model.Word{Value: "time", State: model.Set, Span: w.text.Span(at.start, at.end), Edit: at.replace, Delete: at.remove}
		f.first.Wrapper = append([]model.Word{word}, f.first.Wrapper...)
		f.first.Span.Start = min(f.first.Span.Start, word.Span.Start)
	}
	return f
}

// decl reads export, local and their like.
func (w *walker) decl(cmd *syntax.DeclClause, c context) flow {
	at := place{w.text, int(cmd.Variant.Pos().Offset()), int(cmd.Variant.End().Offset())}
	words := []model.Word{{Value: cmd.Variant.Value, State: model.Set, Span: w.span(cmd.Variant), Edit: at.replace, Delete: at.remove}}
	var assigns []model.Pair
	for _, a := range cmd.Args {
		switch {
		case a.Name != nil && !a.Naked:
			assigns = append(assigns, w.assign(a))
		case a.Value != nil:
			words = append(words, w.word(a.Value))
		case a.Name != nil:
			at := place{w.text, int(a.Name.Pos().Offset()), int(a.Name.End().Offset())}
			words = append(words, model.Word{Value: a.Name.Value, State: model.Set, Span: w.span(a.Name), Edit: at.replace, Delete: at.remove})
		}
	}
	command := w.command(words, assigns)
	command.Span, command.After = w.span(cmd), c.after
	command.Last = c.fails || c.exits && w.errExit
	for _, a := range cmd.Args {
		w.substitutions(a, nil)
	}
	return flow{command, []*model.Command{command}}
}

// substitutions lists the commands of the substitutions in node. What they
// print goes to user, where that is not nil.
func (w *walker) substitutions(node syntax.Node, user *model.Command) {
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.substitution(n.Stmts, user)
			return false
		case *syntax.ProcSubst:
			if n.Op == syntax.CmdOut {
				user = nil
			}
			w.substitution(n.Stmts, user)
			return false
		}
		return true
	})
}

func (w *walker) substitution(list []*syntax.Stmt, user *model.Command) {
	errExit, pipeFail := w.errExit, w.pipeFail
	f := w.stmts(list, context{})
	w.errExit, w.pipeFail = errExit, pipeFail
	for _, out := range f.outs {
		if out.Feeds == nil {
			out.Feeds = user
		}
	}
}

// redirects reads the redirections of a statement.
func (w *walker) redirects(list []*syntax.Redirect, f *flow) {
	outs := f.outs
	for _, r := range list {
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.AppClob, syntax.RdrAll, syntax.AppAll, syntax.DplOut:
			word := w.word(r.Word)
			if r.Op == syntax.DplOut && descriptor(word.Value) {
				continue
			}
			for _, c := range outs {
				c.Writes = append(c.Writes, word)
			}
			if r.N == nil || r.N.Value == "1" {
				f.outs = nil
			}
		case syntax.Hdoc, syntax.DashHdoc:
			if r.Hdoc != nil {
				w.stdin(r, f.first)
				continue
			}
		}
		if r.Word != nil {
			w.substitutions(r.Word, f.first)
		}
	}
}

// descriptor reports whether what >& is given is no file.
func descriptor(v string) bool {
	for _, r := range v {
		if (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}
