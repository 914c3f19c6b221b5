/** How containerd, the kubelet and the pods' network are set up. */

/** Pods have a veth pair each, and reach the node by it. */
export const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet: '198.18.8.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] } }],
};

export function containerdConfig(work: string, socket: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${work}/containerd"
state = "/run/containerd"
[grpc]
  address = "${socket}"
[${cri}]
  sandbox_image = "localhost/mdev-pause:test"
  # A container that is itself root of a machine may not lower it.
  restrict_oom_score_adj = true
  disable_apparmor = true
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${work}/cni"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
}

export function kubeletConfig(work: string, socket: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${socket}`,
    resolvConf: `${work}/resolv.conf`,
    // Nobody gets to it but what is in this network namespace.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: '/mdev-node-test',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
  };
}
