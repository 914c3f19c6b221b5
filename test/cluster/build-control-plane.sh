#!/bin/sh
# Builds a real Kubernetes control plane for the cluster tests (the oracle our embedded API server is compared with):
# kube-apiserver and etcd, and with --all also kube-controller-manager; with --node, for test/node, also kube-scheduler and kubelet;
# with --kubectl nothing but that, for machines that have none.
# Prints one line, the folder that holds them.
#
# Looked at first, in this order: $KUBEBUILDER_ASSETS, the PATH (both kube-apiserver and etcd must be there), then our
# own cache. Only when none has them are they compiled from the Go modules at the versions pinned below (Go 1.26 or
# newer; a cold build takes about five minutes on two cores, and two gigabytes of caches).
#
# Environment: MDEV_CONTROL_PLANE_CACHE (default ~/.cache/mdev-operator/control-plane), MDEV_CONTROL_PLANE_JOBS (go
# build -p, default 2). Progress goes to standard error.
set -eu

KUBERNETES=1.36.3
ETCD=3.6.16
staging=0.${KUBERNETES#1.}

wanted='kube-apiserver etcd'
[ "${1:-}" = --all ] && wanted="$wanted kube-controller-manager"
[ "${1:-}" = --node ] && wanted="$wanted kube-controller-manager kube-scheduler kubelet"
[ "${1:-}" = --kubectl ] && wanted=kubectl

has_all() {
  for name in $wanted; do
    [ -x "$1/$name" ] || return 1
  done
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  has_all "$KUBEBUILDER_ASSETS" || { echo "KUBEBUILDER_ASSETS is set, but lacks one of: $wanted" >&2; exit 1; }
  echo "$KUBEBUILDER_ASSETS"
  exit 0
fi

cache=${MDEV_CONTROL_PLANE_CACHE:-$HOME/.cache/mdev-operator/control-plane}
bin=$cache/kubernetes-$KUBERNETES-etcd-$ETCD/bin
if has_all "$bin"; then
  echo "$bin"
  exit 0
fi

on_path=$(command -v kube-apiserver || true)
if [ -n "$on_path" ] && has_all "$(dirname "$on_path")"; then
  dirname "$on_path"
  exit 0
fi

command -v go >/dev/null || { echo 'Cannot build the control plane: no go on PATH (install Go, or set KUBEBUILDER_ASSETS)' >&2; exit 1; }
mkdir -p "$bin" "$cache/src/kubernetes-$KUBERNETES" "$cache/src/etcd-$ETCD"

# One build at a time: a second caller waits and then finds the binaries.
exec 9>"$cache/build.lock"
flock 9

build() { # build NAME PACKAGE LDFLAGS, in the module folder of the caller
  case " $wanted " in *" $1 "*) ;; *) return 0 ;; esac
  [ -x "$bin/$1" ] && return 0
  echo "building $1 ..." >&2
  nice -n 10 go build -p "${MDEV_CONTROL_PLANE_JOBS:-2}" -mod=mod -trimpath -ldflags "-s -w $3" -o "$bin/$1.part" "$2" >&2
  mv "$bin/$1.part" "$bin/$1"
}

# etcd's go.mod has replace lines, so `go install module@version` refuses it; a module of our own may require it.
cd "$cache/src/etcd-$ETCD"
cat >go.mod <<MOD
module mediated.dev/test/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 v$ETCD
MOD
build etcd go.etcd.io/etcd/server/v3 ''

# k8s.io/kubernetes requires its staging modules at v0.0.0 and replaces them by folders that its module zip lacks:
# replace each by the published module of the same release.
cd "$cache/src/kubernetes-$KUBERNETES"
kubernetes_mod=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
{
  printf 'module mediated.dev/test/kubernetes\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$KUBERNETES"
  sed -n "s#^[[:space:]]*\(k8s.io/[^ ]*\) => ./staging/.*#	\1 => \1 v$staging#p" "$kubernetes_mod"
  printf ')\n'
} >go.mod

# Without these the binary calls itself v0.0.0 and its emulated-version checks refuse to start.
version=k8s.io/component-base/version
minor=${KUBERNETES#1.}
ldflags="-X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*} -X $version.gitTreeState=archive"
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$ldflags"
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "$ldflags"
build kube-scheduler k8s.io/kubernetes/cmd/kube-scheduler "$ldflags"
build kubelet k8s.io/kubernetes/cmd/kubelet "$ldflags"
build kubectl k8s.io/kubernetes/cmd/kubectl "$ldflags"

echo "$bin"
