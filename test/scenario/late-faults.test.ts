/**
 * Late data in a broken world: a crash before or after any call of the store, a second evaluation at any moment, and the
 * price. Whatever happens, what late data show is told once, and counted once in what is normal.
 */
import { memoryStore } from '../../functions/local/memory-store.ts';
import { readDetector } from '../../shared/judge.ts';
import type { Store } from '../../shared/ports.ts';
import type { Contribution } from '../../shared/window.ts';
import { alertsOf, deliveriesOf, linesOf, live, msOf, onTime, told, type World, worldOf } from './late-world.ts';
import { badKey, type Caller, SEARCH, SUPPORT, type Timetable } from './timetable.ts';

const GROUP = '/app/support';
const FEW: readonly (readonly [Caller, number])[] = [
  [SUPPORT, 12],
  [SEARCH, 10],
];
const [BEGIN, DOWN, UP, END] = [120, 135, 150, 165] as const;

type Around = (nth: number, call: () => Promise<unknown>) => Promise<unknown>;
/** A store around whose calls something happens; `calls` are their names. */
function around(store: Store, step: Around): { store: Store; calls: string[] } {
  const calls: string[] = [];
  const wrapped = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      (...args: readonly unknown[]) => step(calls.push(name), () => method(...args)),
    ]),
  ) as unknown as Store;
  return { store: wrapped, calls };
}

async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore();
  await copy.add(await store.contributions(0, Number.MAX_SAFE_INTEGER));
  const dirty = new Set((await store.dirty()).map(({ windowMs }) => windowMs));
  for (const mark of await copy.dirty()) if (!dirty.has(mark.windowMs)) await copy.clean(mark);
  for (const size of ['minute', 'hour', 'day'] as const)
    for (const rollUp of await store.rollUps(size, 0, Number.MAX_SAFE_INTEGER)) await copy.putRollUp(rollUp);
  for (const { key, value } of await store.list('')) await copy.save(key, value, 0);
  return copy;
}

const tables = {
  over: { begin: BEGIN, minutes: END, traffic: FEW, faults: [badKey(136, 144)] },
  lasting: { begin: BEGIN, minutes: END, traffic: FEW, faults: [badKey(140, 170)] },
} satisfies Record<string, Timetable>;
type Name = keyof typeof tables;
const told_: Readonly<Record<Name, RegExp>> = {
  over: /^15\d resolved key support-prod 136–144$/,
  lasting: /^15\d delayed key support-prod 140–15\d$/,
};

/** The store when its forwarder has just delivered all it had, before anything was judged again. */
async function made(name: Name): Promise<{ base: Store; deliveries: Map<number, Contribution[]> }> {
  const delay = (group: string, minute: number) => (group === GROUP && minute >= DOWN && minute < UP ? UP - minute : 0);
  const deliveries = deliveriesOf(tables[name], delay);
  const world = worldOf();
  await live(world, deliveries, [BEGIN, UP]);
  await world.store.add(deliveries.get(UP) ?? []);
  return { base: world.store, deliveries: new Map([...deliveries].filter(([minute]) => minute > UP)) };
}
let stores: Record<Name, Awaited<ReturnType<typeof made>>>;
beforeAll(async () => {
  stores = { over: await made('over'), lasting: await made('lasting') };
});

/** What is wrong with how a run ended. */
async function surprises(name: Name, world: World, what: string): Promise<string[]> {
  const lines = linesOf(world).filter((it) => !/resolved/.test(it) || name === 'over');
  const ids = new Set(world.sent.map(({ message }) => message.notificationId));
  const alerts = await alertsOf(world);
  return [
    ...(lines.every((it) => told_[name].test(it)) && ids.size === 1 ? [] : [`${what}: told ${linesOf(world)}`]),
    ...(world.sent.length <= 2 ? [] : [`${what}: sent ${world.sent.length} times`]),
    ...(alerts.length === 1 ? [] : [`${what}: ${alerts.length} alerts`]),
  ];
}

/** As Lambda does it: the same event again, up to three times; then the next minute. */
const retrying = async (step: () => Promise<unknown>): Promise<unknown> => {
  for (let tries = 1; tries <= 3; tries += 1)
    try {
      return await step();
    } catch (error) {
      if (!String(error).includes('crash')) throw error;
    }
  return undefined;
};

