/**
 * A writer process: writes into the kernel what it is told, one write after the other, and may hang in one for as long as the kernel likes.
 * It has nothing else to lose, so it waits in its system calls, for orders too. Its name tells what it is at; when the agent is gone, it ends as
 * soon as the kernel lets it.
 */
import { readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { carryOut } from './carry-out.ts';
import { MadeDevices } from './made-devices.ts';
import { Lines, ready, type WriteAnswer, type WriteRequest } from './messages.ts';
import { writerTitle } from './order.ts';

const [input, output] = [0, 1];
const buffer = Buffer.alloc(16 * 1024);
const decoder = new StringDecoder('utf8');
const lines = new Lines();
const made = new MadeDevices();

process.title = writerTitle;
const agent = process.ppid;
// Sent by an agent that has listened long enough to a terminal: who writes into the kernel is not to be interrupted.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
say(ready);
for (;;) {
  for (const line of nextLines()) {
    const request = JSON.parse(line) as WriteRequest;
    process.title = request.title;
    // In this order: the next agent looks for such names, and for the last time when it starts. What it has not found there is not begun any
    // more, or a device would come or go behind its back.
    if (process.ppid !== agent) process.exit();
    const answer = carryOut(request, made);
    process.title = writerTitle;
    say(answer);
  }
}

/** Waits for more; ends the process when the agent has ended. */
function nextLines(): string[] {
  const length = readSync(input, buffer);
  if (length === 0) process.exit();
  return lines.push(decoder.write(buffer.subarray(0, length)));
}

/** An agent that has ended hears nothing. */
function say(message: WriteAnswer | typeof ready): void {
  try {
    writeSync(output, `${JSON.stringify(message)}\n`);
  } catch {
    process.exit();
  }
}
