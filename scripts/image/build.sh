#!/bin/sh
# `npm run image [-- TAG]`: builds the image of every role and saves it as an archive that `docker load`, `buildah pull docker-archive:` and
# `ctr -n k8s.io images import` take: build/image/mdev-operator-TAG.tar. TAG is by default the version in package.json.
#
# The bundle is made here, not in the image: npm then works with this machine's own configuration (registry, proxies, certificates, none of
# which may get near an image), and what goes in is what `npm run build` made and the tests ran.
#
# Environment: BASE, an image with Node.js 24 as `node` (default: made by make-base.sh where there is apt, else the Dockerfile's);
# BUILDER, buildah or docker (default: the first that works here); IMAGE, its name (default mdev-operator).
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
tag=${1:-$version}
image=${IMAGE:-mdev-operator}:$tag

if [ -z "${BUILDER:-}" ]; then
  if command -v buildah >/dev/null; then BUILDER=buildah
  elif docker info >/dev/null 2>&1; then BUILDER=docker
  else echo 'Cannot build an image: neither buildah nor a Docker engine is here (apt-get install buildah)' >&2; exit 1; fi
fi
build() { # TAG FOLDER [ARGUMENT...]
  name=$1 folder=$2
  shift 2
  case $BUILDER in
    # chroot and vfs: neither user namespaces nor overlays are asked of the machine, which may be a container itself.
    buildah) buildah --storage-driver vfs build --quiet --isolation chroot --tag "$name" "$@" "$folder" ;;
    docker) docker build --quiet --tag "$name" "$@" "$folder" ;;
    *) echo "BUILDER must be buildah or docker, not $BUILDER" >&2; exit 1 ;;
  esac
}

npm run --silent build >&2
work=build/image/context
rm -rf "$work"
mkdir -p "$work/app/node_modules"
cp -R dist crds profiles package.json LICENSE "$work/app/"
# All that is not in the bundle: a library in machine code.
cp -RL node_modules/koffi node_modules/@koromix "$work/app/node_modules/"
chmod -R a+rX "$work/app"
cp Dockerfile "$work/"

if [ -z "${BASE:-}" ] && command -v apt-get >/dev/null; then
  archive=$(sh scripts/image/make-base.sh)
  BASE=localhost/mdev-operator-base:$(basename "$archive" .tar)
  base_context=build/image/base
  rm -rf "$base_context"
  mkdir -p "$base_context"
  ln "$archive" "$base_context/base.tar" 2>/dev/null || cp "$archive" "$base_context/base.tar"
  printf 'FROM scratch\nADD base.tar /\n' >"$base_context/Dockerfile"
  build "$BASE" "$base_context" >/dev/null
  rm -rf "$base_context"
fi
build "$image" "$work" ${BASE:+--build-arg "BASE=$BASE"} --build-arg "VERSION=$version" \
  --label "org.opencontainers.image.revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)" >/dev/null
rm -rf "$work"

out=build/image/mdev-operator-$tag.tar
rm -f "$out"
case $BUILDER in
  buildah) buildah --storage-driver vfs push --quiet "$image" "docker-archive:$out:$image" ;;
  docker) docker save --output "$out" "$image" ;;
esac
echo "$image: $(du -m "$out" | cut -f 1) MiB, $(gzip -1 <"$out" | wc -c | awk '{ printf "%d", $1 / 1048576 }') MiB compressed, in $out"
