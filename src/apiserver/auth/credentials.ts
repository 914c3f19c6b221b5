/** The credentials of a data directory: made once, kept, and renewed when they near their end. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { createAuthority, isUsable, issueClient, issueServer, type KeyPair } from './certificates.ts';
import { ensurePrivateDirectory, readOptionalFile, writePrivateFile } from './private-files.ts';

export interface Credentials {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  /** The client certificate of the administrator. */
  readonly admin: KeyPair;
  /** A bearer token that stands for the administrator too. */
  readonly token: string;
}

/** The group whose members may do everything. */
export const adminGroup = 'system:masters';
export const adminName = 'admin';

/** Reads the credentials below `dataDir`, making what is missing. `hosts` are names and addresses clients use. */
export async function ensureCredentials(dataDir: string, hosts: readonly string[], now: number): Promise<Credentials> {
  const directory = join(dataDir, 'pki');
  await ensurePrivateDirectory(dataDir);
  await ensurePrivateDirectory(directory);
  const pair = async (name: string, isGood: (found: KeyPair) => boolean, make: () => Promise<KeyPair>): Promise<KeyPair> => {
    const found = await readPair(directory, name);
    if (found !== undefined && isGood(found)) return found;
    const made = await make();
    // The key first: a certificate without its key is made anew at the next start.
    await writePrivateFile(join(directory, `${name}.key`), made.key);
    await writePrivateFile(join(directory, `${name}.crt`), made.certificate);
    return made;
  };
  const authority = await pair(
    'ca',
    (found) => isUsable(found, found, [], now),
    () => createAuthority(now),
  );
  const server = await pair(
    'server',
    (found) => isUsable(found, authority, hosts, now),
    () => issueServer(authority, hosts, now),
  );
  const admin = await pair(
    'admin',
    (found) => isUsable(found, authority, [], now),
    () => issueClient(authority, adminName, adminGroup, now),
  );
  return { authority, server, admin, token: await ensureToken(join(dataDir, 'token')) };
}

async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const certificate = await readOptionalFile(join(directory, `${name}.crt`));
  const key = await readOptionalFile(join(directory, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function ensureToken(path: string): Promise<string> {
  const found = (await readOptionalFile(path))?.trim();
  if (found !== undefined && found !== '') return found;
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(path, `${token}\n`);
  return token;
}

/** Whether an Authorization header carries the token; takes the same time whatever it carries. */
export function isBearer(header: string | null, token: string): boolean {
  if (header === null) return false;
  const given = /^bearer +(\S+)$/i.exec(header)?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
