#!/bin/sh
# Starts the metrics agent beside the shop. It reads what the kernel tells
# everybody; it needs neither the host's file system nor the engine's socket.
set -e

docker network create --driver bridge metrics

docker run -d --name metrics \
  --network metrics \
  --user 10001:10001 \
  --read-only \
  --cap-drop ALL \
  --security-opt no-new-privileges:true \
  --memory 128m --memory-swap 128m --cpus 0.5 --pids-limit 100 \
  --log-opt max-size=10m --log-opt max-file=3 \
  --restart on-failure:5 \
  --health-cmd /agent-health \
  registry.example.com/metrics-agent:2.3.1
