#!/bin/sh
# Packs the package as npm would publish it, installs it into an empty folder and runs its bin, with this repository's Node.js and
# with the oldest that package.json allows: built JavaScript, no sources, no development dependencies.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
new="$PWD/node_modules/.bin"
oldest=$("$new/node" -p 'require("./package.json").engines.node.replace(">=", "")')
PATH="$new:$PATH" npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
npm init -y >/dev/null
# A registry that does not answer is asked again soon.
install="npm install --silent --no-fund --no-audit --prefer-offline --fetch-timeout=30000 --fetch-retries=5"
$install ./mdev-operator-*.tgz
# Kept from run to run; whole, or not there.
oldest_node="${MDEV_OPERATOR_CACHE:-$HOME/.cache/mdev-operator}/node-$oldest"
if ! "$oldest_node/node_modules/.bin/node" -v >/dev/null 2>&1; then
  $install --prefix oldest "node@$oldest"
  rm -rf "$oldest_node"
  mkdir -p "${oldest_node%/*}"
  mv oldest "$oldest_node"
fi
bin="$folder/node_modules/.bin/mdev-operator"

# What the bin does, run by the `node` that PATH has first.
check() { # DATA_DIR
  "$bin" version
  "$bin" crds | grep -q 'name: mdevdevices.mediated.dev'
  "$bin" standalone --data-dir "$1" >"$1.out" 2>"$1.err" &
  pid=$!
  for _ in $(seq 100); do
    grep -q 'is ready' "$1.out" && break
    kill -0 "$pid" || { cat "$1.out" "$1.err"; exit 1; }
    sleep 0.2
  done
  export KUBECONFIG="$1/kubeconfig"
  kubectl wait mdevparents --all --for=condition=Present --timeout=10s
  # A device's socket: the I/O thread and the foreign function interface are in the package.
  kubectl apply -f node_modules/mdev-operator/examples/serial-for-qemu.yaml
  kubectl wait mdev/guest-serial --for=condition=Ready --timeout=10s
  test -S "$(kubectl get mdev/guest-serial -o 'jsonpath={.status.vfio.socketPath}')"
  "$bin" qemu guest-serial | grep -q 'vfio-user-pci'
  PATH="$folder/node_modules/.bin:$PATH" kubectl mdev why guest-serial | grep -q '^default/guest-serial is ready'
  kill "$pid"
  wait "$pid"
}

for path in "$new" "$oldest_node/node_modules/.bin"; do
  PATH="$path:$PATH"
  check "$folder/data-$(node -v)"
  echo "the installed package works with Node.js $(node -v)"
done
