import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import { parseJsonPath } from './json-path.ts';

const object: Json = {
  spec: {
    name: 'n',
    'dotted.key': 'd',
    list: [
      { type: 'A', v: 1 },
      { type: 'Ready', v: 2, status: 'True' },
    ],
    numbers: [1, 2, 3],
  },
  metadata: { annotations: { 'a.b/c': 'x' } },
};

describe('a JSONPath of a printer column', () => {
  it.each<[string, Json[]]>([
    ['.spec.name', ['n']],
    ['{.spec.name}', ['n']],
    ['$.spec.name', ['n']],
    ['.spec.missing', []],
    ['.spec.name.deeper', []],
    ['.spec.numbers[0]', [1]],
    ['.spec.numbers[-1]', [3]],
    ['.spec.numbers[9]', []],
    ['.spec.numbers[*]', [1, 2, 3]],
    ['.spec.numbers[0:2]', [1, 2]],
    ['.spec.list[*].v', [1, 2]],
    ['.spec.list[?(@.type=="Ready")].status', ['True']],
    [".spec.list[?(@.type=='Ready')].v", [2]],
    ['.spec.list[?(@.v>1)].type', ['Ready']],
    ['.spec.list[?(@.status)].type', ['Ready']],
    ['.spec.list[?(@.type=="None")].v', []],
    [".spec['dotted.key']", ['d']],
    ['.spec.dotted\\.key', ['d']],
    ['.metadata.annotations.a\\.b/c', ['x']],
    ['..status', ['True']],
    ['.__proto__', []],
  ])('%s', (path, values) => {
    expect(parseJsonPath(path)(object)).toEqual(values);
  });

  it.each(['.spec[', '.spec[?(a)]', '.spec[x]'])('%s is refused', (path) => {
    expect(() => parseJsonPath(path)).toThrow(SyntaxError);
  });
});
