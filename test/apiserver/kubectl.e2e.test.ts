/** The stock kubectl against the embedded API server: each of its commands does what it does with Kubernetes. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kubectl, type KubectlRun, olderKubectl } from './kubectl.ts';
import { startTestServer, type TestServer } from './server.ts';
import { widget } from './widgets.ts';

let test: TestServer;
let oldest: string | undefined;

beforeAll(async () => {
  oldest = await olderKubectl('1.27');
});

beforeEach(async () => {
  test = await startTestServer();
});

afterEach(async () => {
  expect(test.complaints).toEqual([]);
  await test.stop();
});

function run(command: string, stdin?: string, env: Record<string, string> = {}): Promise<KubectlRun> {
  return kubectl({ kubeconfig: test.server.kubeconfigPath, args: command.split(' '), ...(stdin !== undefined && { stdin }), env });
}

/** The output of a run that must succeed. */
async function ok(command: string, stdin?: string, env?: Record<string, string>): Promise<string> {
  const result = await run(command, stdin, env);
  expect(result.code, `${command}\n${result.stderr}`).toBe(0);
  return result.stdout;
}

/** The complaint of a run that must fail. */
async function fails(command: string, stdin?: string): Promise<string> {
  const result = await run(command, stdin);
  expect(result.code, `${command}\n${result.stdout}`).not.toBe(0);
  return result.stderr;
}

async function namespace(name: string): Promise<string> {
  await ok(`create namespace ${name}`);
  return `-n ${name}`;
}