async function crashed(name: Name, n: number, when: 'before' | 'after') {
  const { base, deliveries } = stores[name];
  const { store, calls } = around(await copyOf(base), async (nth, call) => {
    if (nth === n && when === 'before') throw new Error(`crash before call ${n}`);
    const result = await call();
    if (nth === n) throw new Error(`crash after call ${n}`);
    return result;
  });
  const world = worldOf(store);
  await live(world, new Map(), [UP, UP + 1], retrying);
  const [first] = [[...calls]];
  await live(world, deliveries, [UP + 1, UP + 3], retrying);
  return { calls: first, surprises: await surprises(name, world, `crash ${when} call ${n} (${calls[n - 1]})`) };
}

describe.each(['over', 'lasting'] as const)('a late incident that is %s', (name) => {
  let calls: readonly string[] = [];
  beforeAll(async () => {
    const calm = await crashed(name, Number.POSITIVE_INFINITY, 'after');
    expect(calm.surprises).toEqual([]);
    calls = calm.calls;
  });

  test('is told once though any call of the store crashes', async () => {
    const found: string[] = [];
    for (let n = 1; n <= calls.length; n += 1) found.push(...(await crashed(name, n, 'before')).surprises);
    // After a read or a fold is before the next call.
    const writes = calls.flatMap((call, i) => (call === 'save' ? [i + 1] : []));
    for (const n of writes) found.push(...(await crashed(name, n, 'after')).surprises);
    expect(found).toEqual([]);
    expect(writes.length).toBeGreaterThan(8);
  });

  test.each([
    ['of the same minute', 0],
    ['of the next minute', 1],
  ])('is told once though another evaluation %s runs at any moment of the first', async (_, later) => {
    const found: string[] = [];
    const { base, deliveries } = stores[name];
    for (let n = 1; n <= calls.length; n += 1) {
      const plain = await copyOf(base);
      const world = worldOf(plain);
      const { store } = around(plain, async (nth, call) => {
        if (nth === n) await live(world, new Map(), [UP + later, UP + later + 1]);
        return call();
      });
      await live({ ...world, store }, new Map(), [UP, UP + 1]);
      await live(world, deliveries, [UP + 1, UP + 4]);
      found.push(...(await surprises(name, world, `another at call ${n} (${calls[n - 1]})`)));
    }
    expect(found).toEqual([]);
  });

  test('is told once though two evaluations take turns', async () => {
    const { base, deliveries } = stores[name];
    const world = worldOf(await copyOf(base));
    await Promise.all([1, 2].map(() => live(world, new Map(), [UP, UP + 1])));
    await live(world, deliveries, [UP + 1, UP + 4]);
    expect(await surprises(name, world, 'two at once')).toEqual([]);
  });
});

test('what three evaluations died of is given up, and the present is judged', async () => {
  const { base, deliveries } = stores.over;
  const { store } = around(await copyOf(base), async (_, call) => call());
  const dying: Store = {
    ...store,
    save: (key, value, version) => {
      if (key.startsWith('alert/')) throw new Error('crash: out of time');
      return store.save(key, value, version);
    },
  };
  const world = worldOf(dying);
  await live(world, deliveries, [UP, UP + 3], retrying);
  expect((await readDetector(store)).evaluatedMs).toBe(msOf(UP));
  await live(world, deliveries, [UP + 3, UP + 4], retrying);
  expect((await readDetector(store)).evaluatedMs).toBe(msOf(UP + 4));
  expect((await store.load('late'))?.value).toMatchObject({ windows: [] });
});

