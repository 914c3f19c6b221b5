import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a script of this folder prints: where it has put what it was to get. */
function get(script: string): string {
  return execFileSync(fileURLToPath(new URL(script, import.meta.url)), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** A QEMU with the vfio-user-pci device. */
export function qemuProgram(): string {
  return get('./get-qemu.sh');
}

/** A kernel and an initramfs whose shell talks on the first serial port. */
export function guestFiles(): { readonly kernel: string; readonly initrd: string } {
  const folder = get('./get-guest.sh');
  return { kernel: `${folder}/vmlinuz`, initrd: `${folder}/initrd` };
}
