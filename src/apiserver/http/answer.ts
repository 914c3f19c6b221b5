/** The answer to a request before it meets a socket, and its form as a standard Response. */
import type { Watch } from '../watch/watch.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | Watch;
}

/** Bytes of a watch that may wait in a Response nobody reads yet. */
const responseBuffer = 256 * 1024;

/** Turns an answer into a Response; aborting `signal` ends a watch. */
export function toResponse(answer: Answer, signal: AbortSignal): Response {
  const init = { status: answer.status, headers: { ...answer.headers } };
  const { body } = answer;
  if (typeof body === 'string' || body instanceof Uint8Array) return new Response(answer.status === 304 ? null : body, init);
  let open = true;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener('abort', () => {
          body.stop();
        });
        if (signal.aborted) {
          controller.close();
          return;
        }
        body.start({
          write(bytes) {
            controller.enqueue(bytes);
            return (controller.desiredSize ?? 0) > 0;
          },
          end(cut) {
            if (!open) return;
            open = false;
            if (cut) controller.error(new Error('The watch was cut: its reader did not keep up'));
            else controller.close();
          },
        });
      },
      pull() {
        body.drained();
      },
      cancel() {
        open = false;
        body.stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: responseBuffer }),
  );
  return new Response(stream, init);
}
