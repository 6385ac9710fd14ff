import { memoryStore } from '../../functions/local/memory-store.ts';
import { queryApi } from '../../shared/api.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const URL_OF_ALL = 'http://127.0.0.1:4600/v1/silences';
const WANTED = { filters: { model: 'gpt-4o' }, reason: 'load test', until: '+2h', by: 'mia' };
const JSON_TYPE = { 'content-type': 'application/json' };

function world() {
  const store = memoryStore();
  const at = { nowMs: NOW };
  const api = queryApi({ store, now: () => at.nowMs, version: '1' });
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await api(new Request(`${URL_OF_ALL}${path}`, init));
    return { response, status: response.status, body: JSON.parse(await response.text()) };
  };
  const add = (body: unknown, headers: Record<string, string> = JSON_TYPE) =>
    ask('', { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { store, at, ask, add };
}

test('a silence is added, listed, and ended', async () => {
  const { at, ask, add } = world();
  const { status, response, body } = await add(WANTED);
  expect([status, response.headers.get('location')]).toEqual([201, `/v1/silences/${body.id}`]);
  expect(body).toMatchObject({ state: 'active', until: '2026-03-01T14:00:00.000Z', reason: 'load test', by: 'mia' });
  expect((await ask('?state=active')).body.silences).toEqual([body]);
  at.nowMs += 60_000;
  const ended = await ask(`/${body.id}`, { method: 'DELETE' });
  expect([ended.status, ended.body.state, ended.body.ended]).toEqual([200, 'over', '2026-03-01T12:01:00.000Z']);
  expect((await ask('?state=active')).body.silences).toEqual([]);
  expect((await ask('?state=over')).body.silences).toHaveLength(1);
});

test('asking twice is asking once', async () => {
  const { ask, add } = world();
  const [one, two] = [await add(WANTED), await add(WANTED)];
  expect(two.body.id).toBe(one.body.id);
  expect((await ask('')).body.silences).toHaveLength(1);
});

test('silences come in pages, newest first', async () => {
  const { at, ask, add } = world();
  for (const reason of ['a', 'b', 'c']) {
    at.nowMs += 1000;
    await add({ ...WANTED, reason });
  }
  const first = await ask('?limit=2');
  const second = await ask(`?limit=2&cursor=${first.body.next}`);
  const reasons = [first, second].map(({ body }) => body.silences.map(({ reason }: { reason: string }) => reason));
  expect([reasons, second.body.next]).toEqual([[['c', 'b'], ['a']], null]);
});

test.each([
  ['no JSON', '{', 'body', /JSON/],
  ['no object', [], 'body', /object/],
  ['no filters', { ...WANTED, filters: undefined }, 'filters', /object/],
  ['an unknown field', { ...WANTED, untill: '+1h' }, 'untill', /perhaps until/],
  ['an unknown filter', { ...WANTED, filters: { modell: 'x' } }, 'modell', /perhaps model/],
  ['an unknown cause', { ...WANTED, filters: { cause: 'x' } }, 'cause', /invalid_json/],
  ['no reason', { ...WANTED, reason: ' ' }, 'reason', /why/],
  ['a number for a reason', { ...WANTED, reason: 1 }, 'reason', /string/],
  ['no end', { ...WANTED, until: undefined }, 'until', /string/],
  ['an end that is no time', { ...WANTED, until: 'tomorrow' }, 'until', /\+2h/],
  ['an end that is past', { ...WANTED, until: '-1h' }, 'until', /future/],
  ['an end next year', { ...WANTED, until: '+53w' }, 'until', /30 days/],
])('%s is refused with its name', async (_, body, parameter, detail) => {
  const { ask, add } = world();
  const { status, body: answer } = await add(body);
  expect([status, answer.title]).toEqual([400, 'Bad parameter']);
  expect(answer.errors).toContainEqual(expect.objectContaining({ parameter, detail: expect.stringMatching(detail) }));
  expect((await ask('')).body.silences).toEqual([]);
});

test('one that does not exist cannot be ended', async () => {
  expect((await world().ask('/none', { method: 'DELETE' })).status).toBe(404);
});

test('a body beyond reason is refused', async () => {
  expect((await world().add({ ...WANTED, reason: 'x'.repeat(20_000) })).status).toBe(413);
});

describe('a page elsewhere', () => {
  test.each([['text/plain'], ['application/x-www-form-urlencoded'], ['multipart/form-data'], ['application/jsonp']])(
    'cannot send %s, which needs no leave',
    async (type) => {
      expect((await world().add(WANTED, { 'content-type': type })).status).toBe(415);
    },
  );

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:4601' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('is refused by %j', async (headers) => {
    const { ask, add } = world();
    expect((await add(WANTED, { ...JSON_TYPE, ...headers })).status).toBe(403);
    expect((await ask('/x', { method: 'DELETE', headers })).status).toBe(403);
    expect((await ask('')).body.silences).toEqual([]);
  });

  test('the own page is heard', async () => {
    const own = { origin: 'http://127.0.0.1:4600', 'sec-fetch-site': 'same-origin' };
    expect((await world().add(WANTED, { ...JSON_TYPE, ...own })).status).toBe(201);
  });
});
