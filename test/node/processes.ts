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

/** What each process of a role has in memory, MiB: resident in all, and what of that it shares with no file. */
export function memoryOf(role: Role): { resident: number; own: number }[] {
  return processesOf(role).map((pid) => {
    const status = textOf(String(pid), 'status');
    const mebibytes = (field: string): number => Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
    return { resident: mebibytes('VmRSS'), own: mebibytes('RssAnon') };
  });
}

/** The processor time that each process of a role has used since it started, seconds. */
export function processorSecondsOf(role: Role): number[] {
  return processesOf(role).map((pid) => {
    // proc(5): of what follows the name, which may have blanks, the 12th and 13th are utime and stime, in ticks of 1/100 s.
    const [, rest = ''] = textOf(String(pid), 'stat').split(') ');
    const fields = rest.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  });
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
