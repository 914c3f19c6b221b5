#!/bin/bash
# get-debian.sh SUITE FOLDER PACKAGE...: unpacks packages of a Debian suite, with all that they depend on, into FOLDER. Installs nothing:
# apt gets lists and state of its own, and the mirror is the one that the machine's own apt is set up for.
set -euo pipefail
suite=$1 folder=$2
shift 2

# The first mirror that has Debian itself, and not only its security updates.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' | awk '$3 == "main" && $2 !~ /-/ { print $1; exit }')
if [ -z "$mirror" ]; then
  apt-get update -q >/dev/null
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' | awk '$3 == "main" && $2 !~ /-/ { print $1; exit }')
fi
[ -n "$mirror" ] || { echo "get-debian.sh: apt is set up for no Debian mirror" >&2; exit 1; }

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/archives/partial"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror $suite main" >"$state/sources.list"
apt() {
  apt-get -qq -o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::State::Lists="$state/lists" \
    -o Dir::Cache="$state" -o Dir::Cache::Archives="$state/archives" -o Dir::Etc::SourceList="$state/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User=root \
    -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=true "$@"
}
apt update >&2
apt install --download-only --yes "$@" >&2
mkdir -p "$folder"
for package in "$state"/archives/*.deb; do dpkg-deb --extract "$package" "$folder"; done
