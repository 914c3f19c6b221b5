import { readdir, readFile } from 'node:fs/promises';

/** Of a clock tick of /proc, which is a hundredth of a second everywhere. */
const tick = 0.01;

/** The CPU time so far of this process and of all running processes that have `text` in their command line, in seconds. */
export async function cpuSeconds(text: string): Promise<number> {
  const { user, system } = process.cpuUsage();
  let sum = (user + system) / 1e6;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      if (!(await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(text)) continue;
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // The name before it, in brackets, may have spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      sum += (Number(fields[11]) + Number(fields[12])) * tick;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It has ended.
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    }
  }
  return sum;
}
