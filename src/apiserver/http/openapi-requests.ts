/** GET below /openapi: the documents are made when first asked for and kept until what is served changes. */
import { openapiV2Document } from '../openapi/v2.ts';
import { openapiV3Documents, openapiV3Root } from '../openapi/v3.ts';
import type { ResourceRegistry } from '../registry.ts';
import { parseAccept } from '../request/negotiate.ts';
import { notAcceptable } from '../status.ts';
import type { Answer } from './answer.ts';
import { taggedAnswer } from './system-requests.ts';

const v2Types: readonly string[] = ['application/json', '*/*', 'application/*'];

interface Documents {
  readonly generation: number;
  readonly v3: ReadonlyMap<string, string>;
  readonly root: string;
  v2: string | undefined;
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
      documents = { generation: registry.generation, v3, root: JSON.stringify(openapiV3Root(v3)), v2: undefined };
    }
    return documents;
  };
  return ([kind, ...rest], request) => {
    if (kind === 'v2' && rest.length === 0) {
      if (!parseAccept(request.headers.get('accept')).some(({ type }) => v2Types.includes(type))) throw notAcceptable(['application/json']);
      const { v2 } = current();
      const text = v2 ?? JSON.stringify(openapiV2Document(registry.all(), version));
      current().v2 = text;
      return taggedAnswer(request, text, 'application/json');
    }
    if (kind !== 'v3') return undefined;
    if (rest.length === 0) return taggedAnswer(request, current().root, 'application/json');
    const text = current().v3.get(rest.join('/'));
    return text === undefined ? undefined : taggedAnswer(request, text, 'application/json');
  };
}
