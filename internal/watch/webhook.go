package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// OpenWebhook returns an output that posts each alert to a URL as one JSON
// object. An answer of 408, 429 or 5xx and a connection that fails are tried
// again; another answer than 2xx loses the alert. Redirects are not followed:
// they would turn a POST into a GET.
func OpenWebhook(address string) (*Queue, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("a webhook wants an address that begins with http:// or https://") // which may hold a secret
	}
	client := &http.Client{
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return newQueue("webhook "+u.Host, queueLength, func(ctx context.Context, a *Alert) error {
		return post(ctx, client, address, a)
	}), nil
}

func post(ctx context.Context, client *http.Client, address string, a *Alert) error {
	body, err := JSON(a)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: the address cannot be used", errRefused)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bulkhead")
	resp, err := client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address, which may hold a secret
		}
		return err
	}
	const enough = 64 << 10
	_, _ = io.CopyN(io.Discard, resp.Body, enough) // so that the connection can be used again
	_ = resp.Body.Close()
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return fmt.Errorf("it answers %s", resp.Status)
	default:
		return fmt.Errorf("%w: it answers %s", errRefused, resp.Status)
	}
}
