package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"bulkhead/internal/model"
)

// readDpkg reads dpkg's status database: deb-control(5), paragraphs of fields.
// Distroless images have one file a package, without a Status.
func readDpkg(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	var out Evidence
	for len(text) > 0 {
		var paragraph []byte
		if paragraph, text, _ = bytes.Cut(text, []byte("\n\n")); len(bytes.TrimSpace(paragraph)) == 0 {
			continue
		}
		if i := debPackage(paragraph); i != nil {
			out.packages = append(out.packages, i)
		}
	}
	return out
}

// debPackage returns the package of a paragraph, or nil where it is not
// installed: configuration files stay behind when a package goes.
func debPackage(paragraph []byte) *item {
	i := &item{Package: &model.Package{}, kind: "deb"}
	for len(paragraph) > 0 {
		var line []byte
		line, paragraph, _ = bytes.Cut(paragraph, []byte("\n"))
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		switch string(key) {
		case "Package":
			i.Name = clip(string(value))
		case "Version":
			i.Version = clip(string(value))
		case "Architecture":
			i.arch = clip(string(value))
		case "Status":
			words := strings.Fields(string(value))
			if len(words) != 3 || words[2] != "installed" && words[2] != "unpacked" && !strings.HasPrefix(words[2], "half") && !strings.HasPrefix(words[2], "triggers") {
				return nil
			}
		case "Source":
			i.Source, i.SourceVersion = debSource(string(value))
		}
	}
	if i.Name == "" || i.Version == "" {
		return nil
	}
	return i
}

// debSource splits "source (version)".
func debSource(value string) (name, version string) {
	name, version, _ = strings.Cut(value, "(")
	return clip(name), clip(strings.TrimSuffix(strings.TrimSpace(version), ")"))
}

// readDpkgList reads the files a package owns: info/NAME.list with a path a
// line, or status.d/NAME.md5sums with a sum before each.
func readDpkgList(f *file) Evidence {
	text, err := f.text(maxText)
	if err != nil {
		return failed(err)
	}
	base := path.Base(f.name)
	name, isList := strings.CutSuffix(base, ".list")
	name = strings.TrimSuffix(name, ".md5sums")
	name, _, _ = strings.Cut(name, ":") // libc6:amd64.list
	var o owned
	o.owner = name
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if !isList {
			_, line, _ = bytes.Cut(line, []byte(" "))
			line = bytes.TrimLeft(line, " *")
		}
		o.add(line)
	}
	return Evidence{owned: []owned{o}}
}

// readChisel reads the manifest of an image cut from Ubuntu packages: JSON
// lines in zstd.
func readChisel(f *file) Evidence {
	z, err := zstd.NewReader(f.content, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return failed(err)
	}
	defer z.Close()
	var out Evidence
	files := map[string]owned{}
	lines := bufio.NewScanner(io.LimitReader(z, maxText))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Kind, Name, Version, Arch, Path string
			Slices                          []string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return Evidence{packages: out.packages, err: errors.New("a line is not JSON")}
		}
		if line.Kind == "path" && len(line.Slices) > 0 {
			owner, _, _ := strings.Cut(line.Slices[0], "_") // a slice is called PACKAGE_NAME
			o := files[owner]
			o.owner = owner
			o.add([]byte(line.Path))
			files[owner] = o
		}
		if line.Kind == "package" && line.Name != "" {
			out.packages = append(out.packages, &item{
				Package: &model.Package{Name: clip(line.Name), Version: clip(line.Version)}, kind: "deb", arch: clip(line.Arch),
			})
		}
	}
	out.err = lines.Err()
	for _, owner := range slices.Sorted(maps.Keys(files)) {
		out.owned = append(out.owned, files[owner])
	}
	return out
}
