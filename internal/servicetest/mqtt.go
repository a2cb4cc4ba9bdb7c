package servicetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// testMosquitto publishes a message that is retained, and reads it with a
// connection of its own.
func testMosquitto(ctx context.Context, t *Target) error {
	topic, message := word(), word()
	writer, err := dialMQTT(ctx, t)
	if err != nil {
		return err
	}
	// MQTT 3.1.1, 3.3: at least once, retained, with identifier 1.
	id := []byte{0, 1}
	err = writer.ask(0x33, append(append(text(topic), id...), message...), 0x40)
	if err = errors.Join(err, writer.Close()); err != nil {
		return err
	}
	reader, err := dialMQTT(ctx, t)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // what was to be said was said
	if err := reader.ask(0x82, append(append(id, text(topic)...), 0), 0x90); err != nil {
		return err
	}
	kind, got, err := reader.packet()
	if err != nil {
		return err
	}
	if kind&0xf0 != 0x30 {
		return fmt.Errorf("got packet %#x, want a message", kind)
	}
	return same("message", string(got), string(text(topic))+message)
}

// An mqtt is a connection to a broker.
type mqtt struct{ net.Conn }

// dialMQTT connects as a client that nothing is kept for.
func dialMQTT(ctx context.Context, t *Target) (mqtt, error) {
	c, err := t.Dial(ctx)
	if err != nil {
		return mqtt{}, err
	}
	m := mqtt{c}
	hello := append(text("MQTT"), 4, 2, 0, 60) // level, clean session, seconds to keep alive
	return m, m.ask(0x10, append(hello, text(word())...), 0x20)
}

// text returns a string as MQTT writes it.
func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

// ask sends a packet of fewer than 128 bytes and reads the answer.
func (m mqtt) ask(kind byte, body []byte, want byte) error {
	if _, err := m.Write(append([]byte{kind, byte(len(body))}, body...)); err != nil {
		return err
	}
	got, _, err := m.packet()
	if err == nil && got != want {
		err = fmt.Errorf("packet %#x: got answer %#x, want %#x", kind, got, want)
	}
	return err
}

// packet reads a packet of fewer than 128 bytes.
func (m mqtt) packet() (kind byte, body []byte, err error) {
	var header [2]byte
	if _, err := io.ReadFull(m, header[:]); err != nil {
		return 0, nil, err
	}
	body = make([]byte, header[1]&0x7f)
	_, err = io.ReadFull(m, body)
	return header[0], body, err
}
