#!/bin/bash
# build-drivers.sh ROOT RELEASE VERSION FOLDER: builds the kernel's mdev sample drivers, and those of drivers/, into FOLDER, out of the tree.
# ROOT holds the unpacked packages linux-headers-RELEASE, what that needs, and linux-source-VERSION.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1 release=$2 version=$3 folder=$4
headers=$root/usr/src/linux-headers-$release
# Debian builds no sample drivers, and their sources are in no package but the one with all sources.
tar -xJf "$root/usr/src/linux-source-$version.tar.xz" -C "$root" "linux-source-$version/samples/vfio-mdev"
mkdir -p "$folder"
cp "$root/linux-source-$version"/samples/vfio-mdev/*.[ch] "$here"/drivers/*.c "$folder"
echo 'obj-m := mtty.o mdpy.o mbochs.o mfault.o' >"$folder/Makefile"
# The package expects to be below /usr/src.
sed -i "s#/usr/src/#$root/usr/src/#" "$headers/Makefile"
# It is there for type information, which takes a program more to make; without it, none is made.
rm -f "$headers/vmlinux"
log=$folder/log
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
  make -C "$headers" M="$folder" CC=gcc CROSS_COMPILE= modules >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
strip --strip-debug "$folder"/*.ko
