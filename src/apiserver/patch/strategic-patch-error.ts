/** A strategic merge patch that cannot be applied: 400 when it is malformed, 500 when its items lack their merge key or type. */
export class StrategicPatchError extends Error {
  readonly code: 400 | 500;

  constructor(code: 400 | 500, message: string) {
    super(message);
    this.code = code;
  }
}
