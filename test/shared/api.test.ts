import { queryApi } from '../../shared/api.ts';
import type { Store, Versioned } from '../../shared/ports.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../../shared/window.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ago = (minutes: number) => NOW - minutes * MINUTE_MS;

const cell = (windowMs: number, over: Partial<CountedCell>): CountedCell => ({
  ...{ kind: 'failure', status: 429, cause: 'rate_limit_requests', model: 'gpt-4o', provider: 'openai' },
  ...{ tenant: 'acme', project: null, key: null, logGroup: '/app/a' },
  ...{ calls: 4, attempts: 4, recovered: 0, firstMs: windowMs, lastMs: windowMs },
  ...over,
});
const rollUp = (windowMs: number, received = 12): RollUp => ({
  ...{ granularity: 'minute', windowMs, contributions: 1, skipped: { 'not-a-call': 2 } },
  totals: { received, counted: 10, notCall: 2, malformed: 0, tooLate: 0 },
  cells: [
    cell(windowMs, {}),
    cell(windowMs, { status: 418, cause: 'unknown', model: '=cmd', calls: 1, attempts: 1 }),
    cell(windowMs, { kind: 'success', status: 200, cause: null, calls: 5, attempts: 5 }),
  ],
});
const alert = (id: string, sinceMs: number, resolvedMs: number | null) => ({
  ...{ id, group: 'e429', scope: { by: 'model', value: 'gpt-4o' }, reason: 'share-above-normal' },
  state: resolvedMs === null ? 'firing' : 'resolved',
  ...{ sinceMs, firedMs: sinceMs, resolvedMs, evaluatedMs: ago(1), calls: 10, failures: 5, normalShare: 0 },
  ...{ causes: [], blastRadius: [], lastNotifiedMs: null, untilMs: ago(2), outbox: [{ id: 'n1' }] },
});

interface Held {
  readonly rollUps?: readonly RollUp[];
  readonly documents?: Readonly<Record<string, unknown>>;
}

/** Serialises like a real store, and throws on everything the API has no business to call. */
function storeOf({ rollUps = [rollUp(ago(30)), rollUp(ago(2))], documents = {} }: Held): Store {
  const unexpected = () => Promise.reject(new Error('the query API only reads'));
  const entries = Object.entries(documents).map(
    ([key, value]): Versioned => ({ key, version: 1, value: JSON.parse(JSON.stringify(value)) }),
  );
  return {
    rollUps: async (granularity, fromMs, toMs) =>
      structuredClone(
        rollUps.filter((r) => r.granularity === granularity && fromMs <= r.windowMs && r.windowMs < toMs),
      ),
    load: async (wanted) => entries.find(({ key }) => key === wanted) ?? null,
    list: async (prefix) => entries.filter(({ key }) => key.startsWith(prefix)),
    dirty: async () => [],
    ...{ add: unexpected, contributions: unexpected, clean: unexpected, putRollUp: unexpected },
    ...{ save: unexpected, forget: unexpected, close: unexpected },
  };
}

async function ask(path: string, { held = {}, ...init }: RequestInit & { held?: Held } = {}) {
  const api = queryApi({ store: storeOf(held), now: () => NOW, version: '1.2.3', openPaths: ['/'] });
  const response = await api(new Request(`http://127.0.0.1:4600${path}`, init));
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { response, status: response.status, text, body: isJson ? JSON.parse(text) : null };
}

