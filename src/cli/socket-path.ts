import { UsageError } from './usage-error.ts';

/** sizeof(sockaddr_un.sun_path) less the NUL at its end. */
export const longestSocketPath = 107;

/**
 * Refuses a path that does not fit into a UNIX socket's address, where Linux would only say EINVAL.
 * @throws UsageError naming the flag
 */
export function checkSocketPath(flag: string, path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > longestSocketPath)
    throw new UsageError(
      `${flag}: ${path} is too long for a UNIX socket (${bytes} bytes, at most ${longestSocketPath}); choose a shorter path`,
    );
}
