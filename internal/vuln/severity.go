package vuln

import (
	"slices"
	"strings"

	cvss20 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"
)

// levels are the names of severities, from the lowest.
var levels = []string{"", "none", "low", "medium", "high", "critical"}

// A severity is how bad a vulnerability is, as somebody rated it.
type severity struct {
	level string  // one of levels
	score float64 // CVSS base score, 0 where there is none
	old   bool    // by CVSS 2, which knows no critical

	vector string // what score was computed of
}

// baseScore computes the base score of a CVSS vector of any version.
func baseScore(vector string) (severity, bool) {
	if len(vector) > maxVersion {
		return severity{}, false
	}
	s, ok := scored(vector)
	if ok {
		s.vector = vector
	}
	return s, ok
}

func scored(vector string) (severity, bool) {
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		if v, err := cvss40.ParseVector(vector); err == nil {
			return rated(v.Score()), true
		}
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		if v, err := cvss31.ParseVector(vector); err == nil {
			return rated(v.BaseScore()), true
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := cvss30.ParseVector(vector); err == nil {
			return rated(v.BaseScore()), true
		}
	default:
		if v, err := cvss20.ParseVector(strings.Trim(vector, "()")); err == nil {
			return ratedOld(v.BaseScore()), true
		}
	}
	return severity{}, false
}

// rated is the qualitative scale of CVSS 3 and 4.
func rated(score float64) severity {
	level := "critical"
	switch {
	case score <= 0:
		level = "none"
	case score < 4:
		level = "low"
	case score < 7:
		level = "medium"
	case score < 9:
		level = "high"
	}
	return severity{level: level, score: score}
}

// ratedOld is the scale the NVD gave CVSS 2.
func ratedOld(score float64) severity {
	s := rated(min(score, 8.9))
	return severity{level: s.level, score: score, old: true}
}

// worse returns the severity to believe of two: one by a current CVSS rather
// than by an old one, one with a score rather than without, else the higher.
func worse(a, b severity) severity {
	switch {
	case a.level == "" || b.level == "":
		if a.level == "" {
			return b
		}
		return a
	case (a.score > 0) != (b.score > 0):
		if a.score > 0 {
			return a
		}
		return b
	case a.old != b.old:
		if a.old {
			return b
		}
		return a
	case levelOf(b) > levelOf(a), levelOf(a) == levelOf(b) && b.score > a.score:
		return b
	}
	return a
}

func levelOf(s severity) int { return slices.Index(levels, s.level) }

// worded turns what a source calls a severity into one of ours, or into
// nothing where it means none of them.
func worded(word string) string {
	switch strings.ToLower(word) {
	case "unimportant", "negligible", "none", "informational":
		return "none"
	case "low", "minor":
		return "low"
	case "medium", "moderate":
		return "medium"
	case "high", "important":
		return "high"
	case "critical", "urgent":
		return "critical"
	}
	return ""
}
