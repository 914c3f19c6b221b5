#!/bin/sh
# Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test` work on a fresh clone.
set -e
cd "$(dirname "$0")/.."
# In a worktree it may be a link to another checkout's: npm would empty the folder that it leads to.
if [ -L node_modules ]; then
  [ -e node_modules/.package-lock.json ] || { echo "node_modules is a link to a folder without an installation: install there, or remove the link" >&2; exit 1; }
  exit 0
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # A registry that does not answer is asked again soon.
  npm ci --no-fund --no-audit --fetch-timeout=60000 --fetch-retries=5
  touch node_modules/.package-lock.json
fi
