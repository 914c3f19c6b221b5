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
kubectl --kubeconfig "$folder/data/kubeconfig" wait mdevparents --all --for=condition=Present --timeout=10s
kill "$pid"
wait "$pid"
echo "the installed package works"
