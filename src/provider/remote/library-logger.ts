import type { Logger as LibraryLogger } from 'vscode-jsonrpc/node';
import type { Logger } from 'pino';

/** What vscode-jsonrpc complains about is of interest to nobody but who looks for a fault of the connection itself. */
export function libraryLogger(log: Logger): LibraryLogger {
  const debug = (message: string): void => log.debug({ message }, 'JSON-RPC library');
  return { error: debug, warn: debug, info: debug, log: debug };
}
