package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"bulkhead/internal/guard"
	"bulkhead/internal/guard/proxy"
	"bulkhead/internal/rules"
)

// held makes f hold to a learned policy and checks what it refuses.
func held(t *testing.T, f *front, learned *proxy.Learned) {
	t.Helper()
	p, err := guard.ParsePolicy(learned.Text, rules.All())
	if err != nil {
		t.Fatalf("the learned policy is none: %v\n%s", err, learned.Text)
	}
	f.guard.SetPolicy(p)
	if n, all := len(learned.Routes), len(guard.Routes()); n*10 > all {
		t.Errorf("it allows %d of %d routes, want at most a tenth: %v", n, all, learned.Routes)
	}
	for _, request := range []string{
		"POST /v1.41/containers/create {\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"/srv/x:/x\"]}}",
		"POST /v1.41/containers/create {\"Image\":\"a\"}",
		"POST /v1.41/containers/other/exec {\"Cmd\":[\"a\"]}",
		"DELETE /v1.41/containers/other ",
		"GET /v1.41/containers/other/archive ",
		"POST /v1.41/volumes/create {}",
	} {
		part := strings.SplitN(request, " ", 3)
		got := f.say(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", part[0], part[1], len(part[2]), part[2]))
		if !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "call: ") {
			t.Errorf("%s: got %q, want it refused as no call of the policy", request, got)
		}
	}
}

// TestLearned: a learned policy holds each request to what it was, in all that
// counts and in nothing else.
func TestLearned(t *testing.T) {
	id := strings.Repeat("ab", 32)
	create := guard.Request{Method: "POST", URI: "/v1.41/containers/create?name=web", Body: []byte(
		`{"Image":"app:1","Cmd":["rm","*"],"Labels":{"a":""},"ExposedPorts":{"80/tcp":{}},"Tty":false,"HostConfig":{"Memory":1000,"CapDrop":["ALL"],"Binds":null},"NetworkingConfig":{"EndpointsConfig":{"back":{}}}}`)}
	learned, err := proxy.Learn([]proxy.Recorded{
		{Request: create, Status: 201, Made: id},
		{Request: guard.Request{Method: "POST", URI: "/containers/" + id + "/start"}, Status: 204},
		{Request: guard.Request{Method: "GET", URI: "/containers/" + strings.Repeat("12", 32) + "/json?size=0"}, Status: 200},
		{Request: guard.Request{Method: "GET", URI: "/images/get?names=a&names=b"}, Status: 200},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := newFront(t, noEngine{}, "", string(learned.Text))
	decide := func(method, uri, body string) bool {
		return f.guard.Decide(t.Context(), guard.Request{Method: method, URI: uri, Body: []byte(body)}).Allow
	}
	body := string(create.Body)
	with := func(old, text string) string {
		out := strings.Replace(body, old, text, 1)
		if out == body {
			t.Fatalf("%q is not in the body", old)
		}
		return out
	}
	for _, c := range []struct {
		name, body string
		want       bool
	}{
		{"as it was", body, true},
		{"empty left out", with(`"Tty":false,`, ``), true},
		{"empty besides", with(`"Tty":false`, `"Tty":false,"OpenStdin":false,"Env":[]`), true},
		{"another image", with(`app:1`, `app:2`), false},
		{"a star is a star", with(`"*"`, `"x"`), false},
		{"another label", with(`{"a":""}`, `{"a":"","b":""}`), false},
		{"another port", with(`{"80/tcp":{}}`, `{"80/tcp":{},"81/tcp":{}}`), false},
		{"another network", with(`{"back":{}}`, `{"back":{},"front":null}`), false},
		{"less memory limit", with(`"Memory":1000`, `"Memory":0`), false},
		{"without cap-drop", with(`"CapDrop":["ALL"],`, ``), false},
		{"a bind", with(`"Binds":null`, `"Binds":["/srv:/srv"]`), false},
		{"no masks", with(`"Binds":null`, `"MaskedPaths":[]`), false},
		{"masks by default", with(`"Binds":null`, `"MaskedPaths":null`), true},
		{"twice", with(`"HostConfig"`, `"HostConfig":{},"HostConfig"`), false},
		{"in another case", with(`"Tty"`, `"hostconfig":{"Privileged":true},"Tty"`), false},
		{"erased in another case", strings.TrimSuffix(body, "}") + `,"hostconfig":null}`, false},
		{"something after", body + "{}", false},
	} {
		if got := decide("POST", create.URI, c.body); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	other := strings.Repeat("cd", 32)
	if decide("POST", "/containers/"+id+"/start", "") {
		t.Error("a container may be started that was not made under the policy")
	}
	f.guard.Answered(create, 201, []byte(`{"Id":"`+id+`"}`))
	for uri, want := range map[string]bool{
		"POST /containers/" + id + "/start":               true,
		"POST /containers/" + id[:12] + "/start":          true,
		"POST /containers/" + id[:11] + "/start":          false,
		"POST /containers/" + other + "/start":            false,
		"POST /containers/" + id + "/stop":                false,
		"POST /containers/" + id + "/start?x=1":           false,
		"GET /v1.30/containers/" + other + "/json?size=0": true,
		"GET /containers/" + other + "/json":              false,
		"GET /containers/json":                            false,
		"GET /images/get?names=a&names=b":                 true,
		"GET /images/get?names=a":                         false,
		"GET /images/get?names=a&names=b&names=c":         false,
		"GET /images/get":                                 false,
	} {
		method, path, _ := strings.Cut(uri, " ")
		if got := decide(method, path, ""); got != want {
			t.Errorf("%s: got %v, want %v", uri, got, want)
		}
	}
}
