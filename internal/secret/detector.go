package secret

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// A Grade says how sure it is that what was found is a credential.
type Grade uint8

// The grades, from the weakest.
const (
	Identifier Grade = iota // names an account or is meant to be public: half of a pair
	Likely                  // looks like one, in a place where one belongs
	Certain                 // has a shape nothing else has, or decodes to a key
)

func (g Grade) String() string {
	switch g {
	case Certain:
		return "certain"
	case Likely:
		return "likely"
	}
	return "identifier"
}

// A detector is one kind of credential: an entry of the files in detectors/,
// whose format README.md there describes.
type detector struct {
	id, kind string
	form     form
	words    []string // one at least is in every match
	pattern  string   // of the match or, where named, of the value; its first group is the credential
	most     int      // bytes of a match, where the pattern does not say
	entropy  float64  // bits a byte that a credential has at least
	grade    Grade
	check    check
	finder   finder
	paths    []string // ends of the names of the files it is about, lower case; all files where empty
	deny     *regexp.Regexp
	good     []string // texts it must find something in, and
	bad      []string // texts it must not, as README.md says they are written
	compiled func() compiled
}

// A compiled is what a detector needs once one of its words is met. Most never
// are.
type compiled struct {
	*regexp.Regexp
	longest int // bytes of a match
	err     error
}

// A form is how a detector's words and its pattern go together.
type form uint8

const (
	byPrefix form = iota // a match starts with a word, in its case
	byInner              // a match has a word in it, in its case
	byName               // a word is in the name of the variable that has the credential
	byFinder             // a finder looks around a word, in any case
)

// parseDetectors reads a file of detectors.
func parseDetectors(text string) ([]*detector, error) {
	var out []*detector
	var errs []error
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if line[0] != '\t' {
			id, kind, _ := strings.Cut(line, " ")
			out = append(out, &detector{id: id, kind: kind, grade: Certain, entropy: 2.5})
			continue
		}
		key, value, _ := strings.Cut(line[1:], " ")
		if len(out) == 0 {
			return nil, fmt.Errorf("line %d: a field without a detector", i+1)
		}
		if err := out[len(out)-1].set(key, value); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	for _, d := range out {
		if err := d.finish(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.id, err))
		}
	}
	return out, errors.Join(errs...)
}

// set reads one field.
func (d *detector) set(key, value string) (err error) {
	switch key {
	case "key":
		d.form, d.words = byPrefix, strings.Fields(value)
	case "has":
		d.form, d.words = byInner, strings.Fields(value)
	case "name":
		d.form, d.words = byName, strings.Fields(value)
		d.grade = min(d.grade, Likely)
	case "by":
		name, words, _ := strings.Cut(value, " ")
		d.form, d.words, d.finder = byFinder, strings.Fields(words), finderNamed(name)
		for i, w := range d.words {
			d.words[i] = strings.ReplaceAll(w, `\s`, " ")
		}
		if d.finder == nil {
			err = fmt.Errorf("no finder %q", name)
		}
	case "re":
		d.pattern = value
	case "max":
		d.most, err = strconv.Atoi(value)
	case "entropy":
		d.entropy, err = strconv.ParseFloat(value, 64)
	case "check":
		if d.check = checkNamed(value); d.check == nil {
			err = fmt.Errorf("no check %q", value)
		}
	case "grade":
		d.grade, err = gradeNamed(value)
	case "in":
		d.paths = strings.Fields(value)
	case "not":
		d.deny, err = regexp.Compile(value)
	case "+":
		d.good = append(d.good, value)
	case "-":
		d.bad = append(d.bad, value)
	default:
		err = fmt.Errorf("no field %q", key)
	}
	return err
}

func gradeNamed(name string) (Grade, error) {
	for g := range Certain + 1 {
		if g.String() == name {
			return g, nil
		}
	}
	return 0, fmt.Errorf("no grade %q", name)
}

// finish checks a detector once it is read.
func (d *detector) finish() error {
	if len(d.words) == 0 && d.form != byFinder {
		return errors.New("no words")
	}
	d.compiled = sync.OnceValue(d.compile)
	return nil
}

// compile compiles a detector's pattern. That all can be is tested; one that
// cannot matches nothing.
func (d *detector) compile() compiled {
	pattern := d.pattern
	switch d.form {
	case byPrefix:
		pattern = "^(?:" + pattern + ")"
	case byName:
		pattern = "^(?:" + pattern + ")$"
	}
	tree, err := syntax.Parse(d.pattern, syntax.Perl)
	if err != nil {
		return compiled{Regexp: regexp.MustCompile(`[^\s\S]`), err: err}
	}
	c := compiled{Regexp: regexp.MustCompile(pattern), longest: longest(tree)}
	if d.most > 0 {
		c.longest = d.most
	}
	if c.longest < 0 {
		c.longest, c.err = 0, errors.New("a pattern without a bound needs max")
	}
	return c
}

// longest returns the bytes of the longest match of a pattern, -1 where there
// is no bound.
func longest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(string(re.Rune))
	case syntax.OpCharClass:
		if last := re.Rune[len(re.Rune)-1]; last > unicode.MaxASCII {
			return 4
		}
		return 1
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 4
	case syntax.OpCapture, syntax.OpQuest:
		return longest(re.Sub[0])
	case syntax.OpRepeat:
		if n := longest(re.Sub[0]); re.Max >= 0 && n >= 0 {
			return re.Max * n
		}
		return -1
	case syntax.OpStar, syntax.OpPlus:
		return -1
	}
	sum, most := 0, 0
	for _, sub := range re.Sub {
		n := longest(sub)
		if n < 0 {
			return -1
		}
		sum, most = sum+n, max(most, n)
	}
	if re.Op == syntax.OpAlternate {
		return most
	}
	return sum
}
