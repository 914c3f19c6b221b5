#!/bin/sh
# Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test` work on a fresh clone.
set -e
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-fund --no-audit
  touch node_modules/.package-lock.json
fi
