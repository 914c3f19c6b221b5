import type { MdevClass } from '../api/mdev-class.ts';
import type { PlacementRequest } from './eligibility.ts';

/** Tells which requests every parent answers alike, whom the devices avoid left aside. */
export class RequestKinds {
  /** Classes by number: one that has changed is another. */
  readonly #classes = new WeakMap<MdevClass, number>();
  #classCount = 0;

  /** Equal for requests of one kind: all that they say, but for what placement does not look at. */
  of(request: PlacementRequest): string {
    const { spec, avoid: _, boundTo, ...more } = request;
    // Whatever else a request comes to say has to be part of the key.
    const nothing: Record<string, never> = more;
    const { attributes = [], params, ...asked } = spec;
    const classNumber = boundTo && this.#classNumber(boundTo);
    return JSON.stringify([nothing, classNumber, { ...asked, uuid: undefined }, attributes.length > 0, params !== undefined]);
  }

  #classNumber(mdevClass: MdevClass): number {
    const number = this.#classes.get(mdevClass) ?? ++this.#classCount;
    this.#classes.set(mdevClass, number);
    return number;
  }
}
