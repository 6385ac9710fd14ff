import './environment.ts';
import type { LambdaEvent } from 'hono/aws-lambda';
import { ingestHandler } from '../../functions/ingest.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { queryHandler } from '../../functions/query.ts';
import { evaluate } from '../../shared/pipeline.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { breakable, contextOf, ingestWorldOf, listen, MINUTE, minuteOf, packed, subscription, T0 } from './fakes.ts';

/** As a Function URL invokes it: payload format 2.0. */
function request(
  rawPath: string,
  rawQueryString = '',
  method = 'GET',
  headers: Record<string, string> = {},
): LambdaEvent {
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' };
  const requestContext = {
    accountId: '1',
    apiId: 'a',
    domainName: 'a.lambda-url.us-east-1.on.aws',
    domainPrefix: 'a',
    http,
  };
  const rest = { requestId: 'r', routeKey: '$default', stage: '$default', time: '', timeEpoch: T0, authorizer: {} };
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString, headers, isBase64Encoded: false, body: null },
    requestContext: { ...requestContext, ...rest },
  } as unknown as LambdaEvent;
}

const store = breakable(memoryStore());
const handler = queryHandler(() => ({ store, now: () => T0 + 10 * MINUTE }));
const ask = async (event: LambdaEvent) => {
  const said = await listen(() => handler(event, contextOf()));
  return {
    ...said,
    answer: said.answer as {
      statusCode: number;
      headers: Record<string, string>;
      body: string;
      isBase64Encoded: boolean;
    },
  };
};

beforeAll(async () => {
  const { world } = ingestWorldOf(T0 + MINUTE, { store });
  const event = packed(subscription(minuteOf(T0, 60, 12, 429)));
  await listen(() => ingestHandler(async () => world)(event, contextOf()));
  await evaluate({ store, settings: DEFAULT_SETTINGS, nowMs: T0 + MINUTE, notifier: { send: async () => {} } });
});

test('a summary comes back as JSON, with one line that names the route only', async () => {
  const { answer, lines, text } = await ask(
    request('/v1/summary', 'from=2026-11-17T09:00Z&to=2026-11-17T09:01Z&by=status'),
  );
  expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
  expect(JSON.parse(answer.body)).toMatchObject({
    totals: { calls: 60, failures: 12 },
    rows: [{ key: { status: 429 }, failures: 12 }],
  });
  expect(lines).toEqual([expect.objectContaining({ route: '/v1/summary', status: 200, bytes: answer.body.length })]);
  expect(text).not.toContain('by=status');
});

test('CSV is text, not base64', async () => {
  const { answer } = await ask(
    request('/v1/summary', 'from=2026-11-17T09:00Z&to=2026-11-17T09:01Z', 'GET', { accept: 'text/csv' }),
  );
  expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
  expect(answer.headers['content-type']).toContain('text/csv');
});

test.each([
  ['a bad parameter', request('/v1/summary', 'by=colour'), 400, '/v1/summary'],
  ['an unknown path', request('/v2/<script>'), 404, 'other'],
  ['an unknown alert', request('/v1/alerts/none'), 404, '/v1/alerts/{id}'],
  ['another method', request('/v1/summary', '', 'DELETE'), 405, '/v1/summary'],
])('%s is answered as a problem', async (_, event, status, route) => {
  const { answer, lines } = await ask(event);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answer.body)).toMatchObject({ status });
  expect(lines).toEqual([expect.objectContaining({ level: 'INFO', route, status })]);
});

test('HEAD has no body', async () => {
  const { answer } = await ask(request('/v1/causes', '', 'HEAD'));
  expect(answer).toMatchObject({ statusCode: 200, body: '' });
});

test('C9 a store that fails is a 503 that says nothing of it, and one line that does', async () => {
  store.broken = ['rollUps'];
  const { answer, lines, metrics } = await ask(request('/v1/summary', 'from=-1h'));
  store.broken = [];
  expect(answer.statusCode).toBe(503);
  expect(answer.body).not.toContain('dynamodb');
  expect(lines).toEqual([expect.objectContaining({ status: 503, code: 'TABLE_FAILED' })]);
  expect(metrics).toMatchObject({ QueryErrors: 1 });
});
