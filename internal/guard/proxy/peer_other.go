//go:build !linux

package proxy

import "net"

// peerOf returns nobody: only Linux is asked who is at the other end of c.
func (p *Proxy) peerOf(net.Conn) *peer { return &peer{name: p.Name} }
