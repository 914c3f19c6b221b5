const hidden = '[hidden]';

/** What a secret looks like in a line of JSON, wherever it stands: each with the part before it that stays. */
const secrets: readonly RegExp[] = [
  /** A header as HTTP has it: `Bearer abc`, `Basic abc`. */
  /(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}/gi,
  /** A field, or a header among others: "authorization":"abc", "client-key-data": "abc". The text may be JSON within JSON. */
  /(\\*"(?:[\w-]*(?:authorization|token|password|secret|private[-_]?key|key-data))\\*"\s*:\s*\\*")[^"\\]+/gi,
  /** JSON Web Tokens: service accounts have them. */
  /()\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g,
  /** PEM, with line breaks as JSON has them. */
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]*/g,
  /** A user and password in a URL. */
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s:@"]+:[^/\s@"]+(?=@)/gi,
];

/** `line` without what looks like a credential: the last fence before a log, whoever wrote the line and whatever is in it. */
export function scrub(line: string): string {
  let text = line;
  for (const secret of secrets) text = text.replace(secret, `$1${hidden}`);
  return text;
}
