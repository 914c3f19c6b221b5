#!/bin/bash
# Prints how to run a QEMU that has the vfio-user-pci device (10.1 or later): $QEMU if that is set, the machine's own if it has the
# device, else Debian testing's, unpacked below ~/.cache/mdev-operator and not installed. Packages come from the Debian mirror that the
# machine's own apt is set up for.
set -euo pipefail

speaks_vfio_user() { "$1" -device vfio-user-pci,help 2>/dev/null | grep -q socket; }

for own in "${QEMU:-}" "$(command -v qemu-system-x86_64 || true)"; do
  if [ -n "$own" ] && speaks_vfio_user "$own"; then echo "$own"; exit; fi
done
if [ -n "${QEMU:-}" ]; then echo "get-qemu.sh: $QEMU has no vfio-user-pci device" >&2; exit 1; fi
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "get-qemu.sh: only amd64 is unpacked here; set QEMU" >&2; exit 1; }

suite=${QEMU_SUITE:-forky}
cache=${MDEV_OPERATOR_CACHE:-$HOME/.cache/mdev-operator}
place=$cache/qemu-$suite-1
if [ ! -x "$place/qemu" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/qemu.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  "$(dirname "$0")/get-debian.sh" "$suite" "$work/root" qemu-system-x86 seabios >&2
  lib=usr/lib/x86_64-linux-gnu
  # Started through its own libraries' loader, by a name that /proc/PID/comm shows as QEMU's.
  mkdir "$work/bin"
  ln -s "../root/$lib/ld-linux-x86-64.so.2" "$work/bin/qemu-system-x86_64"
  cat >"$work/qemu" <<SCRIPT
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
export QEMU_MODULE_DIR="\$here/root/$lib/qemu"
exec "\$here/bin/qemu-system-x86_64" --library-path "\$here/root/$lib" "\$here/root/usr/bin/qemu-system-x86_64" \\
  -L "\$here/root/usr/share/qemu" -L "\$here/root/usr/share/seabios" "\$@"
SCRIPT
  chmod +x "$work/qemu"
  speaks_vfio_user "$work/qemu" || { echo "get-qemu.sh: $suite's QEMU has no vfio-user-pci device" >&2; exit 1; }
  rm -rf "$place"
  mv "$work" "$place"
fi
echo "$place/qemu"
