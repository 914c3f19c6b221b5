#!/bin/bash
# Prints a folder with `vmlinuz` and `initrd`: Debian stable's kernel, unpacked and not installed, and an initramfs of busybox and guest-init.sh.
# It is made anew when guest-init.sh or the suite changes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=${GUEST_SUITE:-bookworm}
cache=${MDEV_OPERATOR_CACHE:-$HOME/.cache/mdev-operator}
place=$cache/guest-$suite-$(sha256sum "$here/guest-init.sh" "$here/get-guest.sh" | sha256sum | cut -c1-12)
if [ ! -e "$place/initrd" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/guest.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  "$here/get-debian.sh" "$suite" "$work/root" linux-image-amd64 busybox-static >&2
  mkdir -p "$work/initrd-root/bin" "$work/initrd-root/dev" "$work/initrd-root/proc" "$work/initrd-root/sys"
  cp "$work/root/bin/busybox" "$work/initrd-root/bin/busybox"
  cp "$here/guest-init.sh" "$work/initrd-root/init"
  chmod +x "$work/initrd-root/init"
  (cd "$work/initrd-root" && find . | LC_ALL=C sort | ./bin/busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$work/initrd"
  cp "$work"/root/boot/vmlinuz-* "$work/vmlinuz"
  rm -rf "$work/root" "$work/initrd-root" "$place"
  mv "$work" "$place"
fi
echo "$place"
