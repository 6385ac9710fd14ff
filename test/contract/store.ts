/**
 * What every `Store` promises, in outcomes. An adapter calls `storeContract` once; nothing here knows which one it is.
 * `reopen` gives a second handle on the same data, where the adapter has such a thing.
 */
import type { Store } from '../../shared/ports.ts';
import type { Contribution, CountedCell, Entry, Granularity, RollUp, StatedCell, Totals } from '../../shared/window.ts';

export interface OpenStore {
  store: Store;
  reopen?: () => Promise<Store>;
  dispose: () => Promise<void>;
}

const MINUTE = 60_000;
/** 2023-11-14 22:13 UTC. */
const T0 = 28_333_333 * MINUTE;
const hex = (n: number): string => n.toString(16).padStart(16, '0');

const totals = (counted: number): Totals => ({ received: counted, counted, notCall: 0, malformed: 0, tooLate: 0 });

/** Fresh each time: some tests spoil what they are given. */
const cell = (): StatedCell => ({
  kind: 'failure',
  status: 429,
  cause: 'rate_limit_tokens',
  model: 'gpt-4o',
  provider: null,
  tenant: 'acme',
  project: null,
  key: 'key:0a1b2c3d',
  logGroup: '/app/a',
  stated: [
    {
      dimension: 'tokens',
      owner: 'provider',
      limit: 30_000,
      used: 29_450.5,
      resetsAtMs: null,
      minRetryAfterMs: 1,
      maxRetryAfterMs: 86_400_000,
    },
  ],
});

const ranks = ['part', 'attempt', 'final', 'success'] as const;

const entriesOf = (count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => ({
    event: hex(i),
    call: hex(i % 3 === 0 ? i : 0),
    rank: ranks[i % 4] ?? 'final',
    cell: 0,
    attempts: 1 + (i % 5),
    ...(i % 4 === 3 ? { tokens: 100 + i } : {}),
  }));

/** A contribution to a minute counted from T0. */
export function contributionAt(minute: number, key: string, { digest = `d-${key}`, entries = 2 } = {}): Contribution {
  return {
    windowMs: T0 + minute * MINUTE,
    key,
    source: '5a5a5a5a5a5a5a5a',
    digest,
    classifier: 1,
    totals: totals(entries),
    skipped: { 'not-a-call': 3 },
    signatures: { 'failure json 418 - - 0a1b2c3d': 2 },
    cells: [cell()],
    entries: entriesOf(entries),
  };
}

export function rollUpAt(minute: number, contributions: number, granularity: Granularity = 'minute'): RollUp {
  const windowMs = T0 + minute * MINUTE;
  const counted: CountedCell = {
    ...cell(),
    calls: 2,
    attempts: 5,
    recovered: 1,
    tokens: 7,
    firstMs: windowMs,
    lastMs: windowMs,
  };
  return {
    granularity,
    windowMs,
    contributions,
    totals: totals(2),
    skipped: { unreadable: 1 },
    signatures: { '(other)': 1 },
    cells: [counted],
  };
}

/** Survives a trip unchanged in a key as well as in a value. */
const ODD_TEXTS = ['__proto__', 'constructor', 'toString', 'a\0b', 'a\0c', '😀', '\uffee', '%', '_', "'; --", '"\\'];

