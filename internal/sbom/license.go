package sbom

import "strings"

// licenses are the SPDX identifiers that nearly all packages use. A licence
// beside these is written as a name, which is valid, if less handy.
var licenses = map[string]bool{
	"0BSD": true, "AFL-2.1": true, "AGPL-3.0-only": true, "AGPL-3.0-or-later": true, "Apache-1.1": true, "Apache-2.0": true,
	"Artistic-1.0": true, "Artistic-1.0-Perl": true, "Artistic-2.0": true, "BlueOak-1.0.0": true, "BSD-1-Clause": true,
	"BSD-2-Clause": true, "BSD-3-Clause": true, "BSD-4-Clause": true, "BSL-1.0": true, "bzip2-1.0.6": true, "CC-BY-3.0": true,
	"CC-BY-4.0": true, "CC-BY-SA-4.0": true, "CC0-1.0": true, "curl": true, "EPL-1.0": true, "EPL-2.0": true, "FSFAP": true,
	"GFDL-1.3-or-later": true, "GPL-1.0-or-later": true, "GPL-2.0-only": true, "GPL-2.0-or-later": true, "GPL-3.0-only": true,
	"GPL-3.0-or-later": true, "HPND": true, "ICU": true, "ISC": true, "LGPL-2.0-or-later": true, "LGPL-2.1-only": true,
	"LGPL-2.1-or-later": true, "LGPL-3.0-only": true, "LGPL-3.0-or-later": true, "Libpng": true, "MIT": true, "MIT-0": true,
	"MPL-1.1": true, "MPL-2.0": true, "NCSA": true, "OFL-1.1": true, "OpenSSL": true, "PHP-3.01": true, "PostgreSQL": true,
	"PSF-2.0": true, "Python-2.0": true, "Ruby": true, "Sleepycat": true, "TCL": true, "Unicode-3.0": true, "Unlicense": true,
	"Vim": true, "W3C": true, "WTFPL": true, "X11": true, "Zlib": true, "ZPL-2.1": true,
}

// isExpression reports whether a licence as recorded is an SPDX expression of
// known identifiers: SPDX 2.3, annex D.
func isExpression(text string) bool {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	depth, operand := 0, true // whether an identifier is due
	for _, w := range words {
		switch {
		case w == "(" && operand:
			depth++
		case w == ")" && !operand && depth > 0:
			depth--
		case (w == "AND" || w == "OR") && !operand:
			operand = true
		case operand && licenses[w]:
			operand = false
		default:
			return false
		}
	}
	return depth == 0 && !operand
}
