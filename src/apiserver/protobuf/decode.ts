/**
 * Reads request bodies in `application/vnd.kubernetes.protobuf`. Go clients, kubectl's `create namespace` and `auth can-i` from
 * 1.32 on among them, send built-in types so; answers may always be JSON.
 */
import protobuf from 'protobufjs/light.js';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { badRequest, unsupportedMediaType } from '../status.ts';
import { kubernetesMessages, messageOf } from './messages.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** What every body begins with: `k8s` and a zero byte. */
const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

/**
 * The object that `bytes` hold, as it would be in JSON.
 * Throws StatusError: 400 when they are malformed, 415 for a kind that is not read from protobuf.
 */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (!magic.every((byte, index) => bytes[index] === byte)) throw badRequest('provided data does not appear to be a protobuf message');
  const root = protobuf.Root.fromJSON(kubernetesMessages());
  const decode = (message: string, from: Uint8Array): JsonObject => {
    const type = root.lookupType(message);
    return toJson(type, type.decode(from));
  };
  try {
    const envelope = root.lookupType('Unknown').decode(bytes.subarray(magic.length)) as protobuf.Message & { raw?: Uint8Array };
    const { typeMeta } = toJson(root.lookupType('Unknown'), envelope);
    const { apiVersion, kind } = isJsonObject(typeMeta) ? typeMeta : {};
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw badRequest('the protobuf message does not name its type');
    const message = messageOf(apiVersion, kind);
    if (message === undefined) throw unsupportedMediaType(['application/json', 'application/yaml']);
    return { ...decode(message, envelope.raw ?? new Uint8Array()), apiVersion, kind };
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof protobuf.util.ProtocolError) && !isWireError(error)) throw error;
    throw badRequest(`the protobuf message is malformed: ${error.message}`, { cause: error });
  }
}

/** protobufjs throws plain Errors for wire types that cannot be. */
const isWireError = (error: unknown): error is Error => error instanceof Error && error.constructor === Error;

function toJson(type: protobuf.Type, message: protobuf.Message): JsonObject {
  const plain = type.toObject(message, { longs: Number, bytes: String });
  return isJsonObject(plain) ? convertFields(type, plain) : {};
}

function convertFields(type: protobuf.Type, values: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (value === undefined) continue;
    const converted = convertField(field.resolve(), value);
    if (converted !== undefined) result[field.name] = converted;
  }
  return result;
}

function convertField(field: protobuf.Field, value: Json): Json | undefined {
  const type = field.resolvedType;
  if (!(type instanceof protobuf.Type)) return value;
  if (Array.isArray(value)) return value.map((item) => convertMessage(type, item) ?? {});
  if (!field.map) return convertMessage(type, value);
  const entries = Object.entries(isJsonObject(value) ? value : {}).map(([key, item]) => [key, convertMessage(type, item) ?? '']);
  return Object.fromEntries(entries) as JsonObject;
}

/** Times, quantities and field sets are messages here and single values in JSON. */
function convertMessage(type: protobuf.Type, value: Json): Json | undefined {
  const message = isJsonObject(value) ? value : {};
  switch (type.name) {
    case 'Time':
    case 'MicroTime':
      return time(message);
    case 'Quantity':
      return message.string;
    case 'FieldsV1':
      return typeof message.Raw === 'string' ? (JSON.parse(Buffer.from(message.Raw, 'base64').toString()) as Json) : undefined;
    default:
      return convertFields(type, message);
  }
}

/** An empty message is the time that was never set. */
function time({ seconds, nanos }: JsonObject): string | undefined {
  if (typeof seconds !== 'number') return undefined;
  const micros = Math.floor((typeof nanos === 'number' ? nanos : 0) / 1000);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}
