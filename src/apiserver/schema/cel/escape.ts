/** Property names as CEL identifiers: `a-b` is written `a__dash__b`, `namespace` is `__namespace__`. */

const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** Whether a name is a word of CEL's own; behind a dot such a name may be written as it is, too. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** The identifier of a property, or undefined for a name no identifier can stand for (such fields CEL cannot see). */
export function escapeProperty(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (RESERVED.has(name)) return `__${name}__`;
  return name.replace(
    /__|[./-]/g,
    (part) => `__${part === '__' ? 'underscores' : part === '.' ? 'dot' : part === '-' ? 'dash' : 'slash'}__`,
  );
}
