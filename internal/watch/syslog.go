package watch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bulkhead/internal/report"
)

// DefaultSyslog is where the system log of this machine listens.
const DefaultSyslog = "unix:///dev/log"

// authpriv is the facility: what may hold secrets goes to a log that not
// everybody reads.
const authpriv = 10

// maxMessage bounds a message: more does not go through a Unix socket or a
// datagram everywhere. RFC 5424, 6.1.
const maxMessage = 8 << 10

// sendTimeout bounds one attempt to send an alert.
const sendTimeout = 10 * time.Second

// A syslog is a connection to a system log.
type syslog struct {
	networks []string // tried in this order
	address  string
	conn     net.Conn
	framed   bool // each message begins with its length: RFC 6587, 3.4.1
	hostname string
}

// OpenSyslog returns an output that sends alerts to a system log in the format
// of RFC 5424. The address is unix:///path, udp://host:port or
// tcp://host:port. Connecting happens when the first alert is sent.
func OpenSyslog(address string) (*Queue, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address of a system log", address)
	}
	s := &syslog{}
	switch {
	case u.Scheme == "unix" && u.Path != "" && u.Host == "":
		s.networks, s.address = []string{"unixgram", "unix"}, u.Path
	case (u.Scheme == "udp" || u.Scheme == "tcp") && u.Hostname() != "" && u.Path == "":
		s.networks, s.address = []string{u.Scheme}, u.Host
		if u.Port() == "" {
			s.address = net.JoinHostPort(u.Hostname(), "514")
		}
	default:
		return nil, fmt.Errorf("%q is no address of a system log: it reads unix:///path, udp://host:port or tcp://host:port", address)
	}
	s.hostname, _ = os.Hostname() // without one it is "-"
	return newQueue("syslog "+s.address, queueLength, s.send), nil
}

func (s *syslog) connect(ctx context.Context) error {
	var d net.Dialer
	var errs []error
	for _, network := range s.networks {
		conn, err := d.DialContext(ctx, network, s.address)
		if err == nil {
			s.conn, s.framed = conn, network == "tcp" || network == "unix"
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// send sends one alert, over a connection that it keeps.
func (s *syslog) send(ctx context.Context, a *Alert) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	message := s.message(a)
	if s.framed {
		message = append([]byte(strconv.Itoa(len(message))+" "), message...)
	}
	deadline, _ := ctx.Deadline()
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = s.conn.Write(message)
	}
	if err != nil {
		_ = s.conn.Close() // the error that counts is the other
		s.conn = nil
	}
	return err
}

// message writes the alert as RFC 5424 says.
func (s *syslog) message(a *Alert) []byte {
	const layout = "2006-01-02T15:04:05.000000Z"
	b := []byte("<" + strconv.Itoa(authpriv*8+int(a.Priority)) + ">1 ")
	b = a.Time.UTC().AppendFormat(b, layout)
	b = append(b, " "+word(s.hostname, 255)+" bulkhead "+strconv.Itoa(os.Getpid())+" alert - "...)
	b = append(b, a.Priority.String()+" "+report.Printable(a.Rule)+": "+a.Output...)
	if len(b) <= maxMessage {
		return b
	}
	n := maxMessage
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// word returns s as a header of a message allows it: printable ASCII without
// blanks, "-" for none.
func word(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}