describe('summary', () => {
  test('is by cause over the last day unless told', async () => {
    const { body } = await ask('/v1/summary');
    expect(body).toMatchObject({
      from: '2026-02-28T12:00:00.000Z',
      to: '2026-03-01T12:00:00.000Z',
      by: ['cause'],
      totals: { calls: 20, failures: 10 },
      freshness: '2026-03-01T11:58:00.000Z',
      rows: [
        { key: { cause: 'rate_limit_requests' }, failures: 8, share: 0.8 },
        { key: { cause: 'unknown' }, failures: 2 },
      ],
      skipped: { 'not-a-call': 4 },
    });
  });

  test('takes a range, dimensions, filters and top together', async () => {
    const { body } = await ask(
      '/v1/summary?from=-10m&to=now&by=model&by=cause&category=throttle&tenant=acme&status=429&top=1',
    );
    expect(body).toMatchObject({ by: ['model', 'cause'], totals: { failures: 4 }, other: 0 });
    expect(body.rows[0].key).toEqual({ model: 'gpt-4o', cause: 'rate_limit_requests' });
  });

  test('of a replayed old file covers its newest day', async () => {
    const old = Date.parse('2023-05-04T10:00:00Z');
    const { body } = await ask('/v1/summary', { held: { rollUps: [rollUp(old)] } });
    expect(body).toMatchObject({ to: '2023-05-04T10:01:00.000Z', totals: { failures: 5 } });
  });

  test.each([
    ['-1h', '2026-03-01T11:00:00.000Z'],
    ['2026-02-27T10:20Z', '2026-02-27T10:00:00.000Z'],
    ['-90d', '2025-12-01T00:00:00.000Z'],
  ])('from %s begins at %s, whole hours and days where it is long', async (from, shown) => {
    expect((await ask(`/v1/summary?from=${from}`)).body.from).toBe(shown);
  });

  test('says whether the current minute is in it', async () => {
    expect((await ask('/v1/summary?from=-1h&to=-1m')).body.partial).toBe(false);
    expect((await ask('/v1/summary?from=-1h&to=2026-03-01T12:00:30Z')).body.partial).toBe(true);
  });

  test('comes as CSV when asked, with formulas defused', async () => {
    const { response, text } = await ask('/v1/summary?by=model', { headers: { accept: 'text/csv' } });
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(text.split('\r\n').map((line) => line.split(',').slice(0, 3).join(','))).toEqual([
      'model,calls,failures',
      'gpt-4o,18,8',
      "'=cmd,2,2",
      '',
    ]);
  });

  test.each([['application/json'], ['*/*'], ['text/html,*/*;q=0.8']])(
    'comes as JSON for Accept: %s',
    async (accept) => {
      const { response } = await ask('/v1/summary', { headers: { accept } });
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    },
  );
});

describe('series', () => {
  test('has a point for every step, also empty ones', async () => {
    const { body } = await ask('/v1/series?from=-30m&step=15m&by=cause&cause=unknown');
    expect(body).toMatchObject({ from: '2026-03-01T11:30:00.000Z', step: '15m', by: ['cause'] });
    expect(body.points.map(({ failures }: { failures: number }) => failures)).toEqual([1, 1]);
  });

  test.each([
    ['-1h', '1m'],
    ['-24h', '5m'],
    ['-7d', '1h'],
    ['-14d', '3h'],
    ['-30d', '1d'],
    ['-399d', '1d'],
  ])('from %s takes steps of %s unless told', async (from, step) => {
    expect((await ask(`/v1/series?from=${from}`)).body.step).toBe(step);
  });

  test('marks the step that is not over', async () => {
    const { body } = await ask('/v1/series?from=-30m&to=2026-03-01T12:00:01Z&step=15m');
    expect(body.points.map(({ partial }: { partial?: true }) => partial)).toEqual([undefined, undefined, true]);
    expect(body.freshness).toBe('2026-03-01T11:58:00.000Z');
  });

  test('as CSV has a line for every step, or for every step and row', async () => {
    const headers = { accept: 'text/csv' };
    const plain = await ask('/v1/series?from=-30m&step=15m', { headers });
    expect(plain.text.split('\r\n').slice(0, 2)).toEqual([
      'at,calls,failures,recovered,attempts,partial',
      '2026-03-01T11:30:00.000Z,10,5,0,10,no',
    ]);
    const byModel = await ask('/v1/series?from=-30m&step=15m&by=model&top=1', { headers });
    expect(byModel.text.split('\r\n').slice(0, 3)).toEqual([
      'at,model,failures',
      '2026-03-01T11:30:00.000Z,gpt-4o,4',
      '2026-03-01T11:30:00.000Z,(other),1',
    ]);
  });

  test('names the steps a long range allows', async () => {
    const { status, body } = await ask('/v1/series?from=-30d&step=1m');
    expect([status, body.errors[0].parameter, body.errors[0].allowed[0]]).toEqual([400, 'step', '1h']);
  });
});

