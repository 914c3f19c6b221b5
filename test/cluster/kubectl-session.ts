/** What people type at kubectl, to be typed at two servers alike. */
import { kubectl } from '../support/kubectl.ts';

/** One command: arguments, and perhaps what stands on its standard input. */
export interface Command {
  readonly args: readonly string[];
  readonly input?: string;
  /** An editor for `kubectl edit`: a command that gets the file as its last argument. */
  readonly editor?: string;
}

const device = (name: string, more = ''): string =>
  `apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: ${name}, labels: {app: x}}\nspec: {type: {id: mtty-1}${more}}\n`;
const parent = 'apiVersion: mediated.dev/v1alpha1\nkind: MdevParent\nmetadata: {name: typed}\nspec: {nodeName: n, parent: mtty}\n';
const mdevClass = [
  'apiVersion: mediated.dev/v1alpha1',
  'kind: MdevClass',
  'metadata: {name: typed, annotations: {mediated.dev/is-default-class: "true"}}',
  'spec: {types: [{id: mtty-*}], params: []}',
  '',
].join('\n');
const event = (name: string): string =>
  [
    'apiVersion: v1',
    'kind: Event',
    `metadata: {name: ${name}, namespace: typed}`,
    'involvedObject: {apiVersion: mediated.dev/v1alpha1, kind: MdevDevice, name: a, namespace: typed}',
    'reason: Created',
    'message: It is there.',
    'type: Normal',
    'count: 1',
    'source: {component: agent}',
    '',
  ].join('\n');
