import { ResponseError } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import { ErrnoError, isErrno, type Errno } from '../../lib/errno.ts';
import { ProviderError, type ProviderStep } from '../contract.ts';

/** The JSON-RPC error code of a provider's refusal; from the range that JSON-RPC leaves to applications. */
const refused = -32000;
const internalError = -32603;
const maxMessage = 4096;

const steps = ['connect', 'list', 'create', 'claim', 'remove', 'attribute', 'online', 'group', 'users'] as const satisfies ProviderStep[];

const dataSchema = z.object({
  code: z.custom<Errno>(isErrno),
  step: z.enum(steps).exactOptional(),
});

/** How an error goes over the socket: a provider's with its step, the kernel's own without. Any other is a fault of ours and goes as EIO. */
export function toWire(error: unknown): ResponseError<unknown> {
  if (error instanceof ProviderError)
    return new ResponseError(refused, error.message.slice(0, maxMessage), { code: error.code, step: error.step });
  if (error instanceof ErrnoError)
    return new ResponseError(refused, error.message.slice(`${error.code}: `.length, maxMessage), { code: error.code });
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(internalError, message.slice(0, maxMessage), { code: 'EIO', step: 'connect' });
}

/** The error that came over the socket. Whatever says no errno is EIO at step `connect`. */
export function fromWire(error: unknown, name: string): ProviderError | ErrnoError {
  if (error instanceof ResponseError) {
    const data = dataSchema.safeParse(error.data);
    if (data.success) {
      const { code, step } = data.data;
      return step === undefined
        ? new ErrnoError(code, error.message, { cause: error })
        : new ProviderError(code, step, error.message, { cause: error });
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError('EIO', 'connect', `No answer to ${name}: ${message}`, { cause: error });
}
