import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that looks as /sys, /proc and /dev do to a reader: what a kernel does when it is written to, it does not do. */
export class Tree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'mdev-tree-'));

  /** A file, with the folders that it is in. */
  file(path: string, text: string): void {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }

  folder(path: string): void {
    mkdirSync(join(this.root, path), { recursive: true });
  }

  link(path: string, target: string): void {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(target, place);
  }

  /** A file that whoever opens it for writing hangs at, in the kernel, until somebody reads it: a FIFO. */
  hanging(path: string): void {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    execFileSync('mkfifo', [place]);
  }

  /** The parent `card`, a PCI device, with a type. */
  parent(): void {
    const card = 'sys/devices/pci0000:00/0000:86:00.0';
    this.link('sys/class/mdev_bus/0000:86:00.0', `../../devices/pci0000:00/0000:86:00.0`);
    this.file(`${card}/vendor`, '0x10DE\n');
    this.file(`${card}/device`, '0x13f2\n');
    this.file(`${card}/numa_node`, '1\n');
    this.link(`${card}/driver`, '../../../bus/pci/drivers/nvidia');
    this.type('nvidia-11', {
      name: 'GRID M60-0B\n',
      available_instances: '3\n',
      device_api: 'vfio-pci\n',
      description: 'num_heads=2\nfrl=45\n',
    });
    this.file('proc/sys/kernel/random/boot_id', 'b00t\n');
  }

  type(id: string, files: Readonly<Record<string, string>>): void {
    const folder = `sys/devices/pci0000:00/0000:86:00.0/mdev_supported_types/${id}`;
    this.folder(`${folder}/devices`);
    this.file(`${folder}/create`, '');
    for (const [name, text] of Object.entries(files)) this.file(`${folder}/${name}`, text);
  }

  /** A device as it is `live`, between its appearance and the end of its `creating`, or from the begin of its `removing` on. */
  device(id: string, state: 'creating' | 'live' | 'removing'): string {
    const folder = `sys/devices/pci0000:00/0000:86:00.0/${id}`;
    this.folder(folder);
    if (state !== 'removing') this.link(`sys/bus/mdev/devices/${id}`, `../../../devices/pci0000:00/0000:86:00.0/${id}`);
    if (state === 'live') this.link(`${folder}/mdev_type`, '../mdev_supported_types/nvidia-11');
    if (state !== 'creating') this.link(`${folder}/iommu_group`, '../../../../kernel/iommu_groups/7');
    if (state === 'live') this.file(`${folder}/remove`, '');
    return folder;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
