import { openClient } from '../../functions/local/client.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { signingProxy } from '../../functions/local/proxy.ts';
import { type LocalServer, serveLocally } from '../../functions/local/server.ts';
import { queryApi } from '../../shared/api.ts';
import { CREDENTIALS, type FunctionUrl, functionUrl, REGION } from './function-url.ts';

let deployed: FunctionUrl;
let server: LocalServer;
const before = { ...process.env };

beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  const api = queryApi({ store: memoryStore(), now: Date.now, version: '1' });
  deployed = await functionUrl(async (request) =>
    new URL(request.url).pathname === '/'
      ? new Response('<html>', { headers: { 'content-security-policy': "default-src 'none'", 'set-cookie': 'a=b' } })
      : api(request),
  );
  const client = await openClient({ url: deployed.url, region: REGION });
  server = await serveLocally({ port: 0, handler: signingProxy(client) });
});
afterAll(async () => {
  await server.close();
  await deployed.close();
  process.env = before;
});
beforeEach(() => {
  deployed.denies = false;
  deployed.received.length = 0;
});

const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
const JSON_TYPE = { 'content-type': 'application/json' };
const WANTED = { filters: { model: 'gpt-4o' }, reason: 'tést & =', until: '+1h' };

test.each([
  '/v1/summary',
  '/v1/summary?by=cause,model&logGroup=%2Fapp%2Fa%20b&model=',
  "/v1/summary?model=a+b&key=it's(1)*!",
  '/v1/alerts/none',
])('%s arrives signed', async (path) => {
  const response = await ask(path);
  expect([200, 404]).toContain(response.status);
  expect(deployed.received).toHaveLength(1);
});

test('the page comes with its policy, and without cookies', async () => {
  const response = await ask('/', { headers: { accept: 'text/html' } });
  expect([await response.text(), response.headers.get('content-security-policy')]).toEqual([
    '<html>',
    "default-src 'none'",
  ]);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('a silence is added and ended, body and all', async () => {
  const origin = server.url;
  const added = await ask('/v1/silences', {
    method: 'POST',
    headers: { ...JSON_TYPE, origin },
    body: JSON.stringify(WANTED),
  });
  const { id } = await added.json();
  expect(added.status).toBe(201);
  expect((await ask(`/v1/silences/${id}`, { method: 'DELETE', headers: { origin } })).status).toBe(200);
  expect(deployed.received.map(({ headers }) => headers['origin'])).toEqual([undefined, undefined]);
});

test.each([
  ['another origin', { origin: 'https://evil.example' }],
  ['a site elsewhere', { 'sec-fetch-site': 'cross-site' }],
])('%s changes nothing', async (_, headers) => {
  const response = await ask('/v1/silences', {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(WANTED),
  });
  expect([response.status, deployed.received]).toEqual([403, []]);
});

test('a form cannot be passed off as JSON', async () => {
  const response = await ask('/v1/silences', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify(WANTED),
  });
  expect([response.status, deployed.received]).toEqual([415, []]);
});

test.each(['/other', '/v2/x', '/assets/../../x', '//evil.example/v1/'])('%s is not passed on', async (path) => {
  expect((await ask(path)).status).toBe(404);
  expect(deployed.received).toEqual([]);
});

test('a refusal of AWS is a sentence', async () => {
  deployed.denies = true;
  const response = await ask('/v1/summary');
  expect([response.status, (await response.json()).detail]).toEqual([
    403,
    expect.stringMatching(/lambda:InvokeFunctionUrl/),
  ]);
});

test('a server that is gone is a 502, as the page expects it', async () => {
  const gone = await functionUrl(async () => new Response());
  await gone.close();
  const proxy = signingProxy(await openClient({ url: gone.url, region: REGION }));
  const response = await proxy(new Request('http://127.0.0.1/v1/summary'));
  expect([response.status, (await response.json()).detail]).toEqual([502, expect.stringMatching(/^Nothing answered/)]);
});
