import { request } from 'node:http';
import { type LocalServer, serveLocally } from '../../functions/local/server.ts';

const echo = async (asked: Request) => Response.json({ path: new URL(asked.url).pathname });
const thrown: unknown[] = [];
const onError = (error: unknown) => thrown.push(error);
let server: LocalServer;

beforeAll(async () => {
  const handler = (asked: Request) =>
    asked.url.endsWith('/broken') ? Promise.reject(new Error('disk gone')) : echo(asked);
  server = await serveLocally({ handler, port: 0, onError });
});
afterAll(() => server.close());

/** fetch does not let a caller set Host; a browser tricked by DNS rebinding does send another one. */
const ask = (path: string, host: string | undefined) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const sent = request(`${server.url}${path}`, { headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject).end();
  });

test('passes requests to the handler on 127.0.0.1 only', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(`${server.url}/v1/health`)).json()).toEqual({ path: '/v1/health' });
});

test.each(['localhost', 'localhost:4600', '127.0.0.1', 'LOCALHOST:1'])('answers as %s', async (host) => {
  expect((await ask('/v1/health', host)).status).toBe(200);
});

test.each([
  'evil.example',
  'evil.example:4600',
  'localhost.evil.example',
  'evil-localhost',
  '127.0.0.1.evil.example',
  '127.0.0.2',
  'localhost:evil',
  '0.0.0.0:4600',
])('refuses the host %s', async (host) => {
  const { status, text } = await ask('/v1/summary', host);
  expect([status === 403 || status === 400, text.includes('/v1/summary')]).toEqual([true, false]);
});

test('refuses another host on the first page too', async () => {
  expect((await ask('/', 'evil.example')).status).toBe(403);
});

test('the first page lists the endpoints in plain text', async () => {
  const response = await fetch(server.url);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await response.text()).toContain(`${server.url}/v1/summary`);
});

test('a handler that throws is told apart, its text kept inside', async () => {
  const { status, text } = await ask('/broken', undefined);
  expect([status, text.includes('disk gone')]).toEqual([500, false]);
  expect(thrown).toEqual([new Error('disk gone')]);
});

test('a port in use names itself and the way out', async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveLocally({ handler: echo, port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `Another program listens on 127.0.0.1:${port} already: stop it, or choose another port with --port N.`,
  });
});

test('closes with a connection open, and frees its port', async () => {
  const first = await serveLocally({ handler: echo, port: 0 });
  await (await fetch(`${first.url}/x`)).text();
  await first.close();
  const second = await serveLocally({ handler: echo, port: Number(new URL(first.url).port) });
  await second.close();
});
