package servicetest

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/smtp"
	"strings"
)

// A lines is a connection of a protocol of lines. The first error stays.
type lines struct {
	c   net.Conn
	r   *bufio.Reader
	err error
}

// dialLines connects.
func dialLines(ctx context.Context, t *Target) (*lines, error) {
	c, err := t.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &lines{c: c, r: bufio.NewReader(c)}, nil
}

// close ends the connection and returns the first error.
func (l *lines) close() error {
	_ = l.c.Close() // what was to be said was said
	return l.err
}

// send writes lines.
func (l *lines) send(all ...string) {
	if l.err == nil {
		_, l.err = l.c.Write([]byte(strings.Join(all, "\r\n") + "\r\n"))
	}
}

// line returns the next line, without its end.
func (l *lines) line() string {
	if l.err != nil {
		return ""
	}
	var text string
	text, l.err = l.r.ReadString('\n')
	return strings.TrimRight(text, "\r\n")
}

// expect reads lines and compares them.
func (l *lines) expect(all ...string) {
	for _, want := range all {
		if got := l.line(); l.err == nil {
			l.err = same("answer", got, want)
		}
	}
}

// testRedis sets, reads, counts and pushes.
func testRedis(ctx context.Context, t *Target) error {
	l, err := dialLines(ctx, t)
	if err != nil {
		return err
	}
	name, value := word(), word()
	l.send("SET " + name + " " + value)
	l.expect("+OK")
	l.send("GET " + name)
	l.expect(fmt.Sprintf("$%d", len(value)), value)
	l.send("RPUSH "+name+"l a b", "LPOP "+name+"l", "LLEN "+name+"l")
	l.expect(":2", "$1", "a", ":1")
	l.send("DEL " + name + " " + name + "l")
	l.expect(":2")
	l.send("BGSAVE")
	if got := l.line(); l.err == nil && !strings.HasPrefix(got, "+") && !strings.Contains(got, "in progress") {
		l.err = fmt.Errorf("BGSAVE: got %q, want it to start", got)
	}
	return l.close()
}

// testMemcached sets, reads and deletes.
func testMemcached(ctx context.Context, t *Target) error {
	l, err := dialLines(ctx, t)
	if err != nil {
		return err
	}
	name, value := word(), word()
	l.send(fmt.Sprintf("set %s 7 60 %d", name, len(value)), value)
	l.expect("STORED")
	l.send("get " + name)
	l.expect(fmt.Sprintf("VALUE %s 7 %d", name, len(value)), value, "END")
	l.send("delete " + name)
	l.expect("DELETED")
	l.send("get " + name)
	l.expect("END")
	return l.close()
}

// testNATS keeps a message in a stream, and reads it there and as a subscriber.
func testNATS(ctx context.Context, t *Target) error {
	l, err := dialLines(ctx, t)
	if err != nil {
		return err
	}
	subject, text := word(), word()
	l.line() // INFO
	l.send(`CONNECT {"verbose":false}`, "SUB inbox 1", "SUB "+subject+" 2")
	l.request("$JS.API.STREAM.CREATE."+subject, fmt.Sprintf(`{"name":%q,"subjects":[%q],"storage":"file"}`, subject, subject))
	l.send(fmt.Sprintf("PUB %s %d", subject, len(text)), text, "PING")
	for l.err == nil {
		got := l.line()
		if got == "PONG" {
			l.err = fmt.Errorf("the message was not delivered to its subscriber")
		} else if strings.HasPrefix(got, "MSG "+subject+" 2 ") {
			break
		}
	}
	l.expect(text, "PONG")
	var kept struct {
		Message struct{ Data string }
	}
	answer := l.request("$JS.API.STREAM.MSG.GET."+subject, `{"seq":1}`)
	if l.err == nil {
		l.err = json.Unmarshal([]byte(answer), &kept)
	}
	data, err := base64.StdEncoding.DecodeString(kept.Message.Data)
	if l.err == nil && err == nil {
		err = same("message", string(data), text)
	}
	if l.err == nil {
		l.err = err
	}
	l.request("$JS.API.STREAM.DELETE."+subject, "")
	return l.close()
}

// request sends a request to a NATS server and returns the answer, which is no
// error.
func (l *lines) request(subject, text string) string {
	l.send(fmt.Sprintf("PUB %s inbox %d", subject, len(text)), text)
	for l.err == nil && !strings.HasPrefix(l.line(), "MSG inbox 1 ") {
		continue
	}
	answer := l.line()
	if l.err == nil && strings.Contains(answer, `"error":`) {
		l.err = fmt.Errorf("%s: %s", subject, answer)
	}
	return answer
}

// testPostfix sends a mail, and reads it in the mailbox.
func testPostfix(ctx context.Context, t *Target) error {
	c, err := t.Dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // what was to be said was said
	s, err := smtp.NewClient(c, "mail.service.test")
	if err != nil {
		return err
	}
	text := word()
	if err := s.Mail("writer@example.test"); err != nil {
		return err
	}
	if err := s.Rcpt("reader@service.test"); err != nil {
		return err
	}
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "Subject: test\r\n\r\n%s\r\n", text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := s.Quit(); err != nil {
		return err
	}
	for {
		box, err := t.Client(ctx, "root", "cat", "/var/mail/reader")
		if err == nil && strings.Contains(box, text) {
			return nil
		}
		if wait := pause(ctx); wait != nil {
			return fmt.Errorf("the mail was not delivered: %w: %w", wait, err)
		}
	}
}

// testUnbound asks for an address and a text of its configuration, and for a
// name that is not there.
func testUnbound(ctx context.Context, t *Target) error {
	for _, network := range []string{"udp", "tcp"} {
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, t.Host())
		}}
		addresses, err := r.LookupHost(ctx, "www.service.test.")
		if err != nil {
			return err
		}
		if err := same("address", strings.Join(addresses, " "), "192.0.2.17"); err != nil {
			return err
		}
		texts, err := r.LookupTXT(ctx, "www.service.test.")
		if err != nil {
			return err
		}
		if err := same("text", strings.Join(texts, " "), "answered from the configuration"); err != nil {
			return err
		}
		if got, err := r.LookupHost(ctx, "nothing.service.test."); err == nil {
			return fmt.Errorf("nothing.service.test: got %v, want no such name", got)
		}
	}
	return nil
}
