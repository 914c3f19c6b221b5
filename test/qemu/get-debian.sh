#!/bin/bash
# get-debian.sh [--only] SUITE[,SUITE...] FOLDER PACKAGE...: unpacks packages of Debian suites, with all that they depend on (--only: without),
# into FOLDER. A package name that starts with ^ is an extended regular expression and stands for the newest name that it matches.
# Installs nothing: apt gets lists and state of its own, and the mirrors are those that the machine's own apt is set up for.
set -euo pipefail
only=
if [ "$1" = --only ]; then only=1; shift; fi
suites=$1 folder=$2
shift 2

# The first mirror with an archive of this kind: security updates are kept apart from Debian itself.
mirror() { # AWK-CONDITION ON $2, THE SUITE
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' | awk "\$3 == \"main\" && $1 { print \$1; exit }"
}
[ -n "$(mirror '$2 !~ /-/')" ] || apt-get update -q >/dev/null

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/archives/partial"
for suite in ${suites//,/ }; do
  case $suite in
    *-security) uri=$(mirror '$2 ~ /-security$/') ;;
    *) uri=$(mirror '$2 !~ /-/') ;;
  esac
  [ -n "$uri" ] || { echo "get-debian.sh: apt is set up for no Debian mirror that has $suite" >&2; exit 1; }
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >>"$state/sources.list"
done

options=(-o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::State::Lists="$state/lists"
  -o Dir::Cache="$state" -o Dir::Cache::Archives="$state/archives" -o Dir::Etc::SourceList="$state/sources.list"
  -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User=root
  -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=true)
apt-get -qq "${options[@]}" update >&2

packages=()
for package in "$@"; do
  if [[ $package == ^* ]]; then
    name=$(apt-cache "${options[@]}" pkgnames | grep -Ex -- "${package#^}" | sort -V | tail -n 1 || true)
    [ -n "$name" ] || { echo "get-debian.sh: $suites has no package $package" >&2; exit 1; }
    package=$name
  fi
  packages+=("$package")
done
if [ -n "$only" ]; then
  (cd "$state/archives" && apt-get -qq "${options[@]}" download "${packages[@]}" >&2)
else
  apt-get -qq "${options[@]}" install --download-only --yes "${packages[@]}" >&2
fi
mkdir -p "$folder"
for package in "$state"/archives/*.deb; do dpkg-deb --extract "$package" "$folder"; done