const stdin = (words: string, input: string): Command => ({ args: words.split(' '), input });
const type = (words: string): Command => ({ args: words.split(' ') });
const status = JSON.stringify({
  status: {
    uuid: '12345678-1234-1234-1234-123456789abc',
    allocation: { nodeName: 'n', parentName: 'typed', typeID: 'mtty-1' },
    conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
});

/** All in namespace `typed`, in this order. */
export const commands: readonly Command[] = [
  type('create namespace typed'),
  type('create namespace typed'),
  type('create namespace other --dry-run=server -o name'),
  type('api-resources --api-group=mediated.dev --no-headers'),
  type('explain mdevdevices.spec.type'),
  type('explain mdevparent --recursive'),
  type('explain mdev.spec.nothing'),
  type('explain mdevclass.spec --recursive'),
  type('get mdev -n typed'),
  stdin('apply -n typed -f -', device('a')),
  stdin('apply -n typed -f -', device('a')),
  stdin('diff -n typed -f -', device('a', ', online: false')),
  stdin('apply -n typed -f - --dry-run=server', device('a', ', online: false')),
  stdin('apply -n typed -f -', device('a', ', online: false')),
  stdin('apply -n typed -f -', device('a', ', group: g')),
  stdin('apply -n typed -f -', device('b', ', vgpu: 1')),
  stdin('apply -n typed -f - --validate=warn', device('b', ', vgpu: 1')),
  stdin('apply -n typed -f - --server-side', device('c')),
  stdin('apply -n typed -f - --server-side --field-manager=other', device('c', ', online: false')),
  stdin('apply -n typed -f - --server-side', device('c', ', online: true')),
  stdin('apply -n typed -f - --server-side --force-conflicts', device('c', ', online: true')),
  stdin('create -n typed -f -', device('a')),
  stdin('create -n typed -f -', device('Bad')),
  stdin('create -n typed -f -', 'kind: MdevDevice\n'),
  stdin('create -f -', parent),
  stdin('replace -n typed -f -', device('a')),
  stdin('replace -n typed -f -', device('nobody')),
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '--subresource=status', '--type=merge', '-p', status] },
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '--type=merge', '-p', '{"spec":{"online":false}}'] },
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '--type=merge', '-p', '{"spec":{"online":false}}'] },
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '--type=json', '-p', '[{"op":"replace","path":"/spec/online","value":true}]'] },
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '-p', '{"spec":{"online":false}}'] },
  { args: ['patch', '-n', 'typed', 'mdev', 'a', '--type=merge', '-p', '{"spec":{"placement":"Up"}}'] },
  type('label -n typed mdev a tier=gold'),
  type('label -n typed mdev a tier=silver'),
  type('label -n typed mdev a tier-'),
  type('annotate -n typed mdev a example.com/note=x'),
  { args: ['edit', '-n', 'typed', 'mdev', 'a'], editor: 'sed -i s/online:.true/online:\\ false/' },
  { args: ['edit', '-n', 'typed', 'mdev', 'a'], editor: 'true' },
  type('get mdev -n typed'),
  type('get mdev -n typed -o wide'),
  type('get mdev -n typed -o name'),
  type('get mdev -n typed -o yaml'),
  type('get mdev -n typed --show-labels --sort-by=.metadata.name'),
  type('get mdev -n typed -l app=x,app!=y'),
  type('get mdev -n typed -l tier'),
  type('get mdev -n typed -l app=x=y'),
  type('get mdev -n typed --field-selector=status.allocation.nodeName=n'),
  type('get mdev -n typed --field-selector=spec.group=n'),
  type('get mdev -n typed --chunk-size=1 -o name'),
  type('get mdev -A --no-headers'),
  type('get mediated -n typed -o name'),
  type('get mdev/a mdev/nobody -n typed'),
  { args: ['get', 'mdev', 'a', '-n', 'typed', '-o', 'jsonpath={.status.allocation.nodeName} {.spec.type.id}'] },
  type('get mdevp'),
  type('get mdevp typed -o yaml --show-managed-fields'),
  stdin('apply -f -', mdevClass),
  type('get mdevc'),
  type('describe mdevclass typed'),
  type('annotate mdevc typed mediated.dev/is-default-class-'),
  type('get mdevclasses typed'),
  type('delete mdevclass typed'),
  type('get namespaces typed'),
  type('get nothing'),
  stdin('create -f -', event('a.1')),
  stdin('create -f -', event('a.2')),
  type('get events -n typed'),
  type('events -n typed --for mdevdevices.mediated.dev/a'),
  type('describe mdev a -n typed'),
  type('describe mdevp typed'),
  type('describe crd mdevparents.mediated.dev'),
  type('wait -n typed --for=condition=Ready mdev/a --timeout=5s'),
  type('wait -n typed --for=condition=Ready mdev/c --timeout=1s'),
  { args: ['wait', '-n', 'typed', "--for=jsonpath={.status.uuid}='12345678-1234-1234-1234-123456789abc'", 'mdev/a', '--timeout=5s'] },
  type('scale -n typed mdev/a --replicas=2'),
  stdin(
    'apply -n typed -f -',
    'apiVersion: mediated.dev/v1alpha1\nkind: MdevDeviceSet\nmetadata: {name: s}\nspec: {replicas: 2, template: {spec: {type: {id: mtty-1}}}}\n',
  ),
  type('scale -n typed mdevset/s --replicas=3'),
  type('scale -n typed mdevset s --replicas=4 --current-replicas=3'),
  type('scale -n typed mdevset s --replicas=5 --current-replicas=3'),
  type('scale -n typed mdevset s --replicas=-1'),
  type('scale -n typed mdevset s --replicas=20000'),
  type('scale -n typed mdevset s --replicas=6 --dry-run=server'),
  type('scale -n typed mdevset nobody --replicas=1'),
  type('get mdevset -n typed'),
  type('get mdevset s -n typed -o wide'),
  type('get mdevset s -n typed --subresource=scale'),
  type('get mdevset s -n typed --subresource=scale -o yaml'),
  { args: ['patch', '-n', 'typed', 'mdevset', 's', '--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":1}}'] },
  type('get mdevset s -n typed -o yaml --show-managed-fields'),
  type('explain mdevset.spec.template.spec.type'),
  type('describe mdevset s -n typed'),
  type('delete -n typed mdevset s'),
  type('delete -n typed mdev a --dry-run=server'),
  type('delete -n typed mdev a'),
  type('delete -n typed mdev a'),
  type('delete -n typed mdev a --ignore-not-found'),
  type('delete -n typed mdev -l app=x --cascade=foreground'),
  type('delete -n typed mdev --all'),
  type('delete mdevp typed --cascade=orphan'),
  type('get mdev -n typed'),
  type('get --raw /readyz'),
  type('get --raw /apis/mediated.dev/v1alpha1/namespaces/typed/nothing'),
  type('delete namespace typed'),
];

/** What came out of a command, without what no two servers agree on. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types all commands, with `program` as kubectl. */
export async function typeAll(kubeconfig: string, program: string): Promise<Said[]> {
  const said: Said[] = [];
  for (const { args, input = '', editor } of commands) {
    const env = { KUBECACHEDIR: `${kubeconfig}.cache`, ...(editor !== undefined && { KUBE_EDITOR: editor }) };
    const { code, stdout, stderr } = await kubectl(kubeconfig, args, { input, program, env });
    said.push({ code, stdout: comparable(stdout), stderr: comparable(stderr) });
  }
  return said;
}

function comparable(text: string): string {
  return text
    .replace(/.*version difference between client.*\n/g, '')
    .replace(/ +/g, ' ')
    .replace(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, '<time>')
    .replace(/\/tmp\/[^\s"]+/g, '<file>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uid) => (uid.startsWith('12345678') ? uid : '<uid>'))
    .replace(/(resourceVersion: |Resource Version: +|resourceVersion":)"?\d+"?/gi, '$1<rv>')
    .replace(/(time|Timestamp): "?20\d\d-\d\d-\d\dT[^\s"]+"?/gi, (time) => (time.includes('2026-01-01') ? time : '<time>'))
    .replace(/\b(\d+[smh])+\b(?=( |$|\)))/gm, '<age>')
    .replace(/<unknown>/g, '<age>')
    .replace(/ $/gm, '');
}
