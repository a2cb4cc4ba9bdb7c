package proxy

import (
	"context"
	"fmt"
	"os/user"
	"strconv"
	"sync"
)

// A peer is who opened a connection, as the kernel says.
type peer struct {
	known     bool
	uid, gid  uint32
	pid       int32
	container string // the id of the container it runs in
	host      bool   // it runs in none: its uid is a user of this machine

	once sync.Once
	name func(ctx context.Context, id string) string
	user string
	text string
}

type peerKey struct{}

func peerFrom(ctx context.Context) *peer {
	if p, ok := ctx.Value(peerKey{}).(*peer); ok {
		return p
	}
	return &peer{}
}

// who returns the peer as policies name it, how that is known, and as the
// journal tells it.
func (p *peer) who(ctx context.Context) (name, by, text string) {
	p.once.Do(func() { p.describe(ctx) })
	if p.user != "" {
		by = "socket"
	}
	return p.user, by, p.text
}

func (p *peer) describe(ctx context.Context) {
	if !p.known {
		p.text = "unknown"
		return
	}
	p.text = fmt.Sprintf("uid %d gid %d pid %d", p.uid, p.gid, p.pid)
	switch {
	case p.container != "":
		name := p.container[:12]
		if p.name != nil {
			if n := p.name(ctx, p.container); n != "" {
				name = n
			}
		}
		p.user = "container:" + name
		p.text += " in container " + name
	case p.host:
		p.user = strconv.Itoa(int(p.uid))
		if u, err := user.LookupId(p.user); err == nil {
			p.user = u.Username
		}
	}
}
