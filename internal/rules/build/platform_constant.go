package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed platform_constant.txtar
var platformConstantDoc string

var platformConstant = &rule.Rule{
	Name:     "platform-constant",
	Summary:  "a stage is built for one platform whatever was asked for",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3029", "kics using_platform_with_from", "buildkit FromPlatformFlagConstDisallowed"},
	Doc:      platformConstantDoc,
	Build:    checkPlatformConstant,
}

func checkPlatformConstant(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		f := platformFlag(s)
		if f == nil || strings.Contains(f.Value.Span.Text(), "$") || f.Value.Value == "" || namesPlatform(s) {
			continue
		}
		p.Report(f.Value.Place(), "FROM is bound to platform "+f.Value.Value,
			rule.Do(f.Value.Delete, "build for the platform asked for"))
	}
}

func platformFlag(s *model.Stage) *model.Flag {
	if s.From == nil {
		return nil
	}
	return flag(s.From, "platform")
}

// namesPlatform reports whether s is named after its platform, so that its
// being bound to it is the point.
func namesPlatform(s *model.Stage) bool {
	name := strings.ToLower(s.Name.Value)
	for part := range strings.SplitSeq(s.Platform.Value, "/") {
		if part != "" && strings.Contains(name, part) {
			return true
		}
	}
	return false
}
