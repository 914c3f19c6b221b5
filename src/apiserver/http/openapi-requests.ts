/** GET below /openapi: the documents are made when first asked for and kept until what is served changes. */
import { openapiV2Document } from '../openapi/v2.ts';
import { encodeOpenapiV2, openapiV2ProtobufTypes } from '../openapi/v2-protobuf.ts';
import { openapiV3Documents, openapiV3Root } from '../openapi/v3.ts';
import type { JsonObject } from '../object.ts';
import type { ResourceRegistry } from '../registry.ts';
import { parseAccept } from '../request/negotiate.ts';
import { notAcceptable } from '../status.ts';
import type { Answer } from './answer.ts';
import { taggedAnswer } from './system-requests.ts';

const v2JsonTypes: readonly string[] = ['application/json', '*/*', 'application/*'];

interface Documents {
  readonly generation: number;
  readonly v3: ReadonlyMap<string, string>;
  readonly root: string;
  v2?: JsonObject;
  v2Text?: string;
  v2Bytes?: Uint8Array<ArrayBuffer>;
}

/** Makes the answerer; undefined for a document that does not exist. `version` is the server's gitVersion. */
export function createOpenapi(
  registry: ResourceRegistry,
  version: string,
): (segments: readonly string[], request: Request) => Answer | undefined {
  let documents: Documents | undefined;
  const current = (): Documents => {
    if (documents?.generation !== registry.generation) {
      const v3 = openapiV3Documents(registry.all());
      documents = { generation: registry.generation, v3, root: JSON.stringify(openapiV3Root(v3)) };
    }
    return documents;
  };
  return ([kind, ...rest], request) => {
    if (kind === 'v2' && rest.length === 0) {
      const type = parseAccept(request.headers.get('accept')).find(
        ({ type }) => v2JsonTypes.includes(type) || openapiV2ProtobufTypes.includes(type),
      );
      if (type === undefined) throw notAcceptable(['application/json', ...openapiV2ProtobufTypes]);
      const now = current();
      now.v2 ??= openapiV2Document(registry.all(), version);
      if (v2JsonTypes.includes(type.type)) {
        now.v2Text ??= JSON.stringify(now.v2);
        return taggedAnswer(request, now.v2Text, 'application/json');
      }
      now.v2Bytes ??= encodeOpenapiV2(now.v2);
      // Without the @ of the type that is asked for: clients could not parse it.
      return taggedAnswer(request, now.v2Bytes, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    }
    if (kind !== 'v3') return undefined;
    if (rest.length === 0) return taggedAnswer(request, current().root, 'application/json');
    const text = current().v3.get(rest.join('/'));
    return text === undefined ? undefined : taggedAnswer(request, text, 'application/json');
  };
}
