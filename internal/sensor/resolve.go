package sensor

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// How often and how long this machine's resolver is asked for the names that
// rules compare addresses with.
const (
	resolveEvery = 5 * time.Minute
	resolveWait  = 2 * time.Second
)

// resolve sends the addresses of hosts to out, again and again until ctx is
// done. A name that has no address is left out.
func resolve(ctx context.Context, hosts []string, out chan<- map[netip.Addr]string) {
	for len(hosts) > 0 {
		known := map[netip.Addr]string{}
		for _, host := range hosts {
			asking, cancel := context.WithTimeout(ctx, resolveWait)
			addrs, _ := net.DefaultResolver.LookupNetIP(asking, "ip", host) // no answer is no name
			cancel()
			for _, a := range addrs {
				known[a.Unmap()] = host
			}
		}
		select {
		case out <- known:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(resolveEvery):
		case <-ctx.Done():
			return
		}
	}
}
