import type { Message } from 'vscode-jsonrpc/node';
import { z } from 'zod';

/**
 * The envelopes of JSON-RPC 2.0 that each side takes. Both are narrower than the standard: ids are numbers, params are
 * objects, there are no batches; the server takes no answers and the client no requests.
 */
const id = z.number().int().nonnegative();
const method = z.string().max(64);
const params = z.record(z.string(), z.unknown());

const request = z.object({ jsonrpc: z.literal('2.0'), id, method: method.refine((name) => !name.startsWith('$/')), params });
const cancel = z.object({ jsonrpc: z.literal('2.0'), method: z.literal('$/cancelRequest'), params: z.object({ id }) });
const progress = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.literal('$/progress'),
  params: z.object({ token: id, value: z.unknown() }),
});
const success = z.object({ jsonrpc: z.literal('2.0'), id, result: z.unknown().refine((result) => result !== undefined) });
const failure = z.object({
  jsonrpc: z.literal('2.0'),
  id,
  error: z.object({ code: z.number().int(), message: z.string(), data: z.unknown() }),
});

export type ToServer = z.infer<typeof request> | z.infer<typeof cancel>;

/** What a server takes: requests, and cancellations of them. */
export const toServerSchema = z.union([request, cancel]);

/** What a client takes: answers, and events of the streams it asked for. */
export const toClientSchema: z.ZodType<Message> = z.union([failure, success, progress]);
