#!/bin/sh
# Makes the image that ours is built upon where no registry has one: Node.js, the C and C++ libraries that it needs, and nothing
# else: no shell, no package manager. Node.js is that of package-lock.json, the libraries are Debian's packages, as this machine's apt has them
# (no root needed). Prints the path of the archive, a root file system, kept below ~/.cache/mdev-operator.
set -eu
cd "$(dirname "$0")/../.."
packages='base-files netbase libc6 libgcc-s1 libstdc++6'
node=$(readlink -f node_modules/node/bin/node)

for program in apt-get dpkg-deb tar; do
  command -v "$program" >/dev/null || { echo "Cannot make a base image without $program, of Debian: give one with Node.js 24 as BASE" >&2; exit 1; }
done
cache=${MDEV_IMAGE_CACHE:-$HOME/.cache/mdev-operator/image}
mkdir -p "$cache"
key=$( { cat "$0"; "$node" --version; apt-cache policy $packages; } | sha256sum | cut -c 1-12)
archive=$cache/base-$key.tar
if [ -e "$archive" ]; then echo "$archive"; exit 0; fi

work=$(mktemp -d "$cache/part.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root" "$work/packages"
# apt gives up root for the download, and then may not write here.
(cd "$work/packages" && apt-get download -q -o APT::Sandbox::User=root $packages >&2)
for package in "$work"/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --no-same-owner
done
# What nothing here reads.
rm -rf "$root"/usr/share/doc-base "$root"/usr/share/man "$root"/usr/share/lintian "$root"/usr/share/zoneinfo "$root"/usr/lib/*/gconv "$root"/usr/sbin
find "$root/usr/share/doc" -type f ! -name copyright -delete
mkdir -p "$root/usr/bin" "$root/tmp" "$root/run" "$root/etc"
chmod 1777 "$root/tmp"
cp "$node" "$root/usr/bin/node"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
tar -c -C "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -f "$work/base.tar" .
mv "$work/base.tar" "$archive"
echo "$archive"