describe('kubectl', () => {
  it('learns what is served', async () => {
    expect(await ok('api-resources --categories=tests')).toMatch(/widgets +wi +test.example\/v1 +true +Widget/);
    expect(await ok('api-versions')).toContain('test.example/v1\n');
    expect(await ok('explain widget.spec.color')).toContain('The color of the widget.');
    expect(await ok('explain node.spec.taints')).toContain('effect');
    expect(await ok('version')).toContain('+mdev-operator');
    expect(await ok('auth can-i create widgets')).toBe('yes\n');
    expect(await ok('auth whoami')).toContain('system:masters');
    expect(await ok('get --raw /readyz?verbose')).toContain('readyz check passed');
  });

  it('applies on the client side, sees no difference, and patches what changed', async () => {
    const ns = await namespace('apply');
    expect(await ok(`apply ${ns} -f -`, widget('a'))).toBe('widget.test.example/a created\n');
    expect(await ok(`apply ${ns} -f -`, widget('a'))).toBe('widget.test.example/a unchanged\n');
    expect(await ok(`diff ${ns} -f -`, widget('a'))).toBe('');
    const difference = await run(`diff ${ns} -f -`, widget('a', { color: 'red', size: 5 }));
    expect(difference.code, difference.stderr).toBe(1);
    expect(difference.stdout).toContain('+  size: 5');
    expect(await ok(`apply ${ns} -f -`, widget('a', { color: 'red', size: 5 }))).toBe('widget.test.example/a configured\n');
    expect(await ok(`get wi a ${ns} -o jsonpath={.metadata.generation}/{.spec.size}`)).toBe('2/5');
    expect(await fails(`apply ${ns} -f -`, widget('a', { color: 'blue' }))).toContain('color is immutable');
  });

  it('applies on the server side, and is told who owns a field', async () => {
    const ns = await namespace('ssa');
    await ok(`apply ${ns} --server-side --field-manager=one -f -`, widget('a', { color: 'red', size: 2 }));
    expect(await ok(`apply ${ns} --server-side --field-manager=one -f -`, widget('a', { color: 'red', size: 2 }))).toContain(
      'serverside-applied',
    );
    const refusal = await fails(`apply ${ns} --server-side --field-manager=two -f -`, widget('a', { color: 'red', size: 4 }));
    expect(refusal).toContain('conflict with "one": .spec.size');
    await ok(`apply ${ns} --server-side --force-conflicts --field-manager=two -f -`, widget('a', { color: 'red', size: 4 }));
    expect(await ok(`get wi a ${ns} -o jsonpath={.spec.size}`)).toBe('4');
  });

  it('prints tables, wide and narrow, selected, paged and as JSON, YAML and paths', async () => {
    const ns = await namespace('get');
    for (const [name, color] of [
      ['a', 'red'],
      ['b', 'green'],
      ['c', 'red'],
    ] as const) {
      await ok(`create ${ns} -f -`, widget(name, { color, note: `note-${name}` }, { labels: { of: color } }));
    }
    expect(await ok(`get widgets ${ns}`)).toMatch(/^NAME +COLOR +SIZE +READY +AGE\na +red +3 .*\nb +green +3 .*\nc +red +3 .*\n$/);
    expect(await ok(`get widgets ${ns} -o wide`)).toMatch(/NOTE/);
    expect(await ok(`get wi ${ns} -l of=red -o name`)).toBe('widget.test.example/a\nwidget.test.example/c\n');
    expect(await ok(`get wi ${ns} --field-selector spec.color=green -o name`)).toBe('widget.test.example/b\n');
    expect(await fails(`get wi ${ns} --field-selector spec.size=3`)).toContain('field label not supported: spec.size');
    expect(await ok(`get wi ${ns} --chunk-size=1 -o name`)).toBe('widget.test.example/a\nwidget.test.example/b\nwidget.test.example/c\n');
    expect(await ok(`get tests -A`)).toContain('get ');
    expect(await ok(`get wi ${ns} --sort-by=.spec.color -o jsonpath={.items[*].metadata.name}`)).toBe('b a c');
    expect(await ok(`get wi b ${ns} -o yaml`)).toContain('color: green');
    expect((JSON.parse(await ok(`get wi ${ns} -o json`)) as { items: unknown[] }).items).toHaveLength(3);
    expect(await fails(`get wi x ${ns}`)).toBe('Error from server (NotFound): widgets.test.example "x" not found\n');
  });

  it('follows changes with get -w', async () => {
    const ns = await namespace('watch');
    await ok(`create ${ns} -f -`, widget('a'));
    const enough = new AbortController();
    const seen: string[] = [];
    await kubectl({
      kubeconfig: test.server.kubeconfigPath,
      args: ['get', 'wi', ...ns.split(' '), '-w', '--output-watch-events', '--no-headers'],
      signal: enough.signal,
      onLine(line) {
        seen.push(line);
        if (line.startsWith('ADDED')) void run(`patch wi a ${ns} --type=merge -p {"spec":{"size":7}}`);
        if (line.startsWith('MODIFIED')) void run(`delete wi a ${ns} --wait=false`);
        if (line.startsWith('DELETED')) enough.abort();
      },
    });
    expect(seen).toEqual([
      expect.stringMatching(/^ADDED +a +red +3 /),
      expect.stringMatching(/^MODIFIED +a +red +7 /),
      expect.stringMatching(/^DELETED +a +red +7 /),
    ]);
  });

  it('describes an object with its events', async () => {
    const ns = await namespace('describe');
    await ok(`create ${ns} -f -`, widget('a'));
    const uid = await ok(`get wi a ${ns} -o jsonpath={.metadata.uid}`);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a.1', namespace: 'describe' },
      involvedObject: { apiVersion: 'test.example/v1', kind: 'Widget', name: 'a', namespace: 'describe', uid },
      reason: 'Painted',
      message: 'It is red now',
      type: 'Normal',
      firstTimestamp: new Date().toISOString(),
      lastTimestamp: new Date().toISOString(),
      count: 1,
    };
    await ok(`create ${ns} -f -`, JSON.stringify(event));
    expect(await ok(`describe wi a ${ns}`)).toMatch(/Painted +\S+ +It is red now/);
    expect(await ok(`events ${ns} --for widget.test.example/a`)).toContain('Painted');
    expect(await ok(`get events ${ns}`)).toMatch(/Normal +Painted +widget\/a +It is red now/);
    expect(await ok(`get events.events.k8s.io ${ns} -o jsonpath={.items[0].note}`)).toBe('It is red now');
  });

  it('patches, edits, labels and annotates', async () => {
    const ns = await namespace('change');
    await ok(`create ${ns} -f -`, widget('a'));
    await ok(`patch wi a ${ns} --type=merge -p {"spec":{"size":4}}`);
    await ok(`patch wi a ${ns} --type=json -p [{"op":"add","path":"/spec/note","value":"x"}]`);
    expect(await fails(`patch wi a ${ns} --type=strategic -p {"spec":{"size":4}}`)).toContain(
      'accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
    await ok(`label wi a ${ns} tier=one`);
    await ok(`annotate wi a ${ns} why=because`);
    await ok(`edit wi a ${ns}`, undefined, { KUBE_EDITOR: 'sed -i s/size:.4/size:\\ 6/' });
    const path = '{.spec.size}{.spec.note}{.metadata.labels.tier}{.metadata.annotations.why}';
    expect(await ok(`get wi a ${ns} -o jsonpath=${path}`)).toBe('6xonebecause');
    expect(await fails(`patch wi a ${ns} --type=merge -p {"spec":{"size":99}}`)).toContain(
      'spec.size in body should be less than or equal to 10',
    );
  });

  it('replaces, and loses against a newer version', async () => {
    const ns = await namespace('replace');
    await ok(`create ${ns} -f -`, widget('a'));
    const before = await ok(`get wi a ${ns} -o json`);
    await ok(`replace ${ns} -f -`, before.replace('"size": 3', '"size": 5'));
    expect(await fails(`replace ${ns} -f -`, before.replace('"size": 3', '"size": 6'))).toContain(
      'Operation cannot be fulfilled on widgets.test.example "a": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it('refuses what the schema does not know, or only warns', async () => {
    const ns = await namespace('strict');
    const bad = widget('a', { color: 'red', colour: 'blue' });
    expect(await fails(`create ${ns} -f -`, bad)).toContain('strict decoding error: unknown field "spec.colour"');
    const warned = await run(`create ${ns} --validate=warn -f -`, bad);
    expect(warned).toMatchObject({ code: 0, stderr: expect.stringContaining('Warning: unknown field "spec.colour"') as string });
    expect(await fails(`create ${ns} -f -`, widget('b', { color: 'mauve' }))).toContain(
      'spec.color: Unsupported value: "mauve": supported values: "red", "green", "blue"',
    );
    expect(await fails(`create ${ns} -f -`, widget('Not_a_name'))).toContain('a lowercase RFC 1123 subdomain must consist of');
    expect(await fails('create -n nowhere -f -', widget('a'))).toContain('namespaces "nowhere" not found');
  });

  it('tries things out with a dry run', async () => {
    const ns = await namespace('dry');
    expect(await ok(`create ${ns} --dry-run=server -f -`, widget('a'))).toBe('widget.test.example/a created (server dry run)\n');
    expect(await ok(`get wi ${ns} -o name`)).toBe('');
    await ok(`create ${ns} -f -`, widget('a'));
    await ok(`apply ${ns} --server-side --force-conflicts --dry-run=server -f -`, widget('a', { color: 'red', size: 9 }));
    await ok(`delete wi a ${ns} --dry-run=server`);
    expect(await ok(`get wi a ${ns} -o jsonpath={.spec.size}`)).toBe('3');
  });

  it('waits for a condition and for a deletion', async () => {
    const ns = await namespace('wait');
    await ok(`create ${ns} -f -`, widget('a', { color: 'red' }, { finalizers: ['test.example/hold'] }));
    const ready = ok(`wait ${ns} --for=condition=Ready wi/a --timeout=10s`);
    await ok(`patch wi a ${ns} --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}`);
    expect(await ready).toBe('widget.test.example/a condition met\n');
    const deleted = ok(`delete wi a ${ns} --timeout=10s`);
    await ok(`wait ${ns} --for=jsonpath={.metadata.deletionTimestamp} wi/a --timeout=10s`);
    await ok(`patch wi a ${ns} --type=merge -p {"metadata":{"finalizers":null}}`);
    expect(await deleted).toContain('deleted');
    expect(await ok(`get wi ${ns} -o name`)).toBe('');
  });

  it('deletes with what an object owns, or without', async () => {
    const ns = await namespace('cascade');
    const own = async (owner: string, child: string): Promise<void> => {
      await ok(`create ${ns} -f -`, widget(owner));
      const uid = await ok(`get wi ${owner} ${ns} -o jsonpath={.metadata.uid}`);
      const ownerReferences = [{ apiVersion: 'test.example/v1', kind: 'Widget', name: owner, uid, blockOwnerDeletion: true }];
      await ok(`create ${ns} -f -`, widget(child, { color: 'red' }, { ownerReferences }));
    };
    await own('back', 'back-child');
    await ok(`delete wi back ${ns}`);
    await ok(`wait ${ns} --for=delete wi/back-child --timeout=10s`);
    await own('fore', 'fore-child');
    await ok(`delete wi fore ${ns} --cascade=foreground`);
    expect(await ok(`get wi ${ns} -o name`)).toBe('');
    await own('loose', 'loose-child');
    await ok(`delete wi loose ${ns} --cascade=orphan`);
    expect(await ok(`get wi ${ns} -o jsonpath={.items[*].metadata.name}/{.items[*].metadata.ownerReferences}`)).toBe('loose-child/');
    await ok(`delete wi --all ${ns}`);
  });

  it('deletes a namespace with all that is in it', async () => {
    const ns = await namespace('gone');
    await ok(`create ${ns} -f -`, widget('a'));
    await ok('delete namespace gone');
    expect(await fails('get namespace gone')).toContain('namespaces "gone" not found');
    expect(await ok('get wi -A -o jsonpath={.items[?(@.metadata.namespace=="gone")].metadata.name}')).toBe('');
    expect(await fails('delete namespace default')).toContain('this namespace may not be deleted');
  });

  it('takes a new CRD and serves it at once, and takes it away with its objects', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gears.test.example' },
      spec: {
        group: 'test.example',
        scope: 'Cluster',
        names: { plural: 'gears', kind: 'Gear' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { teeth: { type: 'integer' } } } },
          },
        ],
      },
    };
    await ok('create -f -', JSON.stringify(crd));
    await ok('wait --for=condition=Established crd/gears.test.example --timeout=10s');
    await ok('create -f -', JSON.stringify({ apiVersion: 'test.example/v1', kind: 'Gear', metadata: { name: 'g' }, teeth: 12 }));
    expect(await ok('get gears -o jsonpath={.items[0].teeth}')).toBe('12');
    await ok('delete crd gears.test.example');
    expect(await fails('get gears')).toContain('the server could not find the requested resource');
  });

  it('says clearly what is not served', async () => {
    expect(await fails('get pods')).toContain(`the server doesn't have a resource type "pods"`);
    await ok('create -f -', widget('unscaled'));
    expect(await fails('scale widget/unscaled --replicas=2')).toContain('not found');
    expect(await fails('get --raw /apis/nothing.example/v1/things')).toContain('could not find the requested resource');
  });

  it('of version 1.27 works as the newest does', async ({ skip }) => {
    if (oldest === undefined) skip('this machine has no kubectl 1.27');
    const old = async (command: string, stdin?: string): Promise<string> => {
      const options = { kubeconfig: test.server.kubeconfigPath, args: command.split(' '), binary: oldest ?? '' };
      const result = await kubectl({ ...options, ...(stdin !== undefined && { stdin }) });
      expect(result.code, `${command}\n${result.stderr}`).toBe(0);
      return result.stdout;
    };
    const ns = '-n oldest';
    await old('create namespace oldest');
    expect(await old(`apply ${ns} -f -`, widget('a'))).toBe('widget.test.example/a created\n');
    expect(await old(`apply ${ns} -f -`, widget('a', { color: 'red', size: 5 }))).toBe('widget.test.example/a configured\n');
    expect(await old(`apply ${ns} --server-side --force-conflicts -f -`, widget('a', { color: 'red', size: 6 }))).toContain('applied');
    expect(await old(`get wi ${ns}`)).toMatch(/a +red +6/);
    expect(await old('explain widget.spec.color')).toContain('The color of the widget.');
    expect(await old('api-resources')).toContain('widgets');
    expect(await old(`describe wi a ${ns}`)).toContain('Events:');
    expect(await old('describe namespace oldest')).toContain('Status:       Active');
    await old(`label wi a ${ns} x=y`);
    await old(`patch wi a ${ns} --type=merge -p {"spec":{"size":7}}`);
    await old(`delete wi a ${ns}`);
    await old('delete namespace oldest');
  });
});
