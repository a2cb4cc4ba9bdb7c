// Package image holds the rules about the images that containers are built on
// and run.
package image

import (
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// All lists the rules of this package, by name.
var All = []*rule.Rule{
	buildToolsInImage,
	deprecatedImage,
	duplicateUid,
	emptyPassword,
	endOfLifeBase,
	largerBase,
	latestTag,
	loginShellAccount,
	maliciousPackage,
	missingEntrypoint,
	missingLoader,
	packageListsInImage,
	packageManagerLeft,
	programWritableByUser,
	secretInHistory,
	secretInLayer,
	secretInProvenance,
	setuidFile,
	staleBase,
	staleImage,
	unfixedVulnerability,
	unpinnedDigest,
	untagged,
	untrustedRegistry,
	vulnerablePackage,
	wastedSpace,
	worldWritableFile,
}

// pulled reports whether i names an image that comes from a registry and whose
// name is known: not the result of a build beside it, not one the engine just
// holds, not one named by its id.
func pulled(i *model.Image) bool {
	return i.Use != model.StoredImage && !i.Built && i.Ref.State == model.Set && i.Ref.Value.Repository != ""
}

// shipped reports whether what is wrong with i ends up in what runs: false for
// the base of a stage that the target only copies from.
func shipped(i *model.Image) bool {
	if i.Use != model.BaseImage || i.Stage == nil {
		return i.Use != model.BaseImage
	}
	t := i.Stage.Build.Target
	for range i.Stage.Build.Stages { // a parent comes earlier, so this is enough
		if t == nil || t == i.Stage {
			break
		}
		t = t.Parent
	}
	return t == i.Stage
}
