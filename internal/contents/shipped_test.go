package contents

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestShipped: content that a package database records is everybody's, and
// changed content is not. What a Python distribution records may be somebody's
// own program, so a certain secret in it is told of.
func TestShipped(t *testing.T) {
	certain := "key = " + key("Q3EGRZ2XJ7KLMN5P") + "\n"
	likely := "password = \"kX9vQ2mT7wLp4ZrB\"\n"
	z := func(text string) string {
		sum := sha1.Sum([]byte(text))
		return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
	}
	record := func(name, text string) string {
		sum := sha256.Sum256([]byte(text))
		return fmt.Sprintf("%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(text))
	}
	const site = "usr/lib/python3.12/site-packages/"
	name := save(t, layer(t,
		"lib/apk/db/installed", strings.Join([]string{
			"P:example", "V:1.0-r0", "A:x86_64", "F:usr/share/example", "R:same", "Z:" + z(certain), "R:changed", "Z:" + z("as shipped"), "", "",
		}, "\n"),
		"usr/share/example/same", certain,
		"usr/share/example/changed", strings.Replace(certain, "Q3EG", "Z3EG", 1),
		site+"shop-1.dist-info/METADATA", "Name: shop\nVersion: 1\n",
		site+"shop-1.dist-info/RECORD", record("shop/likely.py", likely)+record("shop/certain.py", strings.Replace(certain, "Q3EG", "Y3EG", 1)),
		site+"shop/likely.py", likely,
		site+"shop/other.py", strings.Replace(likely, "kX9v", "aX9v", 1),
		site+"shop/certain.py", strings.Replace(certain, "Q3EG", "Y3EG", 1),
	))
	image := lookInto(t, name)
	var got []string
	for _, s := range image.Secrets {
		got = append(got, s.File)
	}
	slices.Sort(got)
	if want := []string{"usr/share/example/changed", site + "shop/certain.py", site + "shop/other.py"}; !slices.Equal(got, sorted(want)) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
