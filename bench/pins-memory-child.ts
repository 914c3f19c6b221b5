// Pins, and says how many bytes that costs: `dense` a million pages of one mapping, `sparse` one page in each GiB of a mapping of 1 TiB.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { mapped, memlocked } from './pins-container.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use: on V8's heap and in array buffers, and resident, after a collection. */
function used(): { readonly held: number; readonly resident: number } {
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { held: heapUsed + arrayBuffers, resident: rss };
}

const dense = process.argv[2] === 'dense';
const pages = dense ? 1_000_000 : 2 ** 28;
const step = dense ? 1 : 2 ** 18;
const first = 0x100000;
const hostPfns = new Float64Array(512);
const pfns = new Float64Array(dense ? 512 : 1);
// Compiled, and what else is made once.
const trial = mapped(memlocked(Infinity), first, 2048);
for (let at = 0; at < 2048; at += pfns.length) {
  for (let index = 0; index < pfns.length; index++) pfns[index] = first + at + index;
  trial.pin(pfns, pfns.length, true, hostPfns);
}
trial.release();

const before = used();
const pinner = mapped(memlocked(Infinity), first, pages);
for (let at = 0; at < pages; at += step * pfns.length) {
  const count = Math.min(pfns.length, Math.ceil((pages - at) / step));
  for (let index = 0; index < count; index++) pfns[index] = first + at + index * step;
  pinner.pin(pfns, count, true, hostPfns);
}
const after = used();
const pinned = pages / step;
if (pinner.pages !== pinned) throw new Error(`${pinner.pages} pages are pinned, not ${pinned}`);
console.log(JSON.stringify({ held: after.held - before.held, resident: after.resident - before.resident }));
