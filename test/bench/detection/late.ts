// What becomes of incidents when one log group of several delivers 10 to 40 minutes late, through the whole evaluation and a
// store: everything on time, late, and late as if late data were only counted. The same worlds and dice for all three.
//   npm run bench:late             2 worlds of 2 days (minutes of CPU)
//   npm run bench:late -- 5 3      5 worlds of 3 days
import { memoryStore } from '../../../functions/local/memory-store.ts';
import type { FailureGroup, Scope } from '../../../shared/detect.ts';
import type { Message } from '../../../shared/message.ts';
import { evaluate } from '../../../shared/pipeline.ts';
import type { Store } from '../../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts';
import { type Contribution, nameOf, type StatedCell, sha256 } from '../../../shared/window.ts';
import { rng } from '../../fixtures/rng.ts';
import { type Paged, type Score, scoreOf, toMinute, toMs } from './score.ts';
import { type Arrivals, OUTCOMES, trafficOf, unpacked } from './traffic.ts';
import { cellOf } from './walk.ts';
import { type World, worldOf } from './world.ts';

const [worlds = 2, days = 2] = process.argv.slice(2).map(Number);

/** Contributions by the minute they come in; `delay` says how late a log group is. */
function deliveriesOf(calls: Arrivals, world: World, delay: (logGroup: string, minute: number) => number) {
  const deliveries = new Map<number, Contribution[]>();
  for (const [arrival, rows] of calls.entries()) {
    const batches = new Map<string, number[]>();
    for (const row of rows) {
      const { minute, route } = unpacked(row);
      const logGroup = world.routes[route]?.logGroup ?? '';
      const at = arrival + delay(logGroup, minute);
      const key = `${at} ${minute} ${logGroup}`;
      batches.set(key, [...(batches.get(key) ?? []), row]);
    }
    for (const [key, own] of batches) {
      const at = Number(key.split(' ')[0]);
      deliveries.set(at, [...(deliveries.get(at) ?? []), contributionOf(own, world, `${arrival} ${key}`)]);
    }
  }
  return deliveries;
}

function contributionOf(rows: readonly number[], { routes }: World, name: string): Contribution {
  const windowMs = toMs(unpacked(rows[0] ?? 0).minute);
  const cells = new Map<string, { index: number; cell: StatedCell }>();
  const entries = rows.map((row, n) => {
    const { route, outcome } = unpacked(row);
    const key = `${route} ${outcome}`;
    const own = routes[route];
    const named = OUTCOMES[outcome];
    if (own === undefined || named === undefined) throw new Error(`row ${row} names no route`);
    const known = cells.get(key) ?? { index: cells.size, cell: cellOf(own, named) };
    cells.set(key, known);
    const event = nameOf(name, String(n));
    const rank = named === 'ok' ? ('success' as const) : ('final' as const);
    return { event, call: event, rank, cell: known.index, attempts: 1 };
  });
  const totals = { received: rows.length, counted: rows.length, notCall: 0, malformed: 0, tooLate: 0 };
  const counted = [...cells.values()].map(({ cell }) => cell);
  return {
    windowMs,
    key: sha256(name).slice(0, 16),
    source: 'late',
    digest: name,
    classifier: 1,
    totals,
    skipped: {},
    cells: counted,
    entries,
  };
}

/** A store in which nothing is ever noted as late: what comes late is counted, as if that were all. */
const countingOnly = (store: Store): Store => ({
  ...store,
  load: async (key) => (key === 'late' ? null : store.load(key)),
  save: async (key, value, version) => (key === 'late' ? true : store.save(key, value, version)),
});

interface Seen {
  readonly id: string;
  readonly group: FailureGroup;
  readonly scope: Scope;
  readonly reason: string;
  readonly until: string | null;
  readonly fired: string | null;
  readonly resolved: string | null;
}

