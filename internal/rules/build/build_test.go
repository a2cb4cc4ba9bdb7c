package build

import (
	"testing"

	"bulkhead/internal/frontend/dockerfile"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/ruletest"
	"bulkhead/internal/source"
)

func TestRules(t *testing.T) { ruletest.All(t, All) }

// typical is a Dockerfile of the size and with the faults most have.
const typical = `FROM node:22 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install
COPY . .
RUN npm run build
FROM debian:12
RUN apt-get update && apt-get install -y curl ca-certificates && \
    curl -fsSL https://deb.example.com/setup.sh | bash - && \
    apt-get install -y nodejs
ENV NODE_ENV=production
COPY --from=build --chown=node:node /app/dist /app
EXPOSE 8080
USER node
CMD node /app/server.js
`

func BenchmarkRules(b *testing.B) {
	facts := dockerfile.Read(source.NewFile("Dockerfile", []byte(typical)), dockerfile.Options{})
	system := &model.System{Builds: facts.Builds}
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range All {
			rule.Run(r, system)
		}
	}
}
