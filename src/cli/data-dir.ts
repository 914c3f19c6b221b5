import { join, resolve } from 'node:path';

/** What lies where below `--data-dir`; the directory and all in it is for this user only. */
export interface DataDir {
  readonly root: string;
  readonly kubeconfig: string;
  /** Held by the standalone that runs on this directory. */
  readonly lock: string;
  readonly apiServer: string;
  readonly agent: string;
  readonly emulatorSocket: string;
  readonly emulatorLog: string;
}

/** The paths below `dataDir`, absolute. */
export function dataDirPaths(dataDir: string): DataDir {
  const root = resolve(dataDir);
  return {
    root,
    kubeconfig: join(root, 'kubeconfig'),
    lock: join(root, 'lock'),
    apiServer: join(root, 'apiserver'),
    agent: join(root, 'agent'),
    emulatorSocket: join(root, 'emulator.sock'),
    emulatorLog: join(root, 'emulator.log'),
  };
}
