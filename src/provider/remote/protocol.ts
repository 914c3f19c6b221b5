import { z } from 'zod';
import { ProviderError, type ProviderStep } from '../contract.ts';

/** The version both sides must speak; they compare it when they meet. */
export const protocolVersion = 1;

/** A call with one answer. */
export interface Call<P, R> {
  readonly name: string;
  /** The step that a refusal of the params names. */
  readonly step: ProviderStep;
  readonly params: z.ZodType<P>;
  readonly result: z.ZodType<R>;
}

/** A call that is answered by events until it is cancelled; its own answer is empty. */
export interface Stream<P, E> {
  readonly name: string;
  readonly step: ProviderStep;
  readonly params: z.ZodType<P>;
  readonly event: z.ZodType<E>;
}

export const noParams = z.object({});
/** The answer of a call that answers nothing. */
export const nothing: z.ZodType<null> = z.null();

export const hello: Call<object, { readonly protocol: number }> = {
  name: 'hello',
  step: 'connect',
  params: noParams,
  result: z.object({ protocol: z.number() }),
};

/** What every stream's params carry besides: the number that its events are sent under. */
export const tokenSchema = z.object({ token: z.number().int().nonnegative() });

/**
 * The checked params of a call.
 * @throws ProviderError EINVAL at the call's step
 */
export function checkParams<P>(
  call: { readonly name: string; readonly step: ProviderStep; readonly params: z.ZodType<P> },
  params: unknown,
): P {
  const checked = call.params.safeParse(params);
  if (checked.success) return checked.data;
  throw new ProviderError('EINVAL', call.step, `Bad params of ${call.name}: ${z.prettifyError(checked.error)}`, { cause: checked.error });
}