describe('alerts', () => {
  const documents = {
    'alert/old': alert('old', ago(600), ago(500)),
    'alert/new': alert('new', ago(20), null),
    'alert/broken': { id: 'broken' },
    detector: { evaluatedMs: ago(1) },
  };

  test('come newest first, without their outbox, unreadable ones counted', async () => {
    const { body, text } = await ask('/v1/alerts', { held: { documents } });
    expect(body.alerts.map(({ id }: { id: string }) => id)).toEqual(['new', 'old']);
    expect(body.unreadable).toBe(1);
    expect(body.alerts[1]).toMatchObject({ since: '2026-03-01T02:00:00.000Z', resolved: '2026-03-01T03:40:00.000Z' });
    expect(text).not.toMatch(/outbox|Ms"/);
  });

  test('say their evidence in one sentence and the share that fails', async () => {
    const { body } = await ask('/v1/alerts/new', { held: { documents } });
    expect([body.evidence, body.share]).toEqual([
      'Since 2026-03-01 11:40 UTC, 5 of 10 calls (50 %) failed with 429; normal is 0 %.',
      0.5,
    ]);
  });

  test('come in pages that hold each of them once', async () => {
    const more = Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`alert/a${n}`, alert(`a${n}`, ago(600 - (n % 2)), null)]),
    );
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask(`/v1/alerts?limit=2${cursor}`, { held: { documents: { ...documents, ...more } } });
      seen.push(...body.alerts.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual(['new', 'a1', 'a3', 'a5', 'a2', 'a4', 'old']);
  });

  test('say how far they are judged', async () => {
    expect((await ask('/v1/alerts', { held: { documents } })).body.freshness).toBe('2026-03-01T11:59:00.000Z');
    expect((await ask('/v1/alerts/new', { held: { documents } })).body.freshness).toBe('2026-03-01T11:59:00.000Z');
  });

  test('come as CSV when asked', async () => {
    const { text } = await ask('/v1/alerts', { held: { documents }, headers: { accept: 'text/csv' } });
    expect(text.split('\r\n')[1]).toBe(
      'new,firing,share-above-normal,e429,model,gpt-4o,,2026-03-01T11:40:00.000Z,2026-03-01T11:58:00.000Z,10,5',
    );
  });

  test.each([
    ['state=firing', ['new']],
    ['state=pending', []],
    ['from=-1h', ['new']],
    ['to=-1h', ['old']],
    ['from=-550m&to=-510m', ['old']],
    ['from=-400m&to=-300m', []],
  ])('with %s are %j', async (query, ids) => {
    const { body } = await ask(`/v1/alerts?${query}`, { held: { documents } });
    expect(body.alerts.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  test('one is found by its id, another is not', async () => {
    expect((await ask('/v1/alerts/new', { held: { documents } })).body).toMatchObject({ id: 'new', resolved: null });
    expect((await ask('/v1/alerts/none', { held: { documents } })).status).toBe(404);
  });
});

describe('causes', () => {
  test('are the catalogue, and one has its remediation', async () => {
    const { body } = await ask('/v1/causes');
    expect(body.causes.map(({ id }: { id: string }) => id)).toContain('unknown');
    expect((await ask('/v1/causes/invalid_json')).body).toMatchObject({ id: 'invalid_json', category: 'request' });
  });

  test('an unknown one answers which there are', async () => {
    const { status, body } = await ask('/v1/causes/toString');
    expect([status, body.allowed.includes('invalid_json')]).toEqual([404, true]);
  });
});

describe('health', () => {
  test('shows the law, coverage, lag and version', async () => {
    const { body } = await ask('/v1/health', { held: { documents: { detector: { evaluatedMs: ago(3) } } } });
    expect(body).toEqual({
      status: 'ok',
      ...{ from: '2026-02-28T12:00:00.000Z', to: '2026-03-01T12:00:00.000Z', freshness: '2026-03-01T11:58:00.000Z' },
      law: { received: 24, counted: 20, notCall: 4, malformed: 0, tooLate: 0, holds: true },
      skipped: { 'not-a-call': 4 },
      coverage: { classified: 8, unknown: 2, share: 0.8, unreadable: 0, signatures: [], other: 0 },
      lag: {
        evaluatedTo: '2026-03-01T11:57:00.000Z',
        newest: '2026-03-01T11:58:00.000Z',
        behindSeconds: 60,
        sinceNewestSeconds: 120,
      },
      dirtyWindows: 0,
      version: '1.2.3',
    });
  });

  test.each([
    ['law-broken', { rollUps: [rollUp(ago(2), 13)] }],
    ['no-data', { rollUps: [] }],
    ['behind', { documents: { detector: { evaluatedMs: ago(60) } } }],
    ['behind', { documents: { detector: 'nonsense' } }],
  ])('is %s where it should worry', async (status, held) => {
    expect((await ask('/v1/health', { held })).body.status).toBe(status);
  });
});

describe('bad input', () => {
  test.each([
    ['/v1/summary?from=yesterday', 'from', /-1h/],
    ['/v1/summary?to=2026-02-30', 'to', /ISO/],
    ['/v1/summary?from=now&to=-1h', 'from', /before to/],
    ['/v1/summary?from=-401d', 'from', /400 days/],
    ['/v1/summary?by=cause,colour', 'by', /logGroup/],
    ['/v1/summary?by=', 'by', /cause/],
    ['/v1/summary?cause=bad_luck', 'cause', /invalid_json/],
    ['/v1/summary?category=other', 'category', /throttle/],
    ['/v1/summary?status=4xx', 'status', /100 to 599/],
    ['/v1/summary?top=0', 'top', /1 to 1000/],
    ['/v1/summary?top=1001', 'top', /1 to 1000/],
    ['/v1/summary?top=1e2', 'top', /1 to 1000/],
    ['/v1/summary?colour=red', 'colour', /tenant/],
    ['/v1/summary?__proto__=1', '__proto__', /not known/],
    ['/v1/summary?from=-1h&from=-2h', 'from', /more than once/],
    ['/v1/summary?step=7m', 'step', /5m/],
    ['/v1/summary?from=-30d&step=1m', 'step', /at least 1h/],
    ['/v1/alerts?step=1m', 'step', /not known/],
    ['/v1/series?step=7m', 'step', /5m/],
    ['/v1/alerts?state=open', 'state', /firing/],
    ['/v1/causes?verbose=1', 'verbose', /none/],
    ['/v1/summary?by=cause,model,key', 'by', /one or two/],
    ['/v1/summary?form=-1h', 'form', /perhaps from\?/],
    ['/v1/summary?cause=rate_limit_request', 'cause', /perhaps rate_limit_requests\?/],
    ['/v1/summary?by=modle', 'by', /perhaps model\?/],
    ['/v1/summary?from=-10000d', 'from', /400 days/],
    ['/v1/alerts?cursor=nonsense', 'cursor', /next/],
    ['/v1/alerts?cursor=%00', 'cursor', /next/],
    ['/v1/alerts?limit=5000', 'limit', /1 to 1000/],
    ['/v1/silences?cursor=LTEgeA', 'cursor', /next/],
  ])('%s names %s and what is allowed', async (path, parameter, detail) => {
    const { status, body, response } = await ask(path);
    expect(status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ title: 'Bad parameter', status: 400 });
    expect(body.errors).toEqual([expect.objectContaining({ parameter, detail: expect.stringMatching(detail) })]);
  });

  test('every bad parameter is named at once', async () => {
    const { body } = await ask('/v1/summary?from=x&top=x&x=x&by=x');
    expect(body.errors.map(({ parameter }: { parameter: string }) => parameter).sort()).toEqual([
      'by',
      'from',
      'top',
      'x',
    ]);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s answers which methods are allowed', async (method) => {
    const { status, response } = await ask('/v1/summary', { method });
    expect([status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('where something can be added, a wrong method is told so', async () => {
    const { response } = await ask('/v1/silences', { method: 'PUT' });
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  test('an unknown path answers which paths there are', async () => {
    const { status, body } = await ask('/v1/summaries');
    expect([status, body.allowed.includes('/v1/summary'), body.allowed.includes('/')]).toEqual([404, true, true]);
  });
});

test.each(['/v1/summary', '/v1/summary?top=x', '/nowhere'])(
  '%s is neither cached, sniffed nor shared',
  async (path) => {
    const { headers } = (await ask(path, { headers: { origin: 'https://evil.example' } })).response;
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  },
);

test('HEAD answers like GET without a body', async () => {
  const { status, text, response } = await ask('/v1/summary', { method: 'HEAD' });
  expect([status, text, response.headers.get('content-type')]).toEqual([200, '', 'application/json']);
});

test('a store that cannot be read makes it throw', async () => {
  const broken: Store = { ...storeOf({}), rollUps: () => Promise.reject(new Error('disk gone')) };
  const api = queryApi({ store: broken, now: () => NOW, version: '1' });
  await expect(api(new Request('http://127.0.0.1/v1/summary'))).rejects.toThrow('disk gone');
});
