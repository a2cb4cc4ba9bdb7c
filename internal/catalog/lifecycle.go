package catalog

import (
	_ "embed"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/model"
)

//go:embed lifecycles.txt
var lifecycleText string

// A product is one product with its release cycles, newest first.
type product struct {
	title  string
	cycles []cycle
}

// A cycle is one line of the table.
type cycle struct {
	name     string // "16", "3.19"
	end      string // a date, "ended" or "-"
	extended string // likewise
	codename string
	lts      string // a date, "lts" or nothing
}

// A lifecycleTable is lifecycles.txt, read.
type lifecycleTable struct {
	asOf      time.Time
	images    map[string]*product // by repository, as package function repository returns it
	products  map[string]*product // by title
	codenames map[string]place    // of distributions: "buster"
}

type place struct {
	product *product
	cycle   int
}

// lifecycles reads the table.
var lifecycles = sync.OnceValue(func() *lifecycleTable {
	t := &lifecycleTable{images: map[string]*product{}, products: map[string]*product{}, codenames: map[string]place{}}
	var p *product
	for line := range strings.Lines(lifecycleText) {
		line = strings.TrimSuffix(line, "\n")
		switch rest := line[min(2, len(line)):]; line[0] {
		case '#':
		case '@':
			t.asOf = date(rest)
		case '=':
			title, repos, _ := strings.Cut(rest, " | ")
			p = &product{title: title}
			t.products[title] = p
			for repo := range strings.FieldsSeq(repos) {
				t.images[repo] = p
			}
		default:
			p.cycles = append(p.cycles, parseCycle(line))
		}
	}
	for _, title := range []string{"Debian", "Ubuntu"} {
		for i, c := range t.products[title].cycles {
			if c.codename != "" {
				t.codenames[c.codename] = place{t.products[title], i}
			}
		}
	}
	return t
})

func parseCycle(line string) cycle {
	var c cycle
	for i, f := range strings.Fields(line) {
		switch i {
		case 0:
			c.name = f
		case 1:
			c.end = f
		case 2:
			c.extended = f
		case 3:
			c.codename = strings.TrimPrefix(f, "-")
		case 4:
			c.lts = f
		}
	}
	return c
}

