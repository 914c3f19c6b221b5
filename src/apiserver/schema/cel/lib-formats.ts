/** `format.dns1123Label().validate(text)`: Kubernetes' named formats in CEL. */
import { Optional } from '@marcbachmann/cel-js';
import type { Environment } from '@marcbachmann/cel-js';
import { stringFormat } from '../formats.ts';
import { checkDns1035Label, checkDns1123Label, checkDns1123Subdomain, checkLabelValue, checkQualifiedName } from '../names.ts';

const sync = { async: false } as const;

class Format {
  readonly name: string;
  readonly check: (text: string) => string[];

  constructor(name: string, check: (text: string) => string[]) {
    this.name = name;
    this.check = check;
  }
}

class FormatNamespace {
  readonly name = 'format';
}

// The prefix of a generated name may end with a dash.
const prefixed =
  (check: (text: string) => string[]) =>
  (text: string): string[] =>
    check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const openapi =
  (name: string, problem: string) =>
  (text: string): string[] =>
    (stringFormat(name)?.(text) ?? true) ? [] : [problem];

const FORMATS = [
  new Format('dns1123Label', checkDns1123Label),
  new Format('dns1123Subdomain', checkDns1123Subdomain),
  new Format('dns1035Label', checkDns1035Label),
  new Format('qualifiedName', checkQualifiedName),
  new Format('dns1123LabelPrefix', prefixed(checkDns1123Label)),
  new Format('dns1123SubdomainPrefix', prefixed(checkDns1123Subdomain)),
  new Format('dns1035LabelPrefix', prefixed(checkDns1035Label)),
  new Format('labelValue', checkLabelValue),
  new Format('uri', openapi('uri', 'invalid URI')),
  new Format('uuid', openapi('uuid', 'does not match the UUID format')),
  new Format('byte', openapi('byte', 'invalid base64')),
  new Format('date', openapi('date', 'invalid date')),
  new Format('datetime', openapi('datetime', 'invalid datetime')),
];

/** Registers the namespace `format`. */
export function registerFormats(env: Environment): void {
  env.registerType('Format', Format).registerType('FormatNamespace', FormatNamespace);
  env.registerConstant('format', 'FormatNamespace', new FormatNamespace());
  for (const format of FORMATS) env.registerFunction(`FormatNamespace.${format.name}(): Format`, () => format, sync);
  const named = (_: unknown, name: string): unknown => {
    const format = FORMATS.find((candidate) => candidate.name === name);
    return format === undefined ? Optional.none() : Optional.of(format);
  };
  env.registerFunction('FormatNamespace.named(string): optional<Format>', named, sync);
  const validate = (format: Format, text: string): unknown => {
    const problems = format.check(text);
    return problems.length === 0 ? Optional.none() : Optional.of(problems);
  };
  env.registerFunction('Format.validate(string): optional<list<string>>', validate, sync);
}
