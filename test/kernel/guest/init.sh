#!/bin/busybox sh
# The first process of the guest: mounts what boot.sh shares, loads the drivers, does the command that boot.sh left, and switches off.
export PATH=/usr/local/bin:/usr/bin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/boot
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
hostname guest
ip link set lo up
modprobe -a virtio_pci virtio_console 9pnet_virtio 9p overlay
share() { # TAG FOLDER OPTIONS
  mkdir -p "$2" && mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"
}
share boot /run/boot cache=none || poweroff -f
. /run/boot/shares
modprobe -a vfio_iommu_type1 mtty mdpy mbochs mfault
# Not every kernel has it.
modprobe -q iommufd
output=/dev/console
for port in /sys/class/virtio-ports/*; do
  if [ "$(cat "$port/name")" = output ]; then output=/dev/${port##*/}; fi
done
echo "guest: up after $(cut -d' ' -f1 /proc/uptime) s" >/dev/console
cd "$repository"
setsid sh /run/boot/command </dev/null >"$output" 2>&1
echo $? >/run/boot/status
sync
poweroff -f
