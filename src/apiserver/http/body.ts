/** Reads a request's body within bounds and decodes it. */
import type { Json } from '../object.ts';
import { parseMediaType } from '../request/negotiate.ts';
import { BodySyntaxError, type ParsedBody, parseJson } from '../schema/strict-json.ts';
import { parseYaml } from '../schema/strict-yaml.ts';
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from '../status.ts';

/** The largest body that is read, in bytes. */
export const bodyLimit = 3 * 1024 * 1024;

const bodyTypes: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The text of the body; empty without one. @throws StatusError 400 when it is no UTF-8, 413 when it is too large */
export async function readBody(request: Request): Promise<string> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > bodyLimit) throw requestEntityTooLarge(bodyLimit);
  const bytes = declared === null ? await readChunks(request) : new Uint8Array(await request.arrayBuffer());
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw badRequest('the body of the request is not valid UTF-8', { cause: error });
  }
}

async function readChunks(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = request.body;
  if (body === null) return Buffer.alloc(0);
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > bodyLimit) throw requestEntityTooLarge(bodyLimit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Decodes a JSON or YAML body by its content type. @throws StatusError 400, 415 */
export function decodeBody(text: string, contentType: string | null): ParsedBody {
  const { type } = parseMediaType(contentType ?? '');
  switch (type) {
    case '':
    case 'application/json':
      return decodeAs('application/json', text);
    case 'application/yaml':
      return decodeAs('application/yaml', text);
    default:
      throw unsupportedMediaType(bodyTypes);
  }
}

/** Decodes `text` as JSON or, for any other type, YAML. @throws StatusError 400 */
export function decodeAs(type: string, text: string): ParsedBody {
  try {
    return type.endsWith('json') ? parseJson(text) : parseYaml(text);
  } catch (error) {
    if (error instanceof BodySyntaxError) throw badRequest(error.message, { cause: error });
    throw error;
  }
}

/** The DeleteOptions of a DELETE, or undefined without a body. @throws StatusError 400, 415 */
export function decodeOptional(text: string, contentType: string | null): Json | undefined {
  return text.trim() === '' ? undefined : decodeBody(text, contentType).value;
}