/** Pages by when they would have been sent on time, and how many minutes later they were. */
async function pagesOf(deliveries: ReadonlyMap<number, readonly Contribution[]>, world: World, store: Store) {
  const pages: { id: string; page: Paged; toldAt: number }[] = [];
  const routesOf = ({ by, value }: Scope) =>
    new Set(world.routes.flatMap((route, i) => (by === 'all' || route[by] === value ? [i] : [])));
  const minute = (time: string | null): number => toMinute(Date.parse(time ?? ''));
  const note = (tick: number, { reason, alert }: { reason: string; alert: Seen }): void => {
    const open = pages.findLast(({ id }) => id === alert.id);
    if (reason === 'first' || reason === 'delayed' || alert.reason === 'found-late') {
      const page = { group: alert.group, routes: routesOf(alert.scope), openedAt: minute(alert.fired), closedAt: null };
      pages.push({ id: alert.id, page, toldAt: tick });
    }
    const own = pages.findLast(({ id }) => id === alert.id) ?? open;
    if (reason === 'resolved' && own) own.page = { ...own.page, closedAt: minute(alert.resolved) };
  };
  for (let tick = 1; tick < world.minutes; tick += 1) {
    await store.add(deliveries.get(tick) ?? []);
    const send = async ({ json }: Message): Promise<void> => {
      const told = Object(json);
      for (const one of told.alerts ?? [told]) note(tick, one);
    };
    await evaluate({ store, settings: DEFAULT_SETTINGS, nowMs: toMs(tick), notifier: { send } });
    // What no fold reads again, so that memory and time stay level.
    if (tick % 120 === 0) await store.forget(toMs(tick - 120), 'contributions');
  }
  return pages;
}

/** The log group in which most incidents are that no other shows: these are found late or never. */
function worstHit({ routes, happenings }: World): string {
  const groupsOf = (hit: ReadonlySet<number>) => new Set([...hit].map((i) => routes[i]?.logGroup ?? ''));
  const alone = happenings
    .filter(({ group }) => group !== null)
    .map(({ routes: hit }) => [...groupsOf(hit)])
    .flatMap(([only = '', ...others]) => (others.length === 0 ? [only] : []));
  const times = (name: string): number => alone.filter((one) => one === name).length;
  return [...alone].sort((a, b) => times(b) - times(a))[0] ?? '/app/app-7';
}

const WAYS = ['on time', 'late, judged', 'late, only counted'] as const;
const scores = new Map<string, { score: Score; toldLater: number[] }[]>(WAYS.map((way) => [way, []]));
for (let seed = 1; seed <= worlds; seed += 1) {
  const world = worldOf(seed, days);
  const traffic = trafficOf(world);
  const random = rng(seed);
  const lateGroup = worstHit(world);
  const lags = Array.from({ length: days * 24 }, () => random.int(10, 40));
  const lag = (group: string, at: number): number => (group === lateGroup ? (lags[Math.floor(at / 60)] ?? 10) : 0);
  for (const way of WAYS) {
    const store = memoryStore();
    const deliveries = deliveriesOf(traffic.calls, world, way === 'on time' ? () => 0 : lag);
    const pages = await pagesOf(deliveries, world, way === 'late, only counted' ? countingOnly(store) : store);
    const score = scoreOf(
      traffic.effects,
      pages.map(({ page }) => page),
      world.minutes,
    );
    scores.get(way)?.push({ score, toldLater: pages.map(({ page, toldAt }) => toldAt - page.openedAt) });
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
console.log(
  '| log group | incidents | precision | recall | F1 | pages an incident | told later, median | at most | false |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const [way, all] of scores) {
  const sum = (of: (score: Score) => number): number => all.reduce((total, { score }) => total + of(score), 0);
  const [incidents, found, wrong] = [sum((s) => s.incidents), sum((s) => s.found), sum((s) => s.falsePages)];
  const [precision, recall] = [found / (found + wrong), found / incidents];
  const later = all.flatMap(({ toldLater }) => toldLater.filter((minutes) => minutes > 0));
  const figures = [precision, recall, (2 * precision * recall) / (precision + recall)].map((x) => x.toFixed(3));
  const rest = [(sum((s) => s.pages) / found).toFixed(2), median(later), Math.max(0, ...later)];
  const falseKinds = all.flatMap(({ score }) => score.falseKinds).join(', ') || 'none';
  console.log(`| ${[way, incidents, ...figures, ...rest, falseKinds].join(' | ')} |`);
  console.log(`missed: ${all.flatMap(({ score }) => score.missedKinds).join(', ') || 'none'}`);
}
