import { memoryStore } from '../../functions/local/memory-store.ts';
import { ANSWERS, problemAnswer } from '../../shared/answers.ts';
import { queryApi } from '../../shared/api.ts';
import { type Operation, openApi } from '../../shared/open-api.ts';
import { evaluate, ingest } from '../../shared/pipeline.ts';
import { ENDPOINTS } from '../../shared/query.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';

// Every example that is documented is asked, and every answer is held to its schema.

const NOW = Date.parse('2026-11-17T10:00:30Z');
const document = openApi('1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ ...(operation as Operation), method, path })),
);

let api: (request: Request) => Promise<Response>;
let ids: Readonly<Record<string, string>>;
const ask = async (method: string, path: string, body?: unknown) => {
  const init = { method: method.toUpperCase(), headers: { 'content-type': 'application/json' } };
  const response = await api(
    new Request(`http://127.0.0.1:4600${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) }),
  );
  return { status: response.status, text: await response.text() };
};

beforeAll(async () => {
  const store = memoryStore();
  api = queryApi({ store, now: () => NOW, version: '1.2.3' });
  const line = (at: number, n: number) =>
    `${new Date(at).toISOString()} INFO httpx: HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions "HTTP/1.1 ${n % 2 === 0 ? '200 OK' : '503 Service Unavailable'}"`;
  for (let minute = 40; minute > 0; minute--) {
    const fromMs = NOW - 30_000 - minute * 60_000;
    const events = Array.from({ length: 40 }, (_, n) => ({
      id: `${minute}-${n}`,
      timestamp: fromMs + n * 1000,
      message: line(fromMs + n * 1000, minute < 20 ? n : 0),
    }));
    await ingest(
      { owner: '1', logGroup: '/app', logStream: 's', events },
      { store, settings: DEFAULT_SETTINGS, nowMs: fromMs + 60_000 },
    );
    await evaluate({ store, settings: DEFAULT_SETTINGS, nowMs: fromMs + 60_000, notifier: { send: async () => {} } });
  }
  const alerts = JSON.parse((await ask('get', '/v1/alerts')).text).alerts;
  const example = bodyExample();
  const silence = JSON.parse((await ask('post', '/v1/silences', example)).text);
  ids = { '/v1/alerts/{id}': alerts[0].id, '/v1/causes/{id}': 'budget_exceeded', '/v1/silences/{id}': silence.id };
});

/** The example of the one body there is. */
const bodyExample = (): unknown => (Array.isArray(found) ? found[0] : undefined);
const found: unknown = operations.find(({ method }) => method === 'post')?.requestBody?.content['application/json']
  .schema['examples'];

test('is OpenAPI 3.1 with an operation for every endpoint', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(ANSWERS).sort());
  expect(operations).toHaveLength(ENDPOINTS.length);
});

test('every reference leads to a schema', () => {
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name);
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(known).toContain(name);
});

test('every parameter is described, with an example where one can be made up', () => {
  for (const { path, parameters } of operations)
    for (const { name, description, example } of parameters)
      if (name !== 'id')
        expect([path, name, typeof description, name === 'cursor' || example !== undefined]).toEqual([
          ...[path, name, 'string', true],
        ]);
});

const asked = operations.flatMap(({ operationId, method, path, parameters }) => {
  const endpoint = ENDPOINTS.find((one) => one.method === method && one.path === path);
  const single = parameters
    .filter(({ example }) => example !== undefined)
    .map(({ name, example }) => `?${name}=${encodeURIComponent(String(example))}`);
  return ['', ...(endpoint?.example ? [endpoint.example] : []), ...single].map(
    (query) => [`${method} ${path}${query}`, method, path, query, operationId] as const,
  );
});

test.each(asked)('%s answers as it is documented to', async (_, method, path, query, operationId) => {
  const body = method === 'post' ? bodyExample() : undefined;
  const { status, text } = await ask(
    method,
    `${path.replace(/.*\{id\}/, (found) => found.replace('{id}', ids[found] ?? ''))}${query}`,
    body,
  );
  expect([status, text.slice(0, status < 300 ? 0 : 500)]).toEqual([method === 'post' ? 201 : 200, '']);
  const read = ANSWERS[operationId].safeParse(JSON.parse(text));
  expect(read.error?.issues ?? []).toEqual([]);
});

test('every answer but the catalogue says how fresh it is', async () => {
  for (const path of [
    '/v1/summary',
    '/v1/series',
    '/v1/alerts',
    ids['/v1/alerts/{id}'] ? `/v1/alerts/${ids['/v1/alerts/{id}']}` : '',
    '/v1/silences',
    '/v1/health',
  ])
    expect(JSON.parse((await ask('get', path)).text).freshness).toMatch(/^2026-11-17T/);
});

test.each([['/v1/summary?top=x'], ['/v1/alerts/none'], ['/nowhere']])('%s is a problem as documented', async (path) => {
  expect(problemAnswer.safeParse(JSON.parse((await ask('get', path)).text)).error).toBeUndefined();
});
