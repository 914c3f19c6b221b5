/** Reads a request's body within bounds and decodes it. */
import type { Json } from '../object.ts';
import { decodeProtobuf, protobufType } from '../protobuf/decode.ts';
import { parseMediaType } from '../request/negotiate.ts';
import { BodySyntaxError, type ParsedBody, parseJson } from '../schema/strict-json.ts';
import { parseYaml } from '../schema/strict-yaml.ts';
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from '../status.ts';

/** The largest body that is read, in bytes. */
export const bodyLimit = 3 * 1024 * 1024;

const bodyTypes: readonly string[] = ['application/json', 'application/yaml', protobufType];

/** The text of the body, JSON in place of protobuf; empty without one. @throws StatusError 413 when it is too large, 400, 415 for protobuf */
export async function readBody(request: Request): Promise<string> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > bodyLimit) throw requestEntityTooLarge(bodyLimit);
  const bytes = declared === null ? await readChunks(request) : new Uint8Array(await request.arrayBuffer());
  const { type } = parseMediaType(request.headers.get('content-type') ?? '');
  if (type === protobufType && bytes.length > 0) return JSON.stringify(decodeProtobuf(bytes));
  // Like Go's JSON decoder: what is no UTF-8 becomes U+FFFD.
  return new TextDecoder('utf-8').decode(bytes);
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

/** Decodes a JSON or YAML body by its content type. @throws StatusError 415, BodySyntaxError */
export function decodeBody(text: string, contentType: string | null): ParsedBody {
  const { type } = parseMediaType(contentType ?? '');
  switch (type) {
    case '':
    case 'application/json':
    case protobufType:
      return parseJson(text);
    case 'application/yaml':
      return parseYaml(text);
    default:
      throw unsupportedMediaType(bodyTypes);
  }
}

/** Calls `decode`; a syntax error of the body becomes what `refuse` makes of its message. */
export function decodeOr(decode: () => ParsedBody, refuse: (message: string) => Error): ParsedBody {
  try {
    return decode();
  } catch (error) {
    throw error instanceof BodySyntaxError ? refuse(error.message) : error;
  }
}

/** The object in the body of a DELETE, or undefined without a body. @throws StatusError 400, 415 */
export function decodeOptional(text: string, contentType: string | null): Json | undefined {
  if (text === '') return undefined;
  return decodeOr(
    () => decodeBody(text, contentType),
    (message) => badRequest(`couldn't get version/kind; json parse error: ${message}`),
  ).value;
}
