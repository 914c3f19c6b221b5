import { describe, expect, it } from 'vitest';
import { parseYaml } from './strict-yaml.ts';

describe('a YAML body', () => {
  it('is YAML 1.1 as Kubernetes reads it', () => {
    expect(parseYaml('a: yes\nb: 2020-01-01\nc: 0x10\nd: "1"\n1: ~\n').value).toEqual({ a: true, b: '2020-01-01', c: 16, d: '1', 1: null });
  });

  it('may be JSON, whose repeated keys are told as such', () => {
    expect(parseYaml(' {"a": 1, "a": 2}').strictErrors).toEqual(['duplicate field "a"']);
  });

  it('tells repeated keys with their lines', () => {
    const { value, strictErrors } = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\n');
    expect(value).toEqual({ a: 1, b: { c: 2 } });
    expect(strictErrors).toEqual(['error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "c" already set in map']);
  });

  it('is only its first document', () => {
    expect(parseYaml('a: 1\n---\nb: 2\n').value).toEqual({ a: 1 });
  });

  it('is refused where it is broken', () => {
    expect(() => parseYaml('a: [')).toThrow(/^error converting YAML to JSON: yaml: line 1: /);
    expect(() => parseYaml('a: .inf')).toThrow('unsupported value');
  });

  it('cannot be a bomb of aliases', () => {
    let text = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 9; i++)
      text += `a${i}: &a${i} [${Array<string>(10)
        .fill(`*a${i - 1}`)
        .join(',')}]\n`;
    expect(() => parseYaml(text)).toThrow('excessive aliasing');
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['dashes', `${'- '.repeat(100_000)}x`],
    ['braces', '{a: '.repeat(100_000)],
  ])('cannot nest without bound: %s', (_, text) => {
    expect(() => parseYaml(text)).toThrow('exceeded max depth');
  });

  it('keeps __proto__ as a key of its own', () => {
    expect(Object.keys(parseYaml('__proto__: {polluted: true}').value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
