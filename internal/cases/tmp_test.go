package cases
import ("testing";"bulkhead/internal/fix";"bulkhead/internal/source";"bulkhead/internal/finding")
func TestTmp(t *testing.T) {
	n := 0
		_, err := fix.Files([]*source.File{source.NewFile("ci.yaml", []byte(seeds[len(seeds)-1].text))}, fix.Unsafe, func(f []*source.File) ([]finding.Finding, error) {
			t.Logf("%s", f[0].Text); r, err := judge(f); n++; if n < 9 {return r,err}; for _, x := range r { if len(x.Fixes)>0 {t.Logf("   %s %s %v", x.Where(), x.Message, x.Fixes[0].Edits) }}; return r, err })
		t.Log(err)
}
