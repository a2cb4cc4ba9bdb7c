package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// pack writes an image as docker save does: pack api.tar steps. Every line of
// steps is one step of its history: the folder its layer is made of, or "-" for
// none, and what made it. The first tag is the line before them.
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pack archive steps")
	}
	type step struct {
		CreatedBy  string `json:"created_by"`
		EmptyLayer bool   `json:"empty_layer,omitempty"`
	}
	var history []step
	var diffs, names []string
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(name string, text []byte) {
		ts.Check(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := w.Write(text)
		ts.Check(err)
	}
	tag, steps, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	for line := range strings.Lines(steps) {
		dir, by, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		history = append(history, step{by, dir == "-"})
		if dir == "-" {
			continue
		}
		var layer bytes.Buffer
		l := tar.NewWriter(&layer)
		ts.Check(l.AddFS(os.DirFS(ts.MkAbs(dir))))
		ts.Check(l.Close())
		diffs = append(diffs, fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes())))
		names = append(names, fmt.Sprintf("%d/layer.tar", len(names)))
		add(names[len(names)-1], layer.Bytes())
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"User": "10001"}, "history": history,
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	ts.Check(err)
	add("config.json", config)
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{tag}, "Layers": names}})
	ts.Check(err)
	add("manifest.json", manifest)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}
