#!/bin/bash
# get-kernel.sh 6.1|6.12: prints a folder with `vmlinuz` and `initrd`: Debian's kernel of that version, with the kernel's mdev sample drivers
# (mtty, mdpy, mbochs), a driver that fails and hangs on demand (mfault), and a userland that boot.sh runs commands in. Nothing is installed.
# It is made anew when one of the files that it is made of changes. Needs gcc, libc6-dev, make and xz on the machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
get_debian=$here/../qemu/get-debian.sh
case ${1:-} in
  6.1) name='6\.1\.0-[0-9]+' kbuild='6\.1' ;;
  6.12) name='6\.12\.[0-9]+\+deb12' kbuild=$name ;;
  *) echo "usage: get-kernel.sh 6.1|6.12" >&2; exit 2 ;;
esac
version=$1
cache=${MDEV_OPERATOR_CACHE:-$HOME/.cache/mdev-operator}
made_of=$(cd "$here" && cat get-kernel.sh build-drivers.sh "$get_debian" $(find guest drivers -type f | LC_ALL=C sort) | sha256sum | cut -c1-12)
place=$cache/kernel-$version-$made_of
if [ -e "$place/initrd" ]; then echo "$place"; exit; fi

for program in gcc make xz; do
  command -v $program >/dev/null || { echo "get-kernel.sh: drivers are compiled, which needs gcc, libc6-dev, make and xz-utils: no $program here" >&2; exit 1; }
done
mkdir -p "$cache"
work=$(mktemp -d "$cache/kernel.XXXXXX")
trap 'rm -rf "$work"' EXIT
say() { echo "get-kernel.sh: $*" >&2; }

say "$version: packages"
"$get_debian" --only bookworm,bookworm-security "$work/kernel" "^linux-image-$name-amd64" "^linux-headers-$name-amd64" \
  "^linux-headers-$name-common" "^linux-kbuild-$kbuild" "linux-source-$version" libelf1 zlib1g
"$get_debian" --only bookworm "$work/user" busybox-static mdevctl libc6 libgcc-s1 libstdc++6 util-linux libcap-ng0
release=$(cd "$work/kernel/boot" && echo vmlinuz-*)
release=${release#vmlinuz-}
busybox=$work/user/bin/busybox

say "$version: drivers for $release"
"$here/build-drivers.sh" "$work/kernel" "$release" "$version" "$work/drivers"

say "$version: initrd"
root=$work/root
libraries=lib/x86_64-linux-gnu
mkdir -p "$root"/{bin,dev,etc/mdevctl.d/scripts.d/{callouts,notifiers},lib64,"$libraries",proc,root,run,scratch,sys,tmp,usr/bin}
cp "$busybox" "$root/bin/"
for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
# The setpriv of busybox takes no right away from root, and its unshare leaves behind what it has started.
cp -a "$work/user/usr/bin/"{mdevctl,lsmdev,setpriv,unshare} "$root/usr/bin/"
cp -L "$work/user/lib64/ld-linux-x86-64.so.2" "$root/lib64/"
# What mdevctl, setpriv and Node.js are linked with, and what the C library loads by itself.
for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libnss_dns.so.2 libnss_files.so.2 libgcc_s.so.1 \
  libcap-ng.so.0; do
  cp -L "$work/user/$libraries/$library" "$root/$libraries/"
done
cp -L "$work/user/usr/$libraries/libstdc++.so.6" "$root/$libraries/"
cp -r "$here/guest/etc/." "$root/etc/"
cp "$here/guest/init.sh" "$root/init"
chmod +x "$root/init"
for program in hold-device without-netlink in-device-cgroup; do gcc -O2 -Wall -Werror -static -o "$root/usr/bin/$program" "$here/guest/$program.c"; done

# The modules that the guest asks for, and what they need. A module that this kernel has built in is not there to copy.
modules=$work/kernel/lib/modules/$release
mkdir -p "$root/lib/modules/$release"
take() { # MODULE
  local file to dependency
  file=$(find "$work/drivers" "$modules" \( -name "$1.ko" -o -name "$1.ko.xz" \) -print -quit)
  if [ -z "$file" ]; then return; fi
  to=$root/lib/modules/$release/$(basename "$file" .xz)
  if [ -e "$to" ]; then return; fi
  case $file in
    *.xz) xz -dc "$file" >"$to" ;;
    *) cp "$file" "$to" ;;
  esac
  for dependency in $(tr '\0' '\n' <"$to" | sed -n 's/^depends=//p' | tr ',' ' '); do take "${dependency//_/[-_]}"; done
}
for module in virtio_pci virtio_console 9pnet_virtio 9p overlay vfio vfio_iommu_type1 mdev iommufd mtty mdpy mbochs mfault; do take "$module"; done
for file in modules.builtin modules.order; do cp "$modules/$file" "$root/lib/modules/$release/"; done
"$busybox" depmod -b "$root" "$release"

(cd "$root" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) >"$work/initrd"
cp "$work/kernel/boot/vmlinuz-$release" "$work/vmlinuz"
rm -rf "$work"/{kernel,user,drivers,root}
# Another that was quicker has made the same.
mv -T "$work" "$place" 2>/dev/null || [ -e "$place/initrd" ]
echo "$place"
