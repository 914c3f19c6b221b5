/** `details` of a Status object, as far as this project reads it. */
export interface StatusDetails {
  readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
  readonly retryAfterSeconds?: number;
}

/** A refusal by the API server: its Status, or what could be made of the answer. */
export class ApiError extends Error {
  /** The HTTP status code. */
  readonly code: number;
  /** `reason` of the Status, such as `Conflict`; empty when the answer was no Status. */
  readonly reason: string;
  readonly details: StatusDetails;
  /** How long the server asks to wait, milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}, retryAfter?: number) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.retryAfter = retryAfter ?? (details.retryAfterSeconds === undefined ? undefined : details.retryAfterSeconds * 1000);
  }
}

/** The request did not get an answer: refused, reset, cut or too late. Whether it was carried out is not known. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionError';
  }
}

/** Whether the same request can succeed later without anybody changing it. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && (error.code === 429 || error.code >= 500 || error.code === 408);
}

/** The object changed, or a field belongs to another manager: read again and decide anew. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists';
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

/** The resource version or continue token is too old, or newer than the server's own data: only a new list helps. */
export function isExpired(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return (
    error.code === 410 ||
    error.reason === 'Expired' ||
    error.reason === 'Gone' ||
    (error.details.causes ?? []).some((cause) => cause.reason === 'ResourceVersionTooLarge')
  );
}

/** How long the server asks to wait before trying again, milliseconds; undefined when it did not say. */
export function retryAfter(error: unknown): number | undefined {
  return error instanceof ApiError ? error.retryAfter : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function statusDetails(value: unknown): StatusDetails {
  if (!isRecord(value)) return {};
  const causes = Array.isArray(value['causes']) ? value['causes'].filter(isRecord) : [];
  const seconds = value['retryAfterSeconds'];
  const text = (field: unknown): string => (typeof field === 'string' ? field : '');
  return {
    ...(causes.length === 0
      ? {}
      : {
          causes: causes.map((cause) => ({
            reason: text(cause['reason']),
            field: text(cause['field']),
            message: text(cause['message']),
          })),
        }),
    ...(typeof seconds === 'number' && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  };
}

/**
 * The error that a Status object, or any other body of a failed request, tells.
 * @param step what was tried, for the message
 * @param retryAfterHeader the value of the Retry-After header, in seconds (the form as a date is not used by Kubernetes)
 */
export function toApiError(step: string, code: number, body: unknown, retryAfterHeader?: string): ApiError {
  const status = isRecord(body) ? body : {};
  const reason = typeof status['reason'] === 'string' ? status['reason'] : '';
  const text = typeof status['message'] === 'string' ? status['message'] : typeof body === 'string' ? body.slice(0, 200) : '';
  const seconds = retryAfterHeader === undefined ? NaN : Number(retryAfterHeader);
  return new ApiError(
    code,
    reason,
    `Cannot ${step}: ${text === '' ? `HTTP ${code}` : text}`,
    statusDetails(status['details']),
    Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined,
  );
}