export function storeContract(name: string, open: () => Promise<OpenStore>): void {
  describe(`${name}: Store`, () => {
    let opened: OpenStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    const all = () => store.contributions(T0, T0 + 1_000 * MINUTE);
    const dirtyMinutes = async () => (await store.dirty()).map(({ windowMs }) => (windowMs - T0) / MINUTE);
    /** A second handle where there is one, so that the loser of a race need not be in the same process. */
    const other = async () => (await opened.reopen?.()) ?? store;

    describe('contributions', () => {
      test.each([
        { result: 'added', when: 'nothing is stored', before: [], added: contributionAt(0, 'a') },
        {
          result: 'added',
          when: 'the key is in another window',
          before: [contributionAt(1, 'a')],
          added: contributionAt(0, 'a'),
        },
        {
          result: 'duplicate',
          when: 'the same is stored',
          before: [contributionAt(0, 'a')],
          added: contributionAt(0, 'a'),
        },
        {
          result: 'mismatch',
          when: 'the digest differs',
          before: [contributionAt(0, 'a', { digest: 'first' })],
          added: contributionAt(0, 'a', { digest: 'second' }),
        },
      ])('adding says $result when $when', async ({ result, before, added }) => {
        await store.add(before);
        await expect(store.add([added])).resolves.toEqual([result]);
      });

      test('answers stand in the order of what was added', async () => {
        const a = contributionAt(0, 'a');
        await expect(store.add([a, contributionAt(1, 'b'), a, { ...a, digest: 'x' }])).resolves.toEqual([
          'added',
          'added',
          'duplicate',
          'mismatch',
        ]);
      });

      test('adding nothing does nothing', async () => {
        await expect(store.add([])).resolves.toEqual([]);
        await expect(store.dirty()).resolves.toEqual([]);
      });

      test('a mismatch keeps the stored contribution', async () => {
        await store.add([contributionAt(0, 'a', { digest: 'first' })]);
        await store.add([contributionAt(0, 'a', { digest: 'second', entries: 9 })]);
        await expect(all()).resolves.toStrictEqual([contributionAt(0, 'a', { digest: 'first' })]);
      });

      test('a range is half-open and ordered by window, then key', async () => {
        await store.add(
          [
            [3, 'a'],
            [2, 'b'],
            [1, 'z'],
            [2, 'a'],
            [0, 'a'],
          ].map(([m, k]) => contributionAt(Number(m), String(k))),
        );
        const found = await store.contributions(T0 + MINUTE, T0 + 3 * MINUTE);
        expect(found).toStrictEqual([contributionAt(1, 'z'), contributionAt(2, 'a'), contributionAt(2, 'b')]);
      });

      test('an empty or reversed range holds nothing', async () => {
        await store.add([contributionAt(0, 'a')]);
        await expect(store.contributions(T0, T0)).resolves.toEqual([]);
        await expect(store.contributions(T0 + MINUTE, T0)).resolves.toEqual([]);
      });

      test('concurrent adds of the same contribution store one', async () => {
        const second = await other();
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, i) => (i % 2 ? store : second).add([contributionAt(0, 'a')])),
        );
        expect(results.flat().sort()).toEqual(['added', ...Array(9).fill('duplicate')]);
        await expect(all()).resolves.toHaveLength(1);
      });

      test('ten thousand entries come back unchanged', async () => {
        const large = contributionAt(0, 'large', { entries: 10_000 });
        await store.add([large]);
        await expect(all()).resolves.toStrictEqual([large]);
      });

      test('odd keys, names and values come back unchanged', async () => {
        const odd = ODD_TEXTS.map((text) => ({
          ...contributionAt(0, text),
          skipped: Object.fromEntries(ODD_TEXTS.map((reason, i) => [reason, i])),
          cells: [{ ...cell(), model: text, tenant: `${text}\ud83d` }],
          entries: [{ event: text, call: `${text}!`, rank: 'part', cell: 0, attempts: 1 } as const],
        }));
        await store.add(odd);
        const byBytes = odd.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
        const found = await all();
        expect(found).toStrictEqual(byBytes);
        expect(found.map(({ skipped }) => Object.keys(skipped))).toEqual(odd.map(() => ODD_TEXTS));
      });
    });

    describe('dirty windows', () => {
      test('every window that was added to, oldest first', async () => {
        await store.add([contributionAt(2, 'a'), contributionAt(0, 'a'), contributionAt(2, 'b')]);
        await store.add([contributionAt(1, 'a')]);
        await expect(dirtyMinutes()).resolves.toEqual([0, 1, 2]);
      });

      test('cleaning removes the mark, once', async () => {
        await store.add([contributionAt(0, 'a'), contributionAt(1, 'a')]);
        const [first] = await store.dirty();
        await expect(store.clean({ windowMs: T0, token: first?.token ?? '' })).resolves.toBe(true);
        await expect(store.clean({ windowMs: T0, token: first?.token ?? '' })).resolves.toBe(false);
        await expect(dirtyMinutes()).resolves.toEqual([1]);
      });

      test.each([
        { name: 'another contribution', added: contributionAt(0, 'b') },
        { name: 'a duplicate', added: contributionAt(0, 'a') },
        { name: 'a mismatch', added: contributionAt(0, 'a', { digest: 'other' }) },
      ])('$name marks a cleaned window again', async ({ added }) => {
        await store.add([contributionAt(0, 'a')]);
        for (const mark of await store.dirty()) await store.clean(mark);
        await store.add([added]);
        await expect(dirtyMinutes()).resolves.toEqual([0]);
      });

      test('an old token does not clean what came after it', async () => {
        await store.add([contributionAt(0, 'a')]);
        const [old] = await store.dirty();
        await store.add([contributionAt(0, 'b')]);
        await expect(store.clean({ windowMs: T0, token: old?.token ?? '' })).resolves.toBe(false);
        await expect(dirtyMinutes()).resolves.toEqual([0]);
      });

      test('a token never comes back after cleaning', async () => {
        const seen = new Set<string>();
        for (let i = 0; i < 5; i++) {
          await store.add([contributionAt(0, 'a')]);
          for (const mark of await store.dirty()) {
            seen.add(mark.token);
            await store.clean(mark);
          }
        }
        expect(seen.size).toBe(5);
      });
    });

    describe('roll-ups', () => {
      test.each([
        { accepted: true, stored: 2, put: 3, left: 3 },
        { accepted: true, stored: 2, put: 2, left: 2 },
        { accepted: false, stored: 2, put: 1, left: 2 },
        { accepted: false, stored: 2, put: 0, left: 2 },
      ])('$put contributions over $stored: accepted $accepted', async ({ accepted, stored, put, left }) => {
        await expect(store.putRollUp(rollUpAt(0, stored))).resolves.toBe(true);
        await expect(store.putRollUp({ ...rollUpAt(0, put), skipped: { put: 1 } })).resolves.toBe(accepted);
        const found = await store.rollUps('minute', T0, T0 + MINUTE);
        expect(found).toStrictEqual([{ ...rollUpAt(0, left), skipped: accepted ? { put: 1 } : { unreadable: 1 } }]);
      });

      test('a range is half-open, ordered and of one granularity', async () => {
        for (const minute of [3, 1, 0, 2]) await store.putRollUp(rollUpAt(minute, 1));
        await store.putRollUp(rollUpAt(1, 1, 'hour'));
        await store.putRollUp(rollUpAt(1, 1, 'day'));
        const minutes = await store.rollUps('minute', T0 + MINUTE, T0 + 3 * MINUTE);
        expect(minutes).toStrictEqual([rollUpAt(1, 1), rollUpAt(2, 1)]);
        await expect(store.rollUps('hour', T0, T0 + 9 * MINUTE)).resolves.toStrictEqual([rollUpAt(1, 1, 'hour')]);
      });
    });

    describe('documents', () => {
      test('nothing is found under an unknown key', async () => {
        await expect(store.load('alert/none')).resolves.toBeNull();
        await expect(store.load('__proto__')).resolves.toBeNull();
        await expect(store.list('alert/')).resolves.toEqual([]);
      });

      test('version 0 creates, each write counts one', async () => {
        await expect(store.save('alert/1', { state: 'pending' }, 0)).resolves.toBe(true);
        await expect(store.load('alert/1')).resolves.toStrictEqual({
          key: 'alert/1',
          version: 1,
          value: { state: 'pending' },
        });
        await expect(store.save('alert/1', null, 1)).resolves.toBe(true);
        await expect(store.load('alert/1')).resolves.toStrictEqual({ key: 'alert/1', version: 2, value: null });
      });

      test.each([
        { name: 'version 0 over a stored one', version: 0 },
        { name: 'an older version', version: 1 },
        { name: 'a version of the future', version: 3 },
        { name: 'a negative version', version: -1 },
      ])('$name is refused', async ({ version }) => {
        await store.save('a', 'first', 0);
        await store.save('a', 'second', 1);
        await expect(store.save('a', 'third', version)).resolves.toBe(false);
        await expect(store.load('a')).resolves.toStrictEqual({ key: 'a', version: 2, value: 'second' });
      });

      test('a version of something that is not stored is refused', async () => {
        await expect(store.save('a', 'x', 1)).resolves.toBe(false);
        await expect(store.load('a')).resolves.toBeNull();
      });

      test('a value that is not JSON is an error, not a document', async () => {
        await expect(store.save('a', undefined, 0)).rejects.toThrow('not JSON');
        await expect(store.load('a')).resolves.toBeNull();
      });

      test.each([
        { prefix: 'a', found: ['a%b', 'a*b', 'a[b', 'a_b', 'ab', 'a😀'] },
        { prefix: 'a%', found: ['a%b'] },
        { prefix: 'a_', found: ['a_b'] },
        { prefix: 'a*', found: ['a*b'] },
        { prefix: 'a[', found: ['a[b'] },
        { prefix: 'a😀', found: ['a😀'] },
        { prefix: 'A', found: ['Ab'] },
        { prefix: 'abc', found: [] },
      ])('the prefix $prefix is literal, its keys ordered', async ({ prefix, found }) => {
        for (const key of ['b', 'ab', 'a😀', 'a_b', 'a[b', 'a*b', 'a%b', 'Ab']) await store.save(key, { key }, 0);
        await expect(store.list(prefix)).resolves.toStrictEqual(
          found.map((key) => ({ key, version: 1, value: { key } })),
        );
      });

      test('concurrent saves of one version: exactly one wins', async () => {
        const second = await other();
        for (const version of [0, 1, 2]) {
          const won = await Promise.all(
            Array.from({ length: 10 }, (_, i) => (i % 2 ? store : second).save('lease', `${version}-${i}`, version)),
          );
          expect(won.filter(Boolean)).toHaveLength(1);
          await expect(store.load('lease')).resolves.toStrictEqual({
            key: 'lease',
            version: version + 1,
            value: `${version}-${won.indexOf(true)}`,
          });
        }
      });

      test.each(ODD_TEXTS)('%j is a key and a value like any other', async (text) => {
        const value = { [text]: [text, `${text}\ud83d`], nested: JSON.parse(`{"__proto__":{"constructor":1}}`) };
        await store.save(text, value, 0);
        const found = await store.load(text);
        expect(found).toEqual({ key: text, version: 1, value });
        expect(JSON.stringify(found?.value)).toBe(JSON.stringify(value));
      });

      test('half a character in a key becomes U+FFFD', async () => {
        await store.save('half\ud83d', 1, 0);
        await expect(store.load('half\ud83d')).resolves.toStrictEqual({ key: 'half\ufffd', version: 1, value: 1 });
      });
    });

    describe('forgetting', () => {
      beforeEach(async () => {
        await store.add([0, 1, 2].map((minute) => contributionAt(minute, 'a')));
        for (const minute of [0, 1, 2]) await store.putRollUp(rollUpAt(minute, 1));
        await store.putRollUp(rollUpAt(0, 1, 'hour'));
        await store.save('a', 1, 0);
      });

      test.each([
        { what: 'contributions', left: { contributions: 1, minute: 3, hour: 1 } },
        { what: 'minute', left: { contributions: 3, minute: 1, hour: 1 } },
        { what: 'hour', left: { contributions: 3, minute: 3, hour: 0 } },
        { what: 'day', left: { contributions: 3, minute: 3, hour: 1 } },
      ] as const)('drops $what before the time, nothing else', async ({ what, left }) => {
        await store.forget(T0 + 2 * MINUTE, what);
        const minutes = await store.rollUps('minute', T0, T0 + 9 * MINUTE);
        const hours = await store.rollUps('hour', T0, T0 + 9 * MINUTE);
        expect({ contributions: (await all()).length, minute: minutes.length, hour: hours.length }).toEqual(left);
        await expect(store.list('a')).resolves.toHaveLength(1);
        await expect(dirtyMinutes()).resolves.toEqual([0, 1, 2]);
      });

      test('a forgotten contribution can be added again', async () => {
        await store.forget(T0 + MINUTE, 'contributions');
        await expect(store.add([contributionAt(0, 'a')])).resolves.toEqual(['added']);
      });
    });

    test('what goes in or comes out is a copy', async () => {
      const given = contributionAt(0, 'a');
      const rollUp = rollUpAt(0, 1);
      const value = { list: [1] };
      await store.add([given]);
      await store.putRollUp(rollUp);
      await store.save('a', value, 0);
      const read = async () => [await all(), await store.rollUps('minute', T0, T0 + MINUTE), await store.load('a')];
      const spoil = (thing: unknown): void => {
        if (typeof thing !== 'object' || thing === null) return;
        for (const part of Object.values(thing)) spoil(part);
        Object.assign(thing, { spoilt: true });
      };
      const before = structuredClone(await read());
      [given, rollUp, value, await read()].forEach(spoil);
      await expect(read()).resolves.toStrictEqual(before);
    });

    test('another handle sees everything that was acknowledged', async () => {
      await store.add([contributionAt(0, 'a')]);
      await store.putRollUp(rollUpAt(0, 1));
      await store.save('a', 1, 0);
      const second = await other();
      await expect(second.contributions(T0, T0 + MINUTE)).resolves.toHaveLength(1);
      await expect(second.dirty()).resolves.toEqual(await store.dirty());
      await expect(second.rollUps('minute', T0, T0 + MINUTE)).resolves.toHaveLength(1);
      await expect(second.load('a')).resolves.toMatchObject({ version: 1 });
    });

    test('closing twice is harmless', async () => {
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
