package dockerfile

import (
	"strings"
	"testing"

	"bulkhead/internal/source"
)

const realistic = `# syntax=docker/dockerfile:1
ARG NODE=18
FROM node:${NODE}-alpine AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
COPY . .
RUN npm run build && \
    npm prune --omit=dev && \
    rm -rf /tmp/*

FROM debian:12-slim AS tools
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates \
        curl \
    && rm -rf /var/lib/apt/lists/* \
    && curl -fsSL https://example.com/tini -o /usr/bin/tini \
    && chmod +x /usr/bin/tini

FROM node:18-alpine
LABEL org.opencontainers.image.source="https://example.com/shop" org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production PORT=3000
COPY --from=tools /usr/bin/tini /usr/bin/tini
COPY --from=build --chown=node:node /src /app
WORKDIR /app
EXPOSE $PORT
USER node
HEALTHCHECK --interval=30s CMD wget -qO- http://localhost:3000/health || exit 1
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "server.js"]
`

// worst has the shape that costs most for its size: variables everywhere,
// long values, many stages that inherit.
func worst() string {
	var b strings.Builder
	b.WriteString("ARG A=" + strings.Repeat("x", 1000) + "\nFROM a AS s0\n")
	for i := range 300 {
		b.WriteString("ARG A\nENV B=${A}${A} C=\"${B:-$A}\" D=${A%x}\nEXPOSE ${A:+80}\n")
		b.WriteString("RUN a \"$(b $(c `d` <(e)))\" | sh -c 'f | g && { h; }' || if i; then j; fi\n")
		if i%10 == 0 {
			b.WriteString("FROM s0\n")
		}
	}
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"realistic", realistic}, {"worst", worst()}} {
		b.Run(bb.name, func(b *testing.B) {
			text := []byte(bb.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Read(source.NewFile("Dockerfile", text), Options{})
			}
		})
	}
}
