package falco

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

// An Alert is a rule that an event matched, with the rule's output filled in.
type Alert struct {
	Time     time.Time
	Rule     string
	Priority Priority
	Source   string
	Hostname string
	Tags     []string
	Output   string        // without the time and the priority
	Fields   []OutputField // in the order of the output, each once
}

// An OutputField is a field of an output and its value: text, a number, true or
// false, or nil for none.
type OutputField struct {
	Name  string
	Value any
}

// AppendOutput appends r's output for the event that was matched last. It is
// one line whatever the event holds: text that is not printable is escaped.
func (ev *Evaluator) AppendOutput(dst []byte, r *Rule) []byte {
	return ev.appendOutput(dst, r.Output)
}

func (ev *Evaluator) appendOutput(dst []byte, o *Output) []byte {
	start := len(dst)
	var scratch []byte
	for i := range o.pieces {
		p := &o.pieces[i]
		if p.slot == noSlot {
			dst = appendPrintable(dst, p.text)
			continue
		}
		v := ev.value(p.slot)
		if v == nil && !o.partial {
			return dst[:start]
		}
		scratch = append(scratch[:0], "<NA>"...)
		if v != nil {
			scratch = p.format(scratch[:0], v)
		}
		from := len(dst)
		dst = appendPrintable(dst, cut(scratch, p.width))
		for len(dst) < from+p.width {
			dst = append(dst, ' ')
		}
	}
	return dst
}

// cut returns the first width bytes of text, less where that would split a
// character; all of it for 0.
func cut(text []byte, width int) string {
	if width == 0 || len(text) <= width {
		return string(text)
	}
	for width > 0 && !utf8.RuneStart(text[width]) {
		width--
	}
	return string(text[:width])
}

// Alert returns the alert of r for the event that was matched last. Time and
// Hostname are for the caller to set.
func (ev *Evaluator) Alert(r *Rule) Alert {
	a := Alert{
		Rule: r.Name, Priority: r.Priority, Source: r.Source, Tags: r.Tags,
		Output: string(ev.AppendOutput(nil, r)),
	}
	seen := map[string]bool{}
	for i := range r.Output.pieces {
		p := &r.Output.pieces[i]
		if p.slot == noSlot || seen[p.name] {
			continue
		}
		seen[p.name] = true
		a.Fields = append(a.Fields, OutputField{p.name, ev.fieldValue(p)})
	}
	return a
}

// fieldValue returns the value of a piece as JSON has it.
func (ev *Evaluator) fieldValue(p *piece) any {
	v := ev.value(p.slot)
	if v == nil {
		return nil
	}
	if v.List == nil && v.Str == "" {
		switch t := ev.slots[p.slot].typ; t {
		case TypeInt:
			return v.Num
		case TypeUint, TypePort, TypeTime, TypeDuration:
			return uint64(v.Num)
		case TypeBool:
			return v.Num != 0
		}
	}
	return string(appendPrintable(nil, string(p.format(nil, v))))
}

// AppendText appends the alert as the engine prints it: "time: Priority
// output". The time is in UTC.
func (a Alert) AppendText(dst []byte) []byte {
	dst = a.Time.UTC().AppendFormat(dst, clockLayout)
	dst = append(dst, ": "+a.Priority.String()+" "...)
	return append(dst, a.Output...)
}

// MarshalJSON writes the alert with the engine's keys.
func (a Alert) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any, len(a.Fields)+1)
	for _, f := range a.Fields {
		fields[f.Name] = f.Value
	}
	fields["evt.time"] = a.Time.UnixNano()
	tags := a.Tags
	if tags == nil {
		tags = []string{}
	}
	return json.Marshal(struct {
		Hostname string         `json:"hostname,omitempty"`
		Output   string         `json:"output"`
		Fields   map[string]any `json:"output_fields"`
		Priority string         `json:"priority"`
		Rule     string         `json:"rule"`
		Source   string         `json:"source"`
		Tags     []string       `json:"tags"`
		Time     string         `json:"time"`
	}{a.Hostname, string(a.AppendText(nil)), fields, a.Priority.String(), a.Rule, a.Source, tags, a.Time.UTC().Format(isoLayout)})
}
