/** What Kubernetes demands of names, labels and keys. Each check answers the complaints, none if all is well. */

const DNS1123_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1123_SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;
const DNS1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_KEY_NAME})?`;

const whole = (source: string): RegExp => new RegExp(`^${source}$`);
const DNS1123_LABEL_RE = whole(DNS1123_LABEL);
const DNS1123_SUBDOMAIN_RE = whole(DNS1123_SUBDOMAIN);
const DNS1035_LABEL_RE = whole(DNS1035_LABEL);
const LABEL_KEY_NAME_RE = whole(LABEL_KEY_NAME);
const LABEL_VALUE_RE = whole(LABEL_VALUE);

/** `a-b1`, at most 63 bytes: a namespace's name. */
export function checkDns1123Label(value: string): string[] {
  const problems = tooLong(value, 63, 'characters');
  if (!DNS1123_LABEL_RE.test(value)) {
    problems.push(
      DNS1123_SUBDOMAIN_RE.test(value)
        ? 'must not contain dots'
        : mismatch(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            DNS1123_LABEL,
            ['my-name', '123-abc'],
          ),
    );
  }
  return problems;
}

/** `a-b.c`, at most 253 bytes: the name of most objects. */
export function checkDns1123Subdomain(value: string): string[] {
  const problems = tooLong(value, 253, 'characters');
  if (!DNS1123_SUBDOMAIN_RE.test(value)) {
    problems.push(
      mismatch(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        DNS1123_SUBDOMAIN,
        ['example.com'],
      ),
    );
  }
  return problems;
}

/** `a-b1`, starting with a letter: plural names, short names, versions. */
export function checkDns1035Label(value: string): string[] {
  const problems = tooLong(value, 63, 'characters');
  if (!DNS1035_LABEL_RE.test(value)) {
    problems.push(
      mismatch(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        DNS1035_LABEL,
        ['my-name', 'abc-123'],
      ),
    );
  }
  return problems;
}

/** `example.com/name` or `name`: keys of labels and annotations, finalizers. */
export function checkQualifiedName(value: string): string[] {
  const shape = (): string =>
    mismatch(
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_KEY_NAME,
      ['MyName', 'my.name', '123-abc'],
    );
  const parts = value.split('/');
  if (parts.length > 2) return [`a valid label key ${shape()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const problems: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...checkDns1123Subdomain(prefix).map((problem) => `prefix part ${problem.replace(/ characters$/, ' bytes')}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...tooLong(name, 63, 'bytes').map((problem) => `name part ${problem}`));
  if (!LABEL_KEY_NAME_RE.test(name)) problems.push(`name part ${shape()}`);
  return problems;
}

/** The value of a label: empty or like a name, at most 63 bytes. */
export function checkLabelValue(value: string): string[] {
  const problems = tooLong(value, 63, 'bytes');
  if (!LABEL_VALUE_RE.test(value)) {
    problems.push(
      mismatch(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        LABEL_VALUE,
        ['MyValue', 'my_value', '12345'],
      ),
    );
  }
  return problems;
}

/** What can stand as one segment of a URL path; names of objects inside objects. */
export function checkPathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

function tooLong(value: string, max: number, unit: 'characters' | 'bytes'): string[] {
  return Buffer.byteLength(value) > max ? [`must be no more than ${String(max)} ${unit}`] : [];
}

function mismatch(rule: string, pattern: string, examples: readonly string[]): string {
  return `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
}
