/**
 * A real Kubernetes control plane (etcd and kube-apiserver) for one test run, in a temporary folder and on loopback.
 * The binaries come from build-control-plane.sh.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { RawClient } from './raw-client.ts';

export interface ControlPlaneInit {
  /** Folder with kube-apiserver and etcd, and kube-controller-manager if `controllers` are wanted. */
  readonly bin: string;
  /** Kubernetes version to behave as, such as "1.33"; the binary's own if left out. */
  readonly emulatedVersion?: string;
  /** Controllers to run, such as "namespace-controller"; none if left out. */
  readonly controllers?: readonly string[];
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[];
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
  /** Ends the processes and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver and waits until /readyz answers ok.
 * @throws Error with the end of the failing process's log; nothing is left running then
 */
export async function startControlPlane(init: ControlPlaneInit): Promise<ControlPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'mdev-control-plane-'));
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    // The last started depends on the ones before it.
    for (const process of running.splice(0).reverse()) await process.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [etcdPort, peerPort, apiPort] = await freePorts(3);
    const etcdURL = `http://127.0.0.1:${String(etcdPort)}`;
    const peerURL = `http://127.0.0.1:${String(peerPort)}`;
    running.push(
      start(directory, join(init.bin, 'etcd'), [
        `--data-dir=${join(directory, 'etcd')}`,
        `--listen-client-urls=${etcdURL}`,
        `--advertise-client-urls=${etcdURL}`,
        `--listen-peer-urls=${peerURL}`,
        `--initial-advertise-peer-urls=${peerURL}`,
        `--initial-cluster=default=${peerURL}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
      ]),
    );

    const token = randomBytes(24).toString('hex');
    await writeFile(join(directory, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    await writeFile(join(directory, 'authentication.yaml'), stringify(authentication));
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(directory, 'sa.key'), key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const apiServer = start(directory, join(init.bin, 'kube-apiserver'), [
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
      '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
      `--authentication-config=${join(directory, 'authentication.yaml')}`,
      ...(init.emulatedVersion === undefined ? [] : [`--emulated-version=${init.emulatedVersion}`]),
      ...(init.apiServerFlags ?? []),
    ]);
    running.push(apiServer);

    const url = `https://127.0.0.1:${String(apiPort)}`;
    const kubeconfig = join(directory, 'kubeconfig');
    const ca = await waitFor(apiServer, init.readyTimeout ?? 120_000, () => readFile(join(directory, 'certs', 'apiserver.crt')));
    await writeFile(kubeconfig, kubeconfigText(url, ca, token), { mode: 0o600 });
    const client = await RawClient.fromKubeconfig(kubeconfig);
    try {
      await waitFor(apiServer, init.readyTimeout ?? 120_000, async () => {
        const answer = await client.request({ path: '/readyz' });
        if (answer.status !== 200) throw new Error(`/readyz answers ${String(answer.status)}: ${answer.body}`);
      });
    } finally {
      client.close();
    }

    if (init.controllers !== undefined) {
      const [controllerPort] = await freePorts(1);
      running.push(
        start(directory, join(init.bin, 'kube-controller-manager'), [
          `--kubeconfig=${kubeconfig}`,
          `--controllers=${init.controllers.join(',')}`,
          '--leader-elect=false',
          '--bind-address=127.0.0.1',
          `--secure-port=${String(controllerPort)}`,
        ]),
      );
    }
    return { url, kubeconfig, directory, stop, [Symbol.asyncDispose]: stop };
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

interface Running {
  readonly name: string;
  /** Why it is gone, or undefined while it runs. */
  exit(): string | undefined;
  log(): Promise<string>;
  stop(): Promise<void>;
}

// Runs a command that gets SIGTERM when standard input ends: by `stop`, or because the test run has died.
const tied = 'exec 3<&0; "$@" & pid=$!; (read -r _ <&3; kill $pid) >/dev/null 2>&1 & wait $pid';

function start(directory: string, command: string, args: readonly string[]): Running {
  const name = command.slice(command.lastIndexOf('/') + 1);
  const logFile = join(directory, `${name}.log`);
  const log = createWriteStream(logFile);
  // A group of its own, for the kill below.
  const child = spawn('sh', ['-c', tied, 'sh', command, ...args], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  let exit: string | undefined;
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      exit = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      exit ??= `ended with ${signal ?? String(code)}`;
      resolve();
    });
  });
  return {
    name,
    exit: () => exit,
    log: () => readFile(logFile, 'utf8'),
    stop: async () => {
      child.stdin.end();
      // kube-apiserver waits for open watches; nothing here is worth waiting for.
      const killer = setTimeout(() => child.pid !== undefined && exit === undefined && process.kill(-child.pid, 'SIGKILL'), 3000);
      await gone;
      clearTimeout(killer);
      if (!log.closed) {
        log.end();
        await once(log, 'close');
      }
    },
  };
}

/** Repeats `attempt` until it succeeds, the process is gone or `timeout` milliseconds are over. */
async function waitFor<T>(process: Running, timeout: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      const exit = process.exit();
      if (exit === undefined && Date.now() < deadline) {
        await sleep(100);
        continue;
      }
      const end = (await process.log()).split('\n').slice(-15).join('\n');
      throw new Error(`${process.name} did not become ready: ${exit ?? 'time is over'}\n${end}`, { cause });
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
    ports.push(address.port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
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
