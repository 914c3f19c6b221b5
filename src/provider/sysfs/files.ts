import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { ProviderError, type ProviderStep } from '../contract.ts';

/** What is not there, or went while it was looked at. */
const absences: readonly unknown[] = ['ENOENT', 'ENODEV', 'ENOTDIR', 'ENXIO', 'ESRCH'];

/** Whether the right was missing. */
export function isDenied(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EACCES' || code === 'EPERM';
}

async function unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    tolerateAbsence(error);
    return undefined;
  }
}

function unlessAbsentAtOnce<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    tolerateAbsence(error);
    return undefined;
  }
}

/** @throws what it is given, unless that tells of an absence */
function tolerateAbsence(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && absences.includes(error.code))) throw error;
}

/** The same as the functions of their names below, for a process that has nothing else to do than to wait: a fraction of the time. */
export const filesAtOnce = {
  linkName: (path: string): string | undefined => unlessAbsentAtOnce(() => basename(readlinkSync(path))),
  names: (path: string): string[] => unlessAbsentAtOnce(() => readdirSync(path)) ?? [],
  exists: (path: string): boolean => unlessAbsentAtOnce(() => statSync(path, { throwIfNoEntry: false })) !== undefined,
} as const;

/** A file's text without the white space around it; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  return (await unlessAbsent(() => readFile(path, 'utf8')))?.trim();
}

/** The last part of where a link points. */
export async function linkName(path: string): Promise<string | undefined> {
  const target = await unlessAbsent(() => readlink(path));
  return target === undefined ? undefined : basename(target);
}

export async function linkTarget(path: string): Promise<string | undefined> {
  return unlessAbsent(() => readlink(path));
}

/** The names in a folder, none where there is no folder. */
export async function names(path: string): Promise<string[]> {
  return (await unlessAbsent(() => readdir(path))) ?? [];
}

/** By stat(2): a device node that a device cgroup keeps away is there, though access(2) refuses even that question. */
export async function exists(path: string): Promise<boolean> {
  return (await unlessAbsent(() => stat(path))) !== undefined;
}

/** The device number of a node, or of what a file descriptor's link in /proc leads to. */
export async function deviceNumber(path: string): Promise<number | undefined> {
  return (await unlessAbsent(() => stat(path)))?.rdev;
}

/** What tells a file from all others of its file system, those that had its path before included. */
export async function inodeNumber(path: string): Promise<number | undefined> {
  return (await unlessAbsent(() => stat(path)))?.ino;
}

/** Does what reads the kernel's files; a refusal becomes the contract's error at `step`. */
export async function asStep<T>(step: ProviderStep, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof ProviderError || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new ProviderError(errnoOf(cause) ?? 'EIO', step, `Cannot ${what}: ${cause.message}`, { cause });
  }
}
