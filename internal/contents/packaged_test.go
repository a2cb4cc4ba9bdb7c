package contents

import "testing"

func TestModuleFolder(t *testing.T) {
	for name, want := range map[string]string{
		"srv/node_modules/axios/README.md":           "srv/node_modules/axios",
		"srv/node_modules/a/node_modules/@types/b/c": "srv/node_modules/a/node_modules/@types/b",
		"node_modules/a/x":                           "node_modules/a",
		"srv/my_node_modules/a/x":                    "",
		"srv/app/.env":                               "",
		"srv/node_modules/.env":                      "srv/node_modules/.env",
	} {
		if got := moduleFolder(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
