package secret

import "testing"

func TestHide(t *testing.T) {
	token := "ghp_" + "q7Wz2kLmX9vB4nRtY8sD3fGhJ5pC6eAuK1oZ"
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"RUN apt-get install -y curl # buildkit", "RUN apt-get install -y curl # buildkit"},
		{"|1 VERSION=1.2 /bin/sh -c make", "|1 VERSION=1.2 /bin/sh -c make"},
		{"|2 A=b NPM_TOKEN=" + token + " /bin/sh -c npm ci", "|2 A=b NPM_TOKEN=ghp_… /bin/sh -c npm ci"},
		{`RUN DB_PASSWORD="Tr0ub4dor and three" ./migrate`, `RUN DB_PASSWORD=Tr0u… ./migrate`},
		{"RUN curl -H 'Authorization: " + token + "' https://a/b && echo " + token, "RUN curl -H 'Authorization: ghp_…' https://a/b && echo ghp_…"},
	} {
		if got := Hide(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}
