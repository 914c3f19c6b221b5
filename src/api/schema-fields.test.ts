import { describe, expect, it } from 'vitest';
import { customResourceDefinitions } from './crds.ts';
import { missingFields } from './schema-fields.ts';

interface Schema {
  properties: Record<string, Schema>;
  items: Schema;
}

/** The schemas of this version, as a server would show them: to be spoilt. */
function served(): Map<string, Schema> {
  const crds = structuredClone([...customResourceDefinitions().values()]) as unknown as {
    spec: { names: { kind: string }; versions: [{ schema: { openAPIV3Schema: Schema } }] };
  }[];
  return new Map(crds.map(({ spec }) => [spec.names.kind, spec.versions[0].schema.openAPIV3Schema]));
}

/** The schema of MdevDevice's spec or status. */
function part(schemas: Map<string, Schema>, name: 'spec' | 'status'): Schema {
  const schema = schemas.get('MdevDevice')?.properties[name];
  if (schema === undefined) throw new Error(`MdevDevice has no ${name}`);
  return schema;
}

describe('what older CRDs lack', () => {
  it('is nothing for those of this version, and for newer ones that have more', () => {
    const schemas = served();
    expect(missingFields(schemas)).toEqual([]);
    part(schemas, 'spec').properties['later'] = structuredClone(part(schemas, 'spec'));
    expect(missingFields(schemas)).toEqual([]);
  });

  it('is named by kind and path, a whole part once', () => {
    const schemas = served();
    delete part(schemas, 'spec').properties['group'];
    delete part(schemas, 'status').properties['pinned'];
    delete part(schemas, 'status').properties['users']?.items.properties['vm'];
    expect(missingFields(schemas)).toEqual(['MdevDevice spec.group', 'MdevDevice status.users[].vm', 'MdevDevice status.pinned']);
  });

  it('is a kind, or a status, that is not there at all', () => {
    const schemas = served();
    schemas.delete('MdevClass');
    delete schemas.get('MdevParent')?.properties['status'];
    expect(missingFields(schemas)).toContain('MdevClass');
    expect(missingFields(schemas).filter((field) => field.startsWith('MdevParent')).length).toBeGreaterThan(0);
    expect(missingFields(new Map())).toEqual(['MdevDevice', 'MdevParent', 'MdevClass', 'MdevDeviceSet']);
  });
});
