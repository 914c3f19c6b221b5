/** What a case of the manifest corpus is, and short forms to write one. */

/** A JSON object as it is sent; the corpus holds malformed ones, hence no closer type. */
export type Manifest = { readonly [key: string]: unknown };

export interface Accepted {
  readonly accepted: true;
}

export interface Refused {
  /** HTTP code: 400 for what cannot be read, 422 for what breaks the schema. */
  readonly code: number;
  /** Must be in the message: the path of the wrong field, or what else tells the user where to look. */
  readonly mentions: string;
}

export interface ManifestCase {
  /** Unique; a sentence's part: "<name> is accepted" or "is refused". */
  readonly name: string;
  /** What is sent; a string goes on the wire as it is (JSON), an object is given a name and namespace if it has none. */
  readonly manifest: Manifest | string;
  readonly expected: Accepted | Refused;
  /** Resource to send to; default mdevdevices. */
  readonly resource?: 'mdevdevices' | 'mdevparents' | 'mdevclasses' | 'mdevdevicesets';
  /** Created first; `manifest` then replaces it (PUT, or `kubectl replace`). */
  readonly before?: Manifest;
  /** Write to this subresource of what `before` made, or of a good object. */
  readonly subresource?: 'status';
  /** Default true. False where kubectl refuses by itself, or cannot be made to send this. */
  readonly kubectl?: boolean;
}

export const accepted: Accepted = { accepted: true };

/** Refused by the schema or a rule, naming `mentions`. */
export function invalid(mentions: string): Refused {
  return { code: 422, mentions };
}

/** Refused before validation: cannot be read, or has unknown or duplicate fields. */
export function badRequest(mentions: string): Refused {
  return { code: 400, mentions };
}

/** An MdevDevice with this spec; without metadata, see ManifestCase.manifest. */
export function device(spec: unknown, metadata?: Manifest): Manifest {
  return { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', ...(metadata && { metadata }), spec };
}

/** A good MdevDevice spec, with `more`. */
export function goodSpec(more: Manifest = {}): Manifest {
  return { type: { id: 'nvidia-11' }, ...more };
}

/** An MdevParent with a good spec and `more`. */
export function parent(more: Manifest = {}, metadata?: Manifest): Manifest {
  return {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevParent',
    ...(metadata && { metadata }),
    spec: { nodeName: 'node-1', parent: '0000:86:00.0', ...more },
  };
}

/** `object` with this status. */
export function withStatus(object: Manifest, status: unknown): Manifest {
  return { ...object, status };
}

export const uuid = '12345678-1234-1234-1234-123456789abc';
