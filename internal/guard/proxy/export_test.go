package proxy

import (
	"bytes"
	"net/http"

	"bulkhead/internal/guard"
)

// Rewrite returns what of r is judged and what is sent on, without a body.
func Rewrite(r *http.Request) (guard.Request, []byte, bool) {
	e, f := New("", nil).exchangeOf(r)
	if f != nil {
		return guard.Request{}, nil, false
	}
	var b bytes.Buffer
	if err := e.out.Write(&b); err != nil {
		return guard.Request{}, nil, false
	}
	return e.asked, b.Bytes(), true
}