// date reads a date; the zero time stands for none.
func date(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// AsOf returns the date of the table of ends of support.
func AsOf() time.Time { return lifecycles().asOf }

// EndOfLife returns the lifecycles of everything ref and the environment of
// the image env say the image holds: node:16-buster is Node.js 16 on Debian
// 10. It is empty where they do not say, as for latest. Latest of each is what
// was supported at now.
func EndOfLife(ref model.Reference, env []model.Variable, now time.Time) []*model.Lifecycle {
	f := finder{t: lifecycles(), now: now}
	f.reference(ref)
	f.environment(env)
	return f.found
}

// A finder collects the lifecycles of one image, one per product.
type finder struct {
	t     *lifecycleTable
	now   time.Time
	found []*model.Lifecycle
}

func (f *finder) reference(ref model.Reference) {
	repo := repository(ref)
	if f.distroless(ref) {
		return
	}
	if p := f.t.products["Red Hat Enterprise Linux"]; isUBI(ref) {
		f.version(p, ref.Repository[len("ubi"):])
		return
	}
	p := f.t.images[repo]
	words := strings.Split(strings.ToLower(ref.Tag), "-")
	versioned := strings.TrimLeft(words[0], "v")
	if p != nil {
		versioned = strings.TrimPrefix(strings.TrimPrefix(versioned, "centos"), "stream")
		f.version(p, versioned)
	} else if !digit(versioned) {
		return // the tag of an image nobody here knows: "buster" may be a dog
	}
	for i, w := range words {
		f.codename(p, w)
		f.suffix(w)
		if w == "debian" && i+1 < len(words) { // bitnami: 14.5.0-debian-11-r3
			f.version(f.t.products["Debian"], words[i+1])
		}
	}
}

// distroless reads what the repositories of gcr.io/distroless say of
// themselves, such as nodejs18-debian11, and reports whether ref is one.
func (f *finder) distroless(ref model.Reference) bool {
	name, ok := strings.CutPrefix(ref.Repository, "distroless/")
	if !ok || ref.Registry != "gcr.io" {
		return false
	}
	for w := range strings.SplitSeq(name, "-") {
		if v, ok := strings.CutPrefix(w, "nodejs"); ok {
			f.version(f.t.products["Node.js"], v)
		}
		f.suffix(w)
	}
	return true
}

// isUBI reports whether ref is a Universal Base Image: ubi8/ubi.
func isUBI(ref model.Reference) bool {
	return strings.HasSuffix(ref.Registry, ".redhat.com") && len(ref.Repository) > 3 &&
		strings.HasPrefix(ref.Repository, "ubi") && digit(ref.Repository[3:])
}

// named returns the product that a part of a tag such as "alpine3.15" names,
// with the version in it.
func (t *lifecycleTable) named(word string) (p *product, version string) {
	n := strings.IndexFunc(word, func(r rune) bool { return r >= '0' && r <= '9' })
	if n <= 0 {
		return nil, ""
	}
	title := ""
	switch word[:n] {
	case "alpine":
		title = "Alpine Linux"
	case "debian":
		title = "Debian"
	case "ubuntu":
		title = "Ubuntu"
	case "centos":
		title = "CentOS"
	case "rockylinux":
		title = "Rocky Linux"
	case "oraclelinux":
		title = "Oracle Linux"
	case "amazonlinux":
		title = "Amazon Linux"
	case "fedora":
		title = "Fedora Linux"
	case "php": // wordpress:6.4-php8.1-apache
		title = "PHP"
	}
	return t.products[title], word[n:]
}

// suffix reads a part of a tag such as "alpine3.15".
func (f *finder) suffix(word string) {
	f.version(f.t.named(word))
}

// codename reads a part of a tag such as "bullseye". Other products than
// distributions have code names too; those count for their own images only.
func (f *finder) codename(p *product, word string) {
	if at, ok := f.t.codenames[word]; ok {
		f.add(at.product, at.cycle)
		return
	}
	if p == nil || word == "" {
		return
	}
	for i, c := range p.cycles {
		if c.codename == word {
			f.add(p, i)
			return
		}
	}
}

// environment reads the variables that images put their versions in.
func (f *finder) environment(env []model.Variable) {
	for _, v := range env {
		title := ""
		switch v.Name {
		case "NODE_VERSION":
			title = "Node.js"
		case "PYTHON_VERSION":
			title = "Python"
		case "GOLANG_VERSION":
			title = "Go"
		case "PHP_VERSION":
			title = "PHP"
		case "RUBY_VERSION":
			title = "Ruby"
		case "PG_MAJOR":
			title = "PostgreSQL"
		case "MONGO_MAJOR":
			title = "MongoDB Server"
		case "RABBITMQ_VERSION":
			title = "RabbitMQ"
		case "MYSQL_MAJOR":
			title = "MySQL"
		case "REDIS_VERSION":
			title = "Redis"
		case "NGINX_VERSION":
			title = "nginx"
		case "TOMCAT_VERSION":
			title = "Apache Tomcat"
		}
		if v.Value.State == model.Set {
			f.version(f.t.products[title], strings.TrimPrefix(v.Value.Value, "v"))
		}
	}
}

// version adds the cycle of p that version v belongs to: the cycle v is or
// continues, or, where v says less than a cycle, the newest cycle it can mean.
func (f *finder) version(p *product, v string) {
	if p == nil || !digit(v) {
		return
	}
	best, newest := -1, -1
	for i, c := range p.cycles {
		switch {
		case continues(v, c.name):
			if best < 0 || len(c.name) > len(p.cycles[best].name) {
				best = i
			}
		case newest < 0 && continues(c.name, v):
			newest = i
		}
	}
	if best < 0 {
		best = newest
	}
	if best >= 0 {
		f.add(p, best)
	}
}

// continues reports whether version v is cycle or a release of it.
func continues(v, cycle string) bool {
	rest, ok := strings.CutPrefix(v, cycle)
	return ok && (rest == "" || rest[0] < '0' || rest[0] > '9')
}

func digit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// add adds a cycle of p, unless something about p is known already.
func (f *finder) add(p *product, i int) {
	for _, l := range f.found {
		if l.Product == p.title {
			return
		}
	}
	c := p.cycles[i]
	l := &model.Lifecycle{
		Product: p.title, Cycle: c.name,
		End: date(c.end), Ended: c.end == "ended",
		Extended: date(c.extended), Free: p.title == "Debian",
		AsOf: f.t.asOf,
	}
	for _, c := range p.cycles {
		if c.supported(f.now) {
			l.Latest = c.name
			break
		}
	}
	f.found = append(f.found, l)
}

// supported reports whether c gets fixes at now.
func (c cycle) supported(now time.Time) bool {
	if end := date(c.end); !end.IsZero() {
		return now.Before(end.AddDate(0, 0, 1))
	}
	return c.end != "ended"
}
