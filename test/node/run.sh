#!/bin/sh
# `npm run test:node`: a whole Kubernetes node, on this machine: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet and
# containerd, which run the image of `npm run image` as deploy/ says. Everything runs in namespaces of its own (processes, mounts, network,
# host name), so that no process, mount or address is left when it ends, however it ends, and a cluster that is here is not touched.
#
# Needs Debian's containerd, runc, containernetworking-plugins and buildah, gcc, iproute2, and root: a kubelet mounts, and makes cgroups.
set -eu
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo 'test:node needs root: a kubelet mounts volumes, and makes cgroups and network interfaces' >&2; exit 1; }
for program in containerd runc buildah gcc ip unshare; do
  command -v "$program" >/dev/null || { echo "test:node needs $program (apt-get install containerd runc containernetworking-plugins buildah gcc iproute2)" >&2; exit 1; }
done
[ -x /usr/lib/cni/ptp ] || { echo 'test:node needs the CNI plugins in /usr/lib/cni (apt-get install containernetworking-plugins)' >&2; exit 1; }
unshare --mount --pid --net --uts --ipc --fork --mount-proc --propagation private sh -c \
  'mount -t tmpfs tmpfs /run && mkdir /run/a && mount --bind /run/a /run/a && hostname node-1 && ip link add mdev0 type veth peer name mdev1' ||
  { echo 'test:node cannot run here: the machine refuses its root one of namespaces, mounts and veth pairs, which a node needs; it said so above' >&2; exit 1; }
bin=$(sh test/cluster/build-control-plane.sh --node)

sh scripts/image/build.sh
work=$(mktemp -d /tmp/mdev-node.XXXXXX)
# What the kubelet and its containers have in fixed places of a node is here a folder of ours.
places='/var/lib/kubelet /var/lib/mdev-operator /var/log/pods /var/log/containers /var/lib/cni /dev/vfio'
made=
for place in $places; do
  [ -e "$place" ] || { mkdir -p "$place"; made="$made $place"; }
done
clean_up() {
  # Empty by now: their processes have gone with the process namespace.
  find /sys/fs/cgroup -depth -type d -path '*/mdev-node-test*' -exec rmdir {} + 2>/dev/null || true
  # shellcheck disable=SC2086
  [ -z "$made" ] || rmdir $made
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Holds a pod's namespaces.
mkdir -p "$work/pause"
printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >"$work/pause/pause.c"
gcc -Os -static -s -o "$work/pause/pause" "$work/pause/pause.c"
printf 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n' >"$work/pause/Dockerfile"
buildah --storage-driver vfs build --quiet --isolation chroot --tag localhost/mdev-pause:test "$work/pause" >/dev/null
buildah --storage-driver vfs push --quiet localhost/mdev-pause:test "docker-archive:$work/pause.tar:localhost/mdev-pause:test"
# What is upgraded to: another image, of a program that says another version.
mkdir "$work/next"
version=$(node -p 'require("./package.json").version')
sed 's/^  "version": ".*",$/  "version": "'"$version"'-next",/' package.json >"$work/next/package.json"
chmod a+r "$work/next/package.json"
printf 'FROM mdev-operator:%s\nCOPY package.json /opt/mdev-operator/package.json\n' "$version" >"$work/next/Dockerfile"
buildah --storage-driver vfs build --quiet --pull=never --isolation chroot --tag mdev-operator:next "$work/next" >/dev/null
buildah --storage-driver vfs push --quiet mdev-operator:next "docker-archive:$work/next.tar:mdev-operator:next"

MDEV_NODE_WORK=$work MDEV_NODE_PLACES=$places MDEV_NODE_BIN=$bin \
  unshare --mount --pid --net --uts --ipc --fork --kill-child --mount-proc --propagation private sh test/node/inside.sh "$@"
