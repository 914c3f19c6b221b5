import { has } from '../../manifests/outcome.ts';
import type { Scenario } from '../scenario.ts';
import type { Json } from '../session.ts';

const ourV3 = 'apis/mediated.dev/v1alpha1';

interface Document {
  paths: Record<string, Record<string, { parameters?: { name: string }[]; requestBody?: { content: object }; responses?: Json }>>;
  components: { schemas: Record<string, Json> };
}

export const openapi: Scenario = {
  name: 'openapi',
  async run(session) {
    // Documents follow the definitions after a moment.
    await session.until('/openapi/v3', (_, body) => has(body['paths'], ourV3));
    await session.until('/openapi/v2', (_, body) => has(body['definitions'], 'dev.mediated.v1alpha1.MdevDeviceSet'));
    const root = await session.send('v3 root', {
      path: '/openapi/v3',
      pick: (body) =>
        Object.keys(body['paths'] as object).filter((path) => [ourV3, 'api/v1', 'apis/coordination.k8s.io/v1'].includes(path)),
    });
    const { serverRelativeURL } = (root['paths'] as Record<string, { serverRelativeURL: string }>)[ourV3] ?? { serverRelativeURL: '/' };
    session.noteValue('v3 URLs carry a hash', /^\/openapi\/v3\/apis\/mediated\.dev\/v1alpha1\?hash=[0-9A-F]{128}$/.test(serverRelativeURL));
    const document = (await session.prepare({ path: serverRelativeURL })) as unknown as Document;
    session.noteValue(
      'v3 paths and verbs',
      Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item).sort()])),
    );
    for (const kind of ['MdevDevice', 'MdevParent', 'MdevDeviceSet', 'MdevDeviceList']) {
      session.noteValue(`v3 schema of ${kind}`, document.components.schemas[`dev.mediated.v1alpha1.${kind}`]);
    }
    session.noteValue('v3 schema of Scale', document.components.schemas['io.k8s.api.autoscaling.v1.Scale'] !== undefined);
    session.noteValue(
      'v3 answer of scale',
      document.paths[`/${ourV3}/namespaces/{namespace}/mdevdevicesets/{name}/scale`]?.['get']?.responses?.['200'],
    );
    session.noteValue('v3 schemas', Object.keys(document.components.schemas).sort());
    const devices = document.paths[`/${ourV3}/namespaces/{namespace}/mdevdevices`];
    session.noteValue('v3 parameters of a list', devices?.['get']?.parameters?.map(({ name }) => name).sort());
    session.noteValue('v3 parameters of a creation', devices?.['post']?.parameters?.map(({ name }) => name).sort());
    // kubectl apply chooses its kind of patch by it.
    const item = document.paths[`/${ourV3}/namespaces/{namespace}/mdevdevices/{name}`];
    session.noteValue('v3 kinds of patches', Object.keys(item?.['patch']?.requestBody?.content ?? {}).sort());
    const v2 = await session.prepare({ path: '/openapi/v2' });
    const definitions = v2['definitions'] as Record<string, Json>;
    for (const kind of ['MdevDevice', 'MdevParent', 'MdevDeviceList']) {
      session.noteValue(`v2 definition of ${kind}`, definitions[`dev.mediated.v1alpha1.${kind}`]);
    }
    await session.send('v3 of an unknown group', { path: '/openapi/v3/apis/nothing.example/v1' });
  },
};
