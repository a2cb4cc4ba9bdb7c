package apirequest

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ uri, path, err string }{
		{"/v1.41/containers/create?name=a", "/containers/create", ""},
		{"/containers/create", "/containers/create", ""},
		{"/v1.24/info", "/info", ""},
		{"/v1.41/contain%65rs/create", "/containers/create", ""},
		{"http://engine/v1.41/info", "/info", ""},
		{"/version", "/version", ""},
		{"/volumes/create", "/volumes/create", ""},
		{"/v4.3.1/libpod/info", "/libpod/info", ""},
		{"/libpod/info", "/libpod/info", ""},
		{"/v4.3.1/info", "", "no version"},
		{"/v1.23/info", "", "below 1.24"},
		{"/v1.041/info", "", "no version"},
		{"/v1.41.1/info", "", "no version"},
		{"/v2.0/info", "", "no version"},
		{"/v1/info", "", "no version"},
		{"/v1.41", "", "no version"},
		{"//containers/create", "", "plain form"},
		{"/v1.41//containers/create", "", "plain form"},
		{"/v1.41/./containers/create", "", "plain form"},
		{"/v1.41/containers/create/", "", "plain form"},
		{"/v1.41/containers/a/../create", "", "plain form"},
		{"/v1.41/containers%2f..%2fcreate", "", "plain form"},
		{"/v1.41/info%00", "", "plain form"},
		{"*", "", "plain form"},
		{"", "", "cannot be read"},
		{"info", "", "cannot be read"},
		{"/info?a=%zz", "", "cannot be read"},
		{"/info?a=1;b=2", "", "cannot be read"},
	} {
		r, err := Parse("GET", tt.uri, nil, nil)
		switch {
		case tt.err == "" && (err != nil || r.Path != tt.path):
			t.Errorf("%s: got %+v, %v, want path %s", tt.uri, r, err, tt.path)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: got %v, want %q", tt.uri, err, tt.err)
		}
	}
}

func TestHidden(t *testing.T) {
	for _, tt := range []struct {
		name, value, body string
		hidden, form      bool
	}{
		{"Content-Length", "12", "", true, false},
		{"content-length", "12", "{}", false, false},
		{"Content-Length", "0", "", false, false},
		{"Content-Length", "x", "", true, false},
		{"Transfer-Encoding", "chunked", "", true, false},
		{"Content-Type", "application/json; charset=utf-8", "", false, false},
		{"Content-Type", "application/x-www-form-urlencoded", "", false, true},
		{"content-type", "Multipart/Form-Data; boundary=x", "", false, true},
		{"Content-Type", "application/json;;=", "", false, true},
	} {
		r, err := Parse("POST", "/x", map[string]string{tt.name: tt.value}, []byte(tt.body))
		if (err != nil) != tt.form || r.Hidden != tt.hidden {
			t.Errorf("%s: %s: got hidden %v, %v, want %v, %v", tt.name, tt.value, r.Hidden, err, tt.hidden, tt.form)
		}
	}
}

func TestObject(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"a":1}`: true, " {}\n\r\t": true, `{} x`: false, `{}{}`: false, `[]`: false, `null`: false, ``: false, `{`: false,
		"\xef\xbb\xbf{}": false, `"x"`: false, "{}\x00": false,
	} {
		if _, err := Object([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok %v", text, err, ok)
		}
	}
}

// FuzzParse: what is accepted is the path that the engine's own router sees,
// in its plain form.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/v1.41/containers/create?x=1", "//a", "/v1.41/a%2e%2e/b", "http://a/v1.24/b", "*", "/v1.9999/x", "/%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		r, err := Parse("POST", uri, nil, nil)
		if err != nil {
			return
		}
		u, err := url.ParseRequestURI(uri)
		if err != nil {
			t.Fatalf("%q is accepted, and the engine does not take it", uri)
		}
		if u.Path != path.Clean(u.Path) || !strings.HasSuffix(u.Path, r.Path) || !strings.HasPrefix(r.Path, "/") {
			t.Errorf("%q: got %q, the engine sees %q", uri, r.Path, u.Path)
		}
		if name, ok := r.Matches("/containers/{name}/start"); ok && r.Path != "/containers/"+name+"/start" {
			t.Errorf("%q: name %q", uri, name)
		}
	})
}
