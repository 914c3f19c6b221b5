import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { adminToken, type HttpsClient, httpsClient } from './https-client.ts';
import { startTestServer, type TestServer } from './server.ts';
import { widget } from './widgets.ts';

let test: TestServer;
let anonymous: HttpsClient;
let admin: HttpsClient;

beforeAll(async () => {
  test = await startTestServer();
  anonymous = await httpsClient(test.server.url, test.dataDir, undefined);
  admin = await httpsClient(test.server.url, test.dataDir, await adminToken(test.dataDir));
});

afterAll(async () => {
  anonymous.close();
  admin.close();
  expect(test.complaints).toEqual([]);
  await test.stop();
});

const widgets = '/apis/test.example/v1/namespaces/default/widgets';

/** Leaves no widget of the name to the tests that follow, or to a second try. */
function removeAfterwards(name: string): void {
  onTestFinished(async () => {
    await admin.send('DELETE', `${widgets}/${name}`);
  });
}

describe('callers without credentials', () => {
  it.each(['/livez', '/readyz', '/healthz', '/version', '/readyz?verbose'])('get %s', async (path) => {
    expect((await anonymous.send('GET', path)).status).toBe(200);
  });

  it.each(['/', '/api', '/apis', '/openapi/v2', '/api/v1/namespaces', widgets, '/nothing'])('get no %s', async (path) => {
    const reply = await anonymous.send('GET', path);
    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.text)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
  });

  it('write nothing, and neither do those with a wrong token', async () => {
    expect((await anonymous.send('POST', widgets, { body: widget('x') })).status).toBe(401);
    const wrong = await httpsClient(test.server.url, test.dataDir, 'wrong');
    expect((await wrong.send('POST', widgets, { body: widget('x') })).status).toBe(401);
    wrong.close();
  });
});

describe('the data directory', () => {
  it('holds files that only the owner may read', async () => {
    expect((await stat(test.dataDir)).mode & 0o777).toBe(0o700);
    const files = (await readdir(test.dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) expect((await stat(join(file.parentPath, file.name))).mode & 0o777, file.name).toBe(0o600);
  });
});

describe('what is no good request', () => {
  it.each<[string, string, string, string | Buffer, Record<string, string>, number]>([
    ['broken JSON', 'POST', widgets, '{"a":', {}, 400],
    ['JSON that is no object', 'POST', widgets, '[1]', {}, 400],
    ['an empty body', 'POST', widgets, '', {}, 400],
    ['bytes that are no text', 'POST', widgets, Buffer.from([0xff, 0xfe, 0x00, 0x80]), {}, 400],
    ['a body of a form type', 'POST', widgets, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a body of a multipart type', 'POST', widgets, 'x', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['another kind', 'POST', widgets, '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', {}, 400],
    ['no kind', 'POST', widgets, '{"metadata":{"name":"x"}}', {}, 400],
    ['a name with a path in it', 'POST', widgets, widget('../../etc'), {}, 422],
    ['a name like a prototype key', 'POST', widgets, widget('__proto__'), {}, 422],
    ['metadata that is a list', 'POST', widgets, '{"apiVersion":"test.example/v1","kind":"Widget","metadata":[]}', {}, 400],
    ['labels that are numbers', 'POST', widgets, widget('x', { color: 'red' }, { labels: { a: 1 } }), {}, 400],
    ['a spec that is text', 'POST', widgets, widget('x', 'red'), {}, 422],
    ['nesting without end', 'POST', widgets, '{"a":'.repeat(200_000), {}, 400],
    ['lists without end', 'POST', widgets, '['.repeat(500_000), {}, 400],
    ['more than 3 MiB', 'POST', widgets, widget('x', { color: 'red', note: 'x'.repeat(3_200_000) }), {}, 413],
    ['a patch of no known type', 'PATCH', `${widgets}/x`, '{}', {}, 415],
    ['a broken label selector', 'GET', `${widgets}?labelSelector=a%20in%20(`, '', {}, 400],
    ['a broken field selector', 'GET', `${widgets}?fieldSelector=nonsense`, '', {}, 400],
    ['a limit that is none', 'GET', `${widgets}?limit=many`, '', {}, 400],
    ['a version that is none', 'GET', `${widgets}?resourceVersion=new`, '', {}, 400],
    ['a continue token that is none', 'GET', `${widgets}?continue=xyz`, '', {}, 400],
    ['an unknown field validation', 'POST', `${widgets}?fieldValidation=Maybe`, widget('x'), {}, 422],
    ['an unknown dry run', 'POST', `${widgets}?dryRun=Some`, widget('x'), {}, 422],
    ['an unknown policy', 'DELETE', `${widgets}/x?propagationPolicy=Slow`, '', {}, 422],
    ['a media type nobody speaks', 'GET', widgets, '', { accept: 'text/html' }, 406],
    ['a path with a broken escape', 'GET', '/apis/%zz', '', {}, 400],
    ['a path that climbs', 'GET', '/api/v1/namespaces/..%2f..%2fetc', '', {}, 404],
    ['a method that is none', 'OPTIONS', widgets, '', {}, 405],
    ['a subresource that is not served', 'GET', `${widgets}/x/scale`, '', {}, 404],
  ])('%s is refused with a Status', async (_what, method, path, body, headers, code) => {
    const reply = await admin.send(method, path, { ...(body.length > 0 && { body }), headers });
    expect(reply.status, reply.text.slice(0, 300)).toBe(code);
    const status = JSON.parse(reply.text) as { kind: string; code: number; message: string };
    expect(status).toMatchObject({ kind: 'Status', code });
    expect(status.message).not.toBe('');
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it('leaves nothing behind and changes no prototype', async () => {
    removeAfterwards('proto');
    const body = `{"apiVersion":"test.example/v1","kind":"Widget","metadata":{"name":"proto","annotations":{"__proto__":"x"}},"spec":{"color":"red","__proto__":{"size":9}}}`;
    const reply = await admin.send('POST', widgets, { body });
    expect(reply.status).toBe(422);
    const accepted = await admin.send('POST', widgets, { body: body.replace('"annotations":{"__proto__":"x"}', '"annotations":{}') });
    expect(JSON.parse(accepted.text)).toMatchObject({ spec: { color: 'red', size: 3 } });
    expect(accepted.headers['warning']).toBe('299 - "unknown field \\"spec.__proto__\\""');
    expect(({} as { size?: number }).size).toBeUndefined();
    const list = JSON.parse((await admin.send('GET', widgets)).text) as { items: { metadata: { name: string } }[] };
    expect(list.items.map((item) => item.metadata.name)).toEqual(['proto']);
  });

  it('that is not even HTTP ends its connection, and the server goes on', async () => {
    const socket = connect({ host: '127.0.0.1', port: test.server.port, rejectUnauthorized: false });
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.write('\u0000\u0001nonsense\r\n\r\n');
    await ended;
    expect((await admin.send('GET', '/readyz')).text).toBe('ok');
  });
});

describe('a kept connection', () => {
  it('serves request after request, and a body sent in chunks', async () => {
    removeAfterwards('chunked');
    const chunked = await admin.send('POST', widgets, { body: widget('chunked'), headers: { 'transfer-encoding': 'chunked' } });
    expect(chunked.status).toBe(201);
    for (let i = 0; i < 20; i += 1) expect((await admin.send('GET', `${widgets}/chunked`)).status).toBe(200);
  });
});
