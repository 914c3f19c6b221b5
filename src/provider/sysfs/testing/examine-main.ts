/** Examines the node whose root is its argument, in a process of whoever starts it, and prints what it finds as JSON. */
import { examineNode } from '../examine.ts';
import { sysfsLayout } from '../layout.ts';

// A thread that hears uevents keeps no process alive.
const alive = setInterval(() => undefined, 2 ** 31 - 1);
process.stdout.write(JSON.stringify(await examineNode(sysfsLayout(process.argv[2] ?? '/'))));
clearInterval(alive);
