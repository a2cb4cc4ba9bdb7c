package rule

import "testing"

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Example
		want string
	}{
		{"both", Example{"compose.yaml", "b\n", "g\n"}, "`compose.yaml`, bad:\n\n```yaml\nb\n```\n\ngood:\n\n```yaml\ng\n```"},
		{"the same", Example{"shop/registries", "r\n", "r\n"}, "`shop/registries`:\n\n```\nr\n```"},
		{"bad alone", Example{"Dockerfile.2", "b", ""}, "`Dockerfile.2`:\n\n```dockerfile\nb\n```"},
		{"good alone", Example{".dockerignore", "", "g\n"}, "`.dockerignore`, good:\n\n```\ng\n```"},
		{"a fence inside", Example{"run.sh", "```\n", "g\n"}, "`run.sh`, bad:\n\n````sh\n```\n````\n\ngood:\n\n````sh\ng\n````"},
	} {
		if got := c.e.Markdown(); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestSentence(t *testing.T) {
	if got, want := (&Rule{Summary: "ADD is used"}).Sentence(), "ADD is used."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&Rule{}).Sentence(); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
