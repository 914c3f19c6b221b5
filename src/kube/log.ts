/**
 * The part of a pino logger that this project's plumbing uses: a constant message, and what varies as keys.
 * Tests hand in one that collects.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
