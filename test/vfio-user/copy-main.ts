// Copies so many pages on the device at a socket, says how that ended, and stays connected until its input ends.
import { once } from 'node:events';
import { Client } from './client.ts';
import { copyEngine, startCopy, waitForCopy } from './copy-engine.ts';

const [, , path = '', pages = '1'] = process.argv;
const size = Number(pages) * 4096;
using client = new Client(path);
client.negotiate();
copyEngine.enable(client);
const memory = client.libc.memfd('ram', 4 * size);
client.map(0x100000, 4 * size, memory);
startCopy(client, 0x100000, 0x100000 + 2 * size, size);
process.stdout.write(`${waitForCopy(client)}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
