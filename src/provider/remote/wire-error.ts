import { ResponseError } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import { isErrno, type Errno } from '../../lib/errno.ts';
import { ProviderError, type ProviderStep } from '../contract.ts';

/** The JSON-RPC error code of a provider's refusal; from the range that JSON-RPC leaves to applications. */
const refused = -32000;
const internalError = -32603;
const maxMessage = 4096;

const steps = ['connect', 'list', 'create', 'claim', 'remove', 'attribute', 'online', 'group', 'users'] as const satisfies ProviderStep[];

const dataSchema = z.object({
  code: z.custom<Errno>(isErrno),
  step: z.enum(steps),
});

/** How an error of a provider goes over the socket. What is no ProviderError is a fault of ours and goes as EIO. */
export function toWire(error: unknown): ResponseError<unknown> {
  if (error instanceof ProviderError)
    return new ResponseError(refused, error.message.slice(0, maxMessage), { code: error.code, step: error.step });
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(internalError, message.slice(0, maxMessage), { code: 'EIO', step: 'connect' });
}

/** The error that came over the socket. Whatever says no errno and step is EIO at step `connect`. */
export function fromWire(error: unknown, name: string): ProviderError {
  if (error instanceof ResponseError) {
    const data = dataSchema.safeParse(error.data);
    if (data.success) return new ProviderError(data.data.code, data.data.step, error.message, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError('EIO', 'connect', `No answer to ${name}: ${message}`, { cause: error });
}
