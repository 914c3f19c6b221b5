#!/bin/bash
# boot.sh 6.1|6.12 COMMAND [ARGUMENT...]: boots that kernel under software emulation, runs the command in it as root, with its output here,
# and ends with its status; with 124 when it took too long, with 125 when the guest died.
# In the guest: this repository, read-only, where the command starts (/repository); a folder for reading and writing (/scratch); node, vitest's
# needs, kubectl, mdevctl, hold-device. Standard input is empty.
#   KERNEL_SCRATCH  the folder that is /scratch in the guest; without it, one that is deleted at the end
#   KERNEL_TIMEOUT  seconds, 600 if unset     KERNEL_MEMORY  2048M if unset     KERNEL_SMP  processors, 2 if unset
#   KERNEL_CONSOLE  a file that gets the console's text     QEMU  the program, the machine's own if unset, else one that is unpacked
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { sed -n '2,9s/^# *//p' "$0" >&2; exit 2; }
version=$1
shift
repository=$(cd "$here/../.." && pwd)

does() { "$1" -device help 2>/dev/null | grep -q '"virtio-9p-pci"' && "$1" -device help | grep -q '"virtserialport"'; }
qemu=
for own in "${QEMU:-}" "$(command -v qemu-system-x86_64 || true)"; do
  if [ -n "$own" ] && does "$own"; then qemu=$own; break; fi
done
qemu=${qemu:-$("$here/../qemu/get-qemu.sh")}
does "$qemu" || { echo "boot.sh: $qemu has no virtio-9p or no virtio-serial" >&2; exit 2; }
kernel=$("$here/get-kernel.sh" "$version")

run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
mkdir "$run/boot" "$run/scratch"
shares=()
share() { # TAG FOLDER MORE
  shares+=(-virtfs "local,id=$1,mount_tag=$1,path=${2//,/,,},security_model=none,multidevs=remap$3")
}
share boot "$run/boot" ''
share scratch "${KERNEL_SCRATCH:-$run/scratch}" ''
share repository "$repository" ,readonly=on
modules=$(readlink -f "$repository/node_modules")
{
  echo 'repository=/repository'
  echo 'share repository /repository cache=loose'
  echo 'share scratch /scratch cache=none'
  # In a worktree it may be a link: what it leads to is shared at the same place.
  if [ "$modules" != "$repository/node_modules" ]; then
    share modules "$modules" ,readonly=on
    echo "share modules '$modules' cache=loose"
  fi
  echo 'mkdir -p /usr/local/bin && ln -s /repository/node_modules/node/bin/node /usr/local/bin/node'
  if kubectl=$(command -v kubectl); then
    kubectl=$(readlink -f "$kubectl")
    share kubectl "$(dirname "$kubectl")" ,readonly=on
    echo "share kubectl /run/kubectl cache=loose && ln -s '/run/kubectl/$(basename "$kubectl")' /usr/local/bin/kubectl"
  fi
} >"$run/boot/shares"
echo "exec ${*@Q}" >"$run/boot/command"

# The command's output comes by a port of its own whose other end is a pipe; a file would be cut off, a terminal would mix in the console.
mkfifo "$run/output"
exec 3<>"$run/output"
cat <"$run/output" 3>&- &
output=$!
console=${KERNEL_CONSOLE:-$run/console}
timeout --kill-after=5 "${KERNEL_TIMEOUT:-600}" "$qemu" -nodefaults -no-user-config -display none -no-reboot \
  -machine pc -accel tcg,thread=multi,tb-size=512 -cpu max -m "${KERNEL_MEMORY:-2048M}" -smp "${KERNEL_SMP:-2}" \
  -kernel "$kernel/vmlinuz" -initrd "$kernel/initrd" \
  -append 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on' \
  -chardev "file,id=console,path=$console" -serial chardev:console "${shares[@]}" \
  -device virtio-serial-pci -chardev "file,id=output,path=$run/output" -device virtserialport,chardev=output,name=output \
  </dev/null >"$run/errors" 2>&1 3>&- &
guest=$!
# Whoever ends this script ends the guest.
trap 'kill "$guest"' INT TERM HUP
status=0
wait "$guest" || status=$?
trap - INT TERM HUP
wait "$guest" || true
exec 3>&-
wait "$output"
if [ -s "$run/boot/status" ]; then exit "$(cat "$run/boot/status")"; fi
case $status in
  124 | 137) echo "boot.sh: $version: not done after ${KERNEL_TIMEOUT:-600} s; the console's last lines:" >&2; status=124 ;;
  *) echo "boot.sh: $version: the guest ended (QEMU: $status) before the command did; the console's last lines:" >&2; status=125 ;;
esac
{ cat "$run/errors"; tail -n 40 "$console"; } >&2
exit $status