describe('the price of late data', () => {
  const calm = (minutes: number): Timetable => ({ begin: BEGIN, minutes, traffic: FEW, faults: [] });
  /** The calls of the store that the evaluation after a delivery makes. */
  async function priced(late: number): Promise<string[]> {
    const world = worldOf();
    const table = calm(BEGIN + 30);
    await live(
      world,
      deliveriesOf(table, (group, minute) => (group === GROUP && minute < BEGIN + 25 ? null : 0)),
      [BEGIN, BEGIN + late],
    );
    const batches = deliveriesOf(table, (group, minute) => (group === GROUP && minute === BEGIN + 5 ? 0 : null));
    await world.store.add([...batches.values()].flat());
    const { store, calls } = around(world.store, (_, call) => call());
    await live({ ...world, store }, new Map(), [BEGIN + late, BEGIN + late + 1]);
    return calls.map(String);
  }
  const count = (calls: readonly string[], name: string): number => calls.filter((call) => call === name).length;

  test('is one small read where nothing is late', async () => {
    const world = worldOf();
    await live(world, deliveriesOf(calm(150), onTime), [BEGIN, 145]);
    const { store, calls } = around(world.store, (_, call) => call());
    const loads: unknown[] = [];
    const load: Store['load'] = (key) => {
      loads.push(key);
      return store.load(key);
    };
    await live({ ...world, store: { ...store, load } }, new Map(), [145, 146]);
    expect(loads.filter((key) => key === 'late' || key === 'over-alerts')).toEqual(['late']);
    expect(count(calls, 'rollUps')).toBeLessThanOrEqual(1);
  });

  test.each([40, 100, 300])('is the same handful of calls for a minute that is %i minutes late', async (late) => {
    const calls = await priced(late);
    // Compared with what is stored, judged again over one range, and the minute that is due.
    expect(count(calls, 'rollUps')).toBeLessThanOrEqual(4);
    expect(count(calls, 'contributions')).toBe(1);
    expect(calls.length).toBeLessThanOrEqual(40);
  });
});

describe('what is normal', () => {
  const normalOf = async ({ store }: World, key: string) => {
    const state = (await readDetector(store)).series.get(key)?.state;
    if (state === undefined) throw new Error(`${key} has no state`);
    return state.groups.auth.normal;
  };
  const table: Timetable = { begin: BEGIN, minutes: 220, traffic: FEW, faults: [] };

  test('is learned from a log group that is always late', async () => {
    const [punctual, late] = [
      await told(table, onTime),
      await told({ ...table, minutes: 240 }, (group) => (group === GROUP ? 20 : 0)),
    ];
    const [a, b] = [await normalOf(punctual, 'key:support-prod'), await normalOf(late, 'key:support-prod')];
    expect(a.calls).toBeGreaterThan(1000);
    expect(b.calls / a.calls).toBeGreaterThan(0.9);
    expect(b.calls / a.calls).toBeLessThan(1.2);
  });

  test('is learned once, also where the evaluation that learned it crashed before it was done', async () => {
    const { base } = stores.over;
    const clean = worldOf(await copyOf(base));
    await live(clean, new Map(), [UP, UP + 1]);
    const crashing = await copyOf(base);
    const { store } = around(crashing, async (_, call) => call());
    const failing: Store = {
      ...store,
      save: async (key, value, version) => {
        if (key === 'detector') throw new Error('crash before the head');
        return store.save(key, value, version);
      },
    };
    await live({ ...clean, store: failing }, new Map(), [UP, UP + 1], retrying);
    await live(worldOf(crashing), new Map(), [UP + 1, UP + 2]);
    const [once, again] = [
      await normalOf(clean, 'key:support-prod'),
      await normalOf({ ...clean, store: crashing }, 'key:support-prod'),
    ];
    expect(again.calls).toBeCloseTo(once.calls, 0);
  });

  test('does not absorb a late incident', async () => {
    const quiet = deliveriesOf({ ...table, minutes: 260 }, (group) => (group === GROUP ? 20 : 0));
    const failing = deliveriesOf({ ...table, minutes: 260, faults: [{ ...badKey(150, 230), share: 0.6 }] }, (group) =>
      group === GROUP ? 20 : 0,
    );
    const [calm, hit] = [worldOf(), worldOf()];
    await live(calm, quiet, [BEGIN, 255]);
    await live(hit, failing, [BEGIN, 255]);
    const [a, b] = [await normalOf(calm, 'key:support-prod'), await normalOf(hit, 'key:support-prod')];
    expect(b.failures / b.calls).toBeLessThan(1.5 * (a.failures / a.calls) + 0.01);
    expect(linesOf(hit).length).toBeGreaterThan(0);
  });
});
