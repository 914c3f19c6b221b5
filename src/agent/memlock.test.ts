import { describe, expect, it } from 'vitest';
import { memlockMessage } from './memlock.ts';

describe('the message about a pin that a limit refused', () => {
  it('names the process, what it has, what it may, and what to raise to how much', () => {
    const message = memlockMessage({ number: 1, pid: 7, comm: 'qemu', lockedBytes: 61440, limitBytes: 65536, wantedBytes: 2097152 });
    expect(message).toBe(
      'qemu (7) has 61440 bytes (60 KiB) locked, may lock 65536 bytes (64 KiB), and the device could not pin 2097152 bytes (2 MiB) more of ' +
        'its memory (ENOMEM). Raise RLIMIT_MEMLOCK of the process to at least 2158592 bytes (ulimit -l, LimitMEMLOCK= of its systemd unit, ' +
        "hard_limit of libvirt's memtune, or prlimit --pid 7 --memlock=2158592), or give it CAP_IPC_LOCK.",
    );
  });

  it('says bytes where there is less than a KiB, and fits an Event', () => {
    const largest = 2 ** 52;
    const message = memlockMessage({
      number: 1,
      pid: 4194304,
      comm: 'a'.repeat(15),
      lockedBytes: 0,
      limitBytes: largest - 1,
      wantedBytes: largest,
    });
    expect(message).toContain(' has 0 bytes locked, may lock 4503599627370495 bytes (4096 TiB),');
    expect(message.length).toBeLessThan(1024);
  });
});
