/** The processes in the node's containers, which the test sees as the node does. */
import { readdirSync, readFileSync } from 'node:fs';

export type Role = 'agent' | 'controller' | 'emulator';

/** The processes that run a role of the image, by process id. */
export function processesOf(role: Role): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [, ...args] = textOf(pid, 'cmdline').split('\0');
      return args.includes('/opt/mdev-operator/dist/main.js') && args.includes(role);
    })
    .map(Number);
}

/** What each process of a role has in memory, MiB. */
export function memoryOf(role: Role): number[] {
  return processesOf(role).map((pid) => Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(textOf(String(pid), 'status'))?.[1] ?? 0) / 1024));
}

/** Empty when the process has gone meanwhile. */
function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
