#!/bin/sh
# The inside of run.sh: makes the namespaces look like a node, and runs the tests there.
set -eu
hostname node-1
mount -t tmpfs tmpfs /run
for place in $MDEV_NODE_PLACES; do
  mkdir -p "$MDEV_NODE_WORK$place"
  mount --bind "$MDEV_NODE_WORK$place" "$place"
done
# Volumes are mounted there and shared with containers.
mount --make-rshared /
ip link set lo up
# The address of the node, and that of the API server for pods, which here no proxy stands in for.
ip address add 198.18.6.1/32 dev lo
ip address add 198.18.7.1/32 dev lo
exec node node_modules/vitest/vitest.mjs run --configLoader native --config vitest.node.config.ts "$@"
