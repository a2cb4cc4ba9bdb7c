package proxy

import (
	"errors"
	"fmt"
	"net/url"
)

// pathOf returns a decoded path as it is sent on: one spelling for each.
func pathOf(decoded string) string {
	return (&url.URL{Path: decoded}).EscapedPath()
}

// queryOf returns a query written anew: what was read of it and nothing else.
func queryOf(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", fmt.Errorf("the query cannot be read: %w", err)
	}
	if len(values) > maxParameters {
		return "", errors.New("there are too many parameters")
	}
	return values.Encode(), nil
}

const maxParameters = 200
