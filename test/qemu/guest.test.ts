import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCondition } from '../../src/api/condition.ts';
import { bootGuest, type Guest } from './guest.ts';
import { startOperator, type Operator } from '../support/operator.ts';
import { guestFiles, qemuProgram } from './programs.ts';

let operator: Operator;
let guest: Guest;
const card = 'guest-serial';

/** The serial ports of the guest that are on the PCI bus. */
async function pciPorts(): Promise<string[]> {
  return (await guest.run('for p in /sys/bus/pci/drivers/serial/*/tty/*; do echo ${p##*/}; done')).split('\n').sort();
}

beforeAll(async () => {
  const program = qemuProgram();
  guestFiles();
  operator = await startOperator();
  await operator.apply('loop', { type: { id: 'mtty-1' } });
  // The card that the README has.
  await operator.applyExample('serial-for-qemu.yaml', card);
  guest = await bootGuest(program, `${await operator.qemuArgument('loop')} ${await operator.qemuArgument(card)}`);
}, 600_000);
afterAll(async () => {
  await guest[Symbol.asyncDispose]();
  await operator[Symbol.asyncDispose]();
});

/** Sends a line on a port that loops back, and answers what comes back. */
function loopBack(port: string, text: string): Promise<string> {
  return guest.run(`exec 3<>/dev/${port}; stty -F /dev/${port} raw -echo 115200; echo ${text} >&3; head -n 1 <&3; exec 3>&-`);
}

describe('a Linux guest with serial devices that were applied', () => {
  it('finds them by its own driver, as 16550A ports', async () => {
    // One of the first device, two of the card.
    expect(await pciPorts()).toHaveLength(3);
    const ports = await guest.run('grep 16550A /proc/tty/driver/serial');
    expect(ports.split('\n').length).toBeGreaterThanOrEqual(4);
    expect(await guest.run('cat /sys/bus/pci/drivers/serial/*/device')).toBe('0x3253\n0x3253');
  });

  it('has back what it sends on a port that loops back, by interrupts', async () => {
    const [port = ''] = await pciPorts();
    expect(await loopBack(port, 'there-and-back')).toBe('there-and-back');
    // Longer than the FIFO.
    const long = 'x'.repeat(700);
    expect(await loopBack(port, long)).toBe(long);
    // An interrupt is listed while its port is open.
    const interrupts = await guest.run(
      `exec 3<>/dev/${port}; echo once more >&3; head -n 1 <&3 >/dev/null; awk '/${port}/ {print $2}' /proc/interrupts; exec 3>&-`,
    );
    expect(Number(interrupts)).toBeGreaterThan(0);
  });

  it('passes bytes both ways on a port that reaches a socket', async () => {
    const port = (await pciPorts())[1] ?? '';
    const { status } = await operator.device(card);
    const path = join(dirname(status?.vfio?.socketPath ?? ''), `${status?.uuid ?? ''}.port0`);
    const cable: Socket = connect(path);
    await once(cable, 'connect');
    let came = '';
    cable.setEncoding('latin1').on('data', (text: string) => (came += text));
    await guest.run(`exec 4<>/dev/${port}; stty -F /dev/${port} raw -echo 115200; echo from the guest >&4`);
    await expect.poll(() => came, { timeout: 20_000 }).toBe('from the guest\n');
    const sent = `${'from the host '.repeat(50)}\n`;
    cable.write(sent);
    expect(await guest.run('head -n 1 <&4; exec 4>&-')).toBe(sent.trim());
    cable.destroy();
  });

  it('does not notice that the agent is killed, and started again', { timeout: 180_000 }, async () => {
    const [port = ''] = await pciPorts();
    await operator.killAndRestart();
    expect(await loopBack(port, 'still-here')).toBe('still-here');
    const { status } = await operator.device('loop');
    expect(findCondition(status?.conditions, 'Ready')?.status).toBe('True');
    await expect
      .poll(async () => (await operator.device('loop')).status?.users?.map(({ pid }) => pid), { timeout: 40_000 })
      .toEqual([guest.qemu.pid]);
  });

  it('keeps its device when the object is deleted, which waits and names QEMU, until QEMU has ended', { timeout: 180_000 }, async () => {
    const [port = ''] = await pciPorts();
    const { status } = await operator.device('loop');
    await operator.delete('loop');
    const inUse = async (): Promise<string | undefined> => {
      const condition = findCondition((await operator.device('loop')).status?.conditions, 'InUse');
      return condition?.status === 'True' ? condition.message : undefined;
    };
    await expect.poll(inUse, { timeout: 20_000 }).toContain(`(${guest.qemu.pid})`);
    expect(await loopBack(port, 'not-pulled-away')).toBe('not-pulled-away');
    guest.qemu.child.kill('SIGTERM');
    await guest.qemu.ended;
    await expect.poll(async () => operator.has('loop'), { timeout: 20_000 }).toBe(false);
    expect(await operator.cli('emulate', 'list', '--socket', operator.emulatorSocket)).not.toContain(status?.uuid ?? 'no uuid');
    await expect.poll(async () => (await operator.device(card)).status?.users, { timeout: 40_000 }).toBeUndefined();
  });
});
