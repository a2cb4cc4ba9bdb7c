package sarif

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bulkhead/internal/report"
	"bulkhead/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	reporttest.Golden(t, Writer{}, "report.sarif")
}

func TestValid(t *testing.T) {
	schema := officialSchema(t)
	for name, r := range map[string]*report.Report{"sample": reporttest.Sample(), "empty": {}} {
		var b bytes.Buffer
		if err := (Writer{}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInvalid shows that the schema would notice.
func TestInvalid(t *testing.T) {
	schema := officialSchema(t)
	if err := schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{"results": []any{}}}}); err == nil {
		t.Error("a run without a tool is valid, want an error")
	}
}

// carrier is a module that ships the schema OASIS published in its tests. It
// is no dependency: the go command fetches and verifies it for this test.
const carrier = "github.com/securego/gosec/v2@v2.30.0"

func officialSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", carrier)
	cmd.Dir = t.TempDir() // outside of this module
	out, err := cmd.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		t.Skipf("cannot fetch %s, which ships the SARIF schema: %v", carrier, err)
	}
	schemaText, err := os.ReadFile(filepath.Join(module.Dir, "report/sarif/testdata/sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(schemaURI, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(schemaURI)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
