import type { Scenario } from '../scenario.ts';
import type { Json } from '../session.ts';

/** What the embedded server serves; a real one serves much more. */
const groups = ['apiextensions.k8s.io', 'coordination.k8s.io', 'events.k8s.io', 'mediated.dev'];
const coreResources = /^(namespaces|nodes|events)(\/(status|finalize))?$/;

const ofGroups = (body: Json): unknown =>
  (body['groups'] as { name: string }[]).filter((group) => groups.includes(group.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
const ofCore = (body: Json): unknown => ({
  ...body,
  resources: (body['resources'] as { name: string }[]).filter((resource) => coreResources.test(resource.name)),
});
// Groups of custom resources list them in no fixed order.
const sorted = (body: Json): unknown => ({
  ...body,
  resources: (body['resources'] as { name: string }[]).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
});
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Discovered {
  metadata: { name?: string };
  versions: { version: string; resources: { resource: string }[] }[];
}
const ofAggregated = (body: Json): unknown =>
  (body['items'] as Discovered[])
    .filter(({ metadata }) => metadata.name === undefined || groups.includes(metadata.name))
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    .map(({ metadata, versions }) => ({
      name: metadata.name,
      versions: versions.map((version) => ({
        ...version,
        resources: version.resources
          .filter(({ resource }) => metadata.name !== undefined || coreResources.test(resource))
          .sort((a, b) => (a.resource < b.resource ? -1 : 1)),
      })),
    }));

export const discovery: Scenario = {
  name: 'discovery',
  async run(session) {
    await session.send('core versions', { path: '/api', pick: ({ kind, versions }) => ({ kind, versions }) });
    await session.send('groups', { path: '/apis', pick: ofGroups });
    await session.send('core resources', { path: '/api/v1', pick: ofCore });
    for (const group of groups) await session.send(`group ${group}`, { path: `/apis/${group}` });
    await session.send('our resources', { path: '/apis/mediated.dev/v1alpha1', pick: sorted });
    await session.send('lease resources', { path: '/apis/coordination.k8s.io/v1' });
    await session.send('event resources', { path: '/apis/events.k8s.io/v1' });
    await session.send('definition resources', { path: '/apis/apiextensions.k8s.io/v1' });
    await session.send('aggregated core', { path: '/api', headers: { accept: aggregated }, pick: ofAggregated });
    await session.send('aggregated groups', { path: '/apis', headers: { accept: aggregated }, pick: ofAggregated });
    await session.send('a trailing slash', { path: '/apis/mediated.dev/v1alpha1/', pick: sorted });
    await session.send('an unknown group', { path: '/apis/nothing.example' });
    await session.send('an unknown version of ours', { path: '/apis/mediated.dev/v9' });
    await session.send('an unknown core version', { path: '/api/v9' });
    await session.send('a post to discovery', { method: 'POST', path: '/apis', body: {}, pick: ({ kind }) => kind });
    await session.send('version', {
      path: '/version',
      pick: (body) => Object.keys(body).filter((key) => key !== 'minCompatibilityMajor' && key !== 'minCompatibilityMinor'),
    });
    await session.send('the root', { path: '/', pick: (body) => ({ keys: Object.keys(body) }) });
  },
};
