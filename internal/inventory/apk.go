package inventory

import (
	"bytes"

	"bulkhead/internal/model"
)

// readAPK reads apk's installed database: paragraphs of lines "K:value", each
// with the folders (F) and files (R) of its package.
func readAPK(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	i, o, dir := newAPK(), owned{}, []byte(nil)
	var file []byte
	flush := func() {
		if i.Name != "" && i.Version != "" {
			o.owner = i.Name
			out.packages = append(out.packages, i)
			out.owned = append(out.owned, o)
		}
		i, o, dir = newAPK(), owned{}, nil
	}
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) == 0 {
			flush()
			continue
		}
		if len(line) < 2 || line[1] != ':' {
			continue
		}
		value := line[2:]
		switch line[0] {
		case 'P':
			i.Name = clip(string(value))
		case 'V':
			i.Version = clip(string(value))
		case 'A':
			i.arch = clip(string(value))
		case 'L':
			i.License = clip(string(value))
		case 'o':
			i.Source = clip(string(value))
		case 'F':
			dir = value
		case 'R':
			file = bytes.Join([][]byte{dir, value}, []byte("/"))
			o.add(file)
		case 'Z':
			out.digests.Add(file, apkDigest(value))
		}
	}
	flush()
	return out
}

func newAPK() *item { return &item{Package: &model.Package{}, kind: "apk"} }
