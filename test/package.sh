#!/bin/sh
# Packs the package as npm would publish it, installs it into an empty folder and runs its bin with the host's own Node.js
# if that is new enough, else with the one of this repository: built JavaScript, no sources, no development dependencies.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PATH="$PWD/node_modules/.bin:$PATH"
npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ./mdev-operator-*.tgz
bin=node_modules/.bin/mdev-operator
"$bin" version
"$bin" crds | grep -q 'name: mdevdevices.mediated.dev'
"$bin" standalone --data-dir "$folder/data" >"$folder/out" 2>"$folder/err" &
pid=$!
for _ in $(seq 100); do
  grep -q 'is ready' "$folder/out" && break
  kill -0 "$pid" || { cat "$folder/out" "$folder/err"; exit 1; }
  sleep 0.2
done
export KUBECONFIG="$folder/data/kubeconfig"
kubectl wait mdevparents --all --for=condition=Present --timeout=10s
# A device's socket: the I/O thread and the foreign function interface are in the package.
kubectl apply -f node_modules/mdev-operator/examples/serial-for-qemu.yaml
kubectl wait mdev/guest-serial --for=condition=Ready --timeout=10s
test -S "$(kubectl get mdev/guest-serial -o 'jsonpath={.status.vfio.socketPath}')"
"$bin" qemu guest-serial | grep -q 'vfio-user-pci'
kill "$pid"
wait "$pid"
echo "the installed package works"
