/**
 * A real Kubernetes control plane (etcd and kube-apiserver) for one test run, in a temporary folder and on loopback.
 * The binaries come from build-control-plane.sh.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import { Part } from './control-plane-part.ts';
import { RawClient } from './raw-client.ts';

export interface ControlPlaneInit {
  /** Folder with kube-apiserver and etcd, and kube-controller-manager if `controllers` are wanted. */
  readonly bin: string;
  /** Kubernetes version to behave as, such as "1.33"; the binary's own if left out. */
  readonly emulatedVersion?: string;
  /** Controllers to run, such as "namespace-controller"; none if left out. */
  readonly controllers?: readonly string[];
  /** What is to be there before they run: the garbage collector looks for new kinds every half a minute only. */
  readonly prepare?: (kubeconfig: string) => Promise<void>;
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[];
  /** Further flags of kube-controller-manager, besides those by which pods get their tokens. */
  readonly controllerFlags?: readonly string[];
  /** Where kube-apiserver listens; a free port if left out. */
  readonly apiServerPort?: number;
  /** Pods are run: they get service accounts, and a new node has to become ready. */
  readonly runsPods?: boolean;
  /** Milliseconds to wait for /readyz; default 120 000, for a loaded machine. */
  readonly readyTimeout?: number;
}

export interface ControlPlane extends AsyncDisposable {
  /** https://127.0.0.1:port */
  readonly url: string;
  /** Path of a kubeconfig with the rights of system:masters. */
  readonly kubeconfig: string;
  /** The temporary folder; the processes' logs are in it until `stop`. */
  readonly directory: string;
  readonly apiServer: Part;
  readonly etcd: Part;
  /** http://127.0.0.1:port of etcd, which anybody may use. */
  readonly etcdURL: string;
  /** Etcd's data, to be looked at or replaced while etcd does not run. */
  readonly etcdData: string;
  /** Ends the processes and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver and waits until /readyz answers ok.
 * @throws Error with the end of the failing process's log; nothing is left running then
 */
export async function startControlPlane(init: ControlPlaneInit): Promise<ControlPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'mdev-control-plane-'));
  const readyTimeout = init.readyTimeout ?? 120_000;
  const running: Part[] = [];
  const run = async (name: string, args: readonly string[], probe: () => Promise<unknown>): Promise<Part> => {
    const part = new Part({ directory, command: join(init.bin, name), args, probe, readyTimeout });
    running.push(part);
    await part.start();
    return part;
  };
  const stop = async (): Promise<void> => {
    // The last started depends on the ones before it.
    for (const part of running.splice(0).reverse()) await part.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const etcdPort = await freePort();
    const peerPort = await freePort();
    const apiPort = init.apiServerPort ?? (await freePort());
    const etcdURL = `http://127.0.0.1:${String(etcdPort)}`;
    const peerURL = `http://127.0.0.1:${String(peerPort)}`;
    const etcdData = join(directory, 'etcd');
    const etcdArgs = [
      `--data-dir=${etcdData}`,
      `--listen-client-urls=${etcdURL}`,
      `--advertise-client-urls=${etcdURL}`,
      `--listen-peer-urls=${peerURL}`,
      `--initial-advertise-peer-urls=${peerURL}`,
      `--initial-cluster=default=${peerURL}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ];
    const etcd = await run('etcd', etcdArgs, () => expectOk(`${etcdURL}/health`));

    const token = randomBytes(24).toString('hex');
    await writeFile(join(directory, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    await writeFile(join(directory, 'authentication.yaml'), stringify(authentication));
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(directory, 'sa.key'), key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const apiServerArgs = [
      `--etcd-servers=${etcdURL}`,
      `--cert-dir=${join(directory, 'certs')}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${String(apiPort)}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      `--token-auth-file=${join(directory, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(directory, 'sa.key')}`,
      `--service-account-signing-key-file=${join(directory, 'sa.key')}`,
      // The second marks every new node as not ready, which is a cluster's business and no API server's.
      ...(init.runsPods === true ? [] : ['--disable-admission-plugins=ServiceAccount,TaintNodesByCondition']),
      `--authentication-config=${join(directory, 'authentication.yaml')}`,
      ...(init.emulatedVersion === undefined ? [] : [`--emulated-version=${init.emulatedVersion}`]),
      ...(init.apiServerFlags ?? []),
    ];
    const url = `https://127.0.0.1:${String(apiPort)}`;
    const kubeconfig = join(directory, 'kubeconfig');
    const apiServer = await run('kube-apiserver', apiServerArgs, async () => {
      const ca = await readFile(join(directory, 'certs', 'apiserver.crt'));
      await writeFile(kubeconfig, kubeconfigText(url, ca, token), { mode: 0o600 });
      await expectReady(kubeconfig);
    });

    await init.prepare?.(kubeconfig);
    if (init.controllers !== undefined) {
      const controllerPort = await freePort();
      const controllerArgs = [
        `--kubeconfig=${kubeconfig}`,
        `--controllers=${init.controllers.join(',')}`,
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${String(controllerPort)}`,
        `--service-account-private-key-file=${join(directory, 'sa.key')}`,
        `--root-ca-file=${join(directory, 'certs', 'apiserver.crt')}`,
        ...(init.controllerFlags ?? []),
      ];
      // Nothing needs it at once.
      await run('kube-controller-manager', controllerArgs, () => Promise.resolve());
    }
    return { url, kubeconfig, directory, apiServer, etcd, etcdURL, etcdData, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Nobody without credentials gets further than our own server lets them. */
const authentication = {
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  anonymous: { enabled: true, conditions: ['/livez', '/readyz', '/healthz', '/version'].map((path) => ({ path })) },
};

async function expectOk(url: string): Promise<void> {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(2000) });
  if (status !== 200) throw new Error(`${url} answers ${String(status)}`);
}

async function expectReady(kubeconfig: string): Promise<void> {
  const client = await RawClient.fromKubeconfig(kubeconfig);
  try {
    const answer = await client.request({ path: '/readyz' });
    if (answer.status !== 200) throw new Error(`/readyz answers ${String(answer.status)}: ${answer.body}`);
  } finally {
    client.close();
  }
}

function kubeconfigText(url: string, ca: Buffer, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin', namespace: 'default' } }],
    'current-context': 'test',
  });
}
