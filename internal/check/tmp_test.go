package check_test
import ("testing";"os";"bulkhead/internal/check")
func BenchmarkTmp(b *testing.B) {
	o := options(); o.Paths = []string{os.Getenv("TREE")}
	b.ReportAllocs()
	for b.Loop() { if _, err := check.Run(b.Context(), o); err != nil { b.Fatal(err) } }
}
