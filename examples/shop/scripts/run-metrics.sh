#!/bin/sh
# Starts the metrics agent beside the shop.
set -e

docker network create --driver bridge --opt encrypted metrics

docker run -d --name metrics \
  --network host \
  --pid host \
  -v /:/rootfs:ro \
  -v /var/run/docker.sock:/var/run/docker.sock \
  example/metrics-agent:latest
