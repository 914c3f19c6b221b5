import { pino, type Logger } from 'pino';

/** `LOG_LEVEL=debug` of the test process shows what agent and kernel do. */
export function testLogger(): Logger {
  return pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
}
