package image

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unpinned_digest.txtar
var unpinnedDigestDoc string

var unpinnedDigest = &rule.Rule{
	Name:     "unpinned-digest",
	Summary:  "an image is named by a tag alone, which its publisher can move",
	Severity: finding.Info,
	Refs: []string{
		"kics image_without_digest",
		"checkov CKV_K8S_43",
		"semgrep dockerfile-source-not-pinned",
	},
	Doc:   unpinnedDigestDoc,
	Image: checkUnpinnedDigest,
}

func checkUnpinnedDigest(p *rule.Pass, i *model.Image) {
	ref := i.Ref.Value
	if !pulled(i) || ref.Tag == "" || ref.Tag == "latest" || ref.Digest != "" {
		return // without a tag there are other things to say first
	}
	p.Report(i.Ref.Place(), fmt.Sprintf("image %s:%s is not pinned by its digest", ref.Familiar(), ref.Tag), pin(i))
}

// pin returns the fix that names the image by the digest it has on this
// engine, where it is here.
func pin(i *model.Image) finding.Fix {
	digest := localDigest(i)
	if digest == "" {
		return finding.Fix{}
	}
	ref := i.Ref.Value
	ref.Digest = digest
	ref.Raw += "@" + digest
	return rule.Set(i.Ref, ref, "pin the image to the digest that is here")
}

// localDigest returns the digest under which the engine holds i, or "".
func localDigest(i *model.Image) string {
	if i.Stored == nil || i.Stored.Config == nil {
		return ""
	}
	for _, d := range i.Stored.Config.Digests {
		if digest, ok := strings.CutPrefix(d, i.Ref.Value.Familiar()+"@"); ok {
			return digest
		}
	}
	return ""
}
