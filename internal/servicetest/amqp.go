package servicetest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Methods of AMQP 0-9-1: class and number.
const (
	amqpStart     = 10<<16 | 10
	amqpStartOK   = 10<<16 | 11
	amqpTune      = 10<<16 | 30
	amqpTuneOK    = 10<<16 | 31
	amqpOpen      = 10<<16 | 40
	amqpOpenOK    = 10<<16 | 41
	amqpChannel   = 20<<16 | 10
	amqpChannelOK = 20<<16 | 11
	amqpDeclare   = 50<<16 | 10
	amqpDeclareOK = 50<<16 | 11
	amqpDelete    = 50<<16 | 40
	amqpDeleteOK  = 50<<16 | 41
	amqpPublish   = 60<<16 | 40
	amqpGet       = 60<<16 | 70
	amqpGetOK     = 60<<16 | 71
)

// Kinds of frames of AMQP 0-9-1.
const (
	amqpMethod = 1
	amqpHeader = 2
	amqpBody   = 3
)

// testRabbitMQ declares a durable queue, publishes a message that is kept on
// disk, gets it, and deletes the queue.
func testRabbitMQ(ctx context.Context, t *Target) error {
	c, err := t.Dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // what was to be said was said
	a := &amqp{c: c, r: bufio.NewReader(c)}
	if _, err := c.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		return err
	}
	queue, message := word(), word()
	a.expect(0, amqpStart)
	a.method(0, amqpStartOK, table, short("PLAIN"), long("\x00guest\x00guest"), short("en_US"))
	tune := a.expect(0, amqpTune)
	if a.err != nil {
		return a.err
	}
	a.method(0, amqpTuneOK, tune[:6], []byte{0, 0})
	a.method(0, amqpOpen, short("/"), short(""), []byte{0})
	a.expect(0, amqpOpenOK)
	a.method(1, amqpChannel, short(""))
	a.expect(1, amqpChannelOK)
	const durable = 2
	a.method(1, amqpDeclare, []byte{0, 0}, short(queue), []byte{durable}, table)
	a.expect(1, amqpDeclareOK)
	a.method(1, amqpPublish, []byte{0, 0}, short(""), short(queue), []byte{0})
	const deliveryMode = 1 << 12 // of the properties of a message
	header := binary.BigEndian.AppendUint64([]byte{0, 60, 0, 0}, uint64(len(message)))
	a.frame(amqpHeader, 1, append(binary.BigEndian.AppendUint16(header, deliveryMode), 2))
	a.frame(amqpBody, 1, []byte(message))
	a.method(1, amqpGet, []byte{0, 0}, short(queue), []byte{1})
	a.expect(1, amqpGetOK)
	a.read() // its header
	kind, got := a.read()
	if a.err == nil && kind != amqpBody {
		a.err = fmt.Errorf("got frame %d, want the body of a message", kind)
	}
	a.method(1, amqpDelete, []byte{0, 0}, short(queue), []byte{0})
	a.expect(1, amqpDeleteOK)
	if a.err != nil {
		return a.err
	}
	return same("message", string(got), message)
}

// table is an empty one.
var table = []byte{0, 0, 0, 0}

func short(s string) []byte { return append([]byte{byte(len(s))}, s...) }

func long(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// An amqp is a connection to a broker. The first error stays.
type amqp struct {
	c   net.Conn
	r   *bufio.Reader
	err error
}

// frame sends a frame.
func (a *amqp) frame(kind byte, channel uint16, payload []byte) {
	if a.err != nil {
		return
	}
	out := binary.BigEndian.AppendUint16([]byte{kind}, channel)
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(payload))), payload...)
	_, a.err = a.c.Write(append(out, 0xce))
}

// method sends a method with its arguments.
func (a *amqp) method(channel uint16, method uint32, arguments ...[]byte) {
	payload := binary.BigEndian.AppendUint32(nil, method)
	for _, x := range arguments {
		payload = append(payload, x...)
	}
	a.frame(amqpMethod, channel, payload)
}

// read returns the kind and the payload of the next frame.
func (a *amqp) read() (kind byte, payload []byte) {
	if a.err != nil {
		return 0, nil
	}
	var header [7]byte
	if _, a.err = io.ReadFull(a.r, header[:]); a.err != nil {
		return 0, nil
	}
	const most = 1 << 17
	payload = make([]byte, min(binary.BigEndian.Uint32(header[3:]), most)+1) // and the frame's end
	_, a.err = io.ReadFull(a.r, payload)
	return header[0], payload[:len(payload)-1]
}

// expect reads a method and returns its arguments.
func (a *amqp) expect(channel uint16, want uint32) []byte {
	kind, payload := a.read()
	if a.err != nil {
		return nil
	}
	if len(payload) < 4 || kind != amqpMethod || binary.BigEndian.Uint32(payload) != want {
		a.err = fmt.Errorf("channel %d: got frame %d %q, want method %d.%d", channel, kind, payload, want>>16, want&0xffff)
		return nil
	}
	return payload[4:]
}
