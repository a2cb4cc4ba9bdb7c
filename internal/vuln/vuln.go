// Package vuln says which advisories apply to which packages.
//
// Advisories come as OSV records (https://ossf.github.io/osv-schema), from
// the exports that exist for each ecosystem. [Build] compiles them into one
// read-only file, [Open] maps it into memory, and [DB.Match] looks packages up
// in it. [Update] brings exports up to date and builds.
//
// A package is looked up in its own ecosystem and release, by its exact name:
// Debian's advisories say nothing about Alpine, and PyPI's nothing about
// Debian's Python. What the file has no data for is reported as a gap: it is
// unknown, not free of vulnerabilities.
package vuln
