package origin

import (
	"strings"

	"bulkhead/internal/model"
)

// products are the official images that say their version in a variable.
var products = [...]struct{ variable, image string }{
	{"GOLANG_VERSION", "golang"},
	{"HAPROXY_VERSION", "haproxy"},
	{"HTTPD_VERSION", "httpd"},
	{"MONGO_VERSION", "mongo"},
	{"NGINX_VERSION", "nginx"},
	{"NODE_VERSION", "node"},
	{"PHP_VERSION", "php"},
	{"PYTHON_VERSION", "python"},
	{"RABBITMQ_VERSION", "rabbitmq"},
	{"REDIS_VERSION", "redis"},
	{"RUBY_VERSION", "ruby"},
	{"RUST_VERSION", "rust"},
	{"TOMCAT_VERSION", "tomcat"},
}

// history takes what the steps give away. An image usually ends with what it
// runs, so that steps which write files after a CMD or ENTRYPOINT belong to an
// image that was built on it; a distribution's ends with its first CMD.
func (d *detector) history() {
	steps := stepsOf(d.image)
	first, last := -1, -1 // the steps that end the lowest and the uppermost image below this one
	pending := -1
	for k, s := range steps {
		switch {
		case s.instruction == "CMD" || s.instruction == "ENTRYPOINT":
			pending = k
		case s.layer >= 0 && pending >= 0:
			if first < 0 {
				first = pending
			}
			last, pending = pending, -1
		}
	}
	release, distribution := system(d.image.Inventory.OS)
	if last < 0 {
		if name := distribution; name != "" {
			d.claims = append(d.claims, claim{
				kind: model.ByOSRelease, name: name, layers: -1, confidence: model.Guess, detail: "etc/os-release says " + release,
			})
		}
		return
	}
	if name, variable := product(steps[:last+1]); name != "" {
		if after, ok := strings.CutPrefix(distribution, "alpine:"); ok {
			name += "-alpine" + after
		}
		d.claims = append(d.claims, claim{
			kind: model.ByHistory, name: name, layers: below(steps[:last+1]), confidence: model.Probable, detail: "its history sets " + variable,
		})
		return
	}
	if first == last && distribution != "" && addedTo(steps[:last+1]) {
		d.claims = append(d.claims, claim{
			kind: model.ByOSRelease, name: distribution, layers: 1, confidence: model.Guess, detail: "etc/os-release says " + release,
		})
		return
	}
	c := claim{kind: model.ByHistory, layers: below(steps[:last+1]), confidence: model.Guess, detail: "its history goes on after a CMD or ENTRYPOINT"}
	d.claims = append(d.claims, c)
	if first == last && distribution != "" {
		d.claims = append(d.claims, claim{
			kind: model.ByOSRelease, name: distribution, layers: c.layers, confidence: model.Probable, detail: "etc/os-release says " + release,
		})
	}
}

// addedTo reports whether files were copied into what the first of steps made:
// no distribution builds its image that way, so that somebody else's steps are
// among them, and what they wrote must not pass for the distribution's.
func addedTo(steps []step) bool {
	for _, s := range steps {
		if s.layer > 0 && (s.instruction == "COPY" || s.instruction == "ADD") {
			return true
		}
	}
	return false
}

// below returns how many layers steps made.
func below(steps []step) int {
	n := 0
	for _, s := range steps {
		if s.layer >= 0 {
			n = s.layer + 1
		}
	}
	return n
}

// product returns the official image whose version the last of steps sets, and
// the setting.
func product(steps []step) (name, setting string) {
	for _, s := range steps {
		if s.instruction != "ENV" {
			continue
		}
		for word := range strings.FieldsSeq(s.text) {
			variable, version, ok := strings.Cut(word, "=")
			if !ok || len(version) > 30 || strings.Trim(version, "v.0123456789") != "" {
				continue
			}
			for _, p := range products {
				if p.variable == variable && version != "" {
					name, setting = p.image+":"+strings.TrimPrefix(version, "v"), word
				}
			}
		}
	}
	return name, setting
}

// system returns what os-release says, and the official image of that
// distribution.
func system(r model.OSRelease) (release, image string) {
	release = r.ID + " " + r.VersionID
	version := r.VersionID
	if version == "" || strings.Contains(r.Name, "Distroless") {
		return release, ""
	}
	switch r.ID {
	case "debian", "ubuntu", "fedora", "almalinux":
		return release, r.ID + ":" + version
	case "alpine":
		if parts := strings.SplitN(version, ".", 3); len(parts) == 3 {
			version = parts[0] + "." + parts[1]
		}
		return release, "alpine:" + version
	case "amzn":
		return release, "amazonlinux:" + version
	case "ol":
		return release, "oraclelinux:" + version
	case "rocky":
		return release, "rockylinux/rockylinux:" + version
	}
	return release, ""
}
