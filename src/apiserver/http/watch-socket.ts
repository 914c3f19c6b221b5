/**
 * A watch on the socket of its answer. ServerResponse makes three writes of every chunk; with hundreds of watches these are most of
 * the work. So once the head is out, chunks are framed here, once for all watches that share the bytes, and go to the socket itself.
 */
import type { ServerResponse } from 'node:http';
import type { Watch } from '../watch/watch.ts';

/** Framed chunks by their bytes. */
export type ChunkCache = WeakMap<Uint8Array, Buffer>;

/** Runs `watch` on an answer whose head has been written; `onEnd` is called once, however it ends. */
export function startOnSocket(watch: Watch, outgoing: ServerResponse, chunks: ChunkCache, onEnd: () => void): void {
  const { socket } = outgoing;
  // Bytes still in the answer, and not yet the socket's, must not be overtaken.
  const direct = socket !== null && outgoing.chunkedEncoding && outgoing.writableLength === socket.writableLength;
  const onDrain = (): void => {
    watch.drained();
  };
  const source = direct ? socket : outgoing;
  source.on('drain', onDrain);
  outgoing.on('close', () => {
    watch.stop();
  });
  watch.start({
    write: (bytes) => (direct ? socket.write(framed(chunks, bytes)) : outgoing.write(bytes)),
    end(cut) {
      // The connection may serve other requests after this one.
      source.off('drain', onDrain);
      onEnd();
      if (cut) outgoing.destroy();
      else outgoing.end();
    },
  });
}

function framed(chunks: ChunkCache, bytes: Uint8Array): Buffer {
  let chunk = chunks.get(bytes);
  if (chunk === undefined) {
    chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    chunks.set(bytes, chunk);
  }
  return chunk;
}
