/**
 * Roll-ups of a range -> aggregated failures, as one table (`summarise`) or over time (`series`).
 * Only failures make rows; successes are the denominator, shown where the dimensions asked for exist on successes too.
 * Precondition: the roll-ups are disjoint in time (`range.ts` reads them so); their order does not matter. Values come from
 * logs and may be any string, so none is ever a property name.
 */
import { type Category, categoryOf } from './causes.ts';
import { alignRange, iso, type Range, stepName } from './range.ts';
import { type CountedCell, type Granularity, MINUTE_MS, OTHER, type RollUp, sumByName } from './window.ts';

/** What exists on failures only, and what exists on successes too. */
const OF_FAILURES = ['cause', 'status', 'category'] as const;
const OF_CALLS = ['model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const;
export const DIMENSIONS = [...OF_FAILURES, ...OF_CALLS] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export type Value = string | number | null;
export type Key = Readonly<Partial<Record<Dimension, Value>>>;
/** The empty text stands for what the logs do not say (null). */
export type Filters = Readonly<Partial<Record<Dimension, string | undefined>>>;

export interface Counts {
  readonly calls: number;
  readonly failures: number;
  /** Successful calls that needed more than one try. */
  readonly recovered: number;
  readonly attempts: number;
}

export interface Row {
  readonly key: Key;
  readonly failures: number;
  /** All calls of this key, for a failure rate: where every dimension and filter exists on successes too. */
  readonly calls?: number;
  /** Of all failures in the filtered range, 0–1. */
  readonly share: number;
  /** First and last minute of a failure. */
  readonly first: string;
  readonly last: string;
  /** Failures of each step, where steps are asked for. */
  readonly trend?: readonly number[];
}

export interface Summary {
  /** The range asked for, widened to whole minutes. */
  readonly from: string;
  readonly to: string;
  /** The coarsest roll-ups it was made of. */
  readonly granularity: Granularity;
  /** Newest minute included, or null. */
  readonly freshness: string | null;
  /** It includes the current minute, of which more is to come. */
  readonly partial: boolean;
  readonly totals: Counts;
  readonly by: readonly Dimension[];
  /** Length of a step of `trend`; steps begin at whole ones (UTC), so the first and the last may be cut. */
  readonly step?: string;
  /** Most failures first. */
  readonly rows: readonly Row[];
  /** Failures in no row: beyond `top`, or of names that were too many to be kept apart (`fold.ts`). */
  readonly other: number;
  /** Log events that are no usable record, by reason; filters do not apply to them. */
  readonly skipped: Readonly<Record<string, number>>;
}

export interface Query {
  readonly fromMs: number;
  readonly toMs: number;
  /** Two at most. */
  readonly by: readonly Dimension[];
  readonly filters: Filters;
  /** Rows shown; the rest is summed under `other`. */
  readonly top?: number | undefined;
}

/** Precondition: no roll-up is longer than a step, where there are steps. */
export function summarise(
  rollUps: readonly RollUp[],
  query: Query & { readonly stepMs?: number | undefined; readonly asOfMs: number },
): Summary {
  const { fromMs, toMs, by, filters, top = 50, stepMs, asOfMs } = query;
  const range = alignRange({ fromMs, toMs });
  const included = within(rollUps, range.fromMs, range.toMs);
  const { totals, groups } = tally(included, by, filters);
  const largest = groups.slice(0, top);
  const trends = stepMs === undefined ? null : trendsOf(included, { by, filters, range, stepMs });
  const rows = largest.map(
    (group): Row => ({
      key: group.key,
      failures: group.failures,
      ...(hasCalls(by, filters) && { calls: group.calls }),
      share: group.failures / totals.failures,
      first: iso(group.firstMs),
      last: iso(group.lastMs),
      ...(trends && { trend: trends(group.id) }),
    }),
  );
  return {
    from: iso(range.fromMs),
    to: iso(range.toMs),
    granularity: coarsest(included),
    freshness: freshness(included, asOfMs),
    partial: isPartial(range.toMs, asOfMs),
    totals,
    by: [...new Set(by)],
    ...(stepMs !== undefined && { step: stepName(stepMs) }),
    rows,
    other: totals.failures - sum(rows.map(({ failures }) => failures)),
    skipped: sumByName(included.map(({ skipped }) => skipped)),
  };
}

interface Steps extends Pick<Query, 'by' | 'filters'> {
  readonly range: Range;
  readonly stepMs: number;
}

/** Failures of a group, step by step. */
function trendsOf(rollUps: readonly RollUp[], { by, filters, range, stepMs }: Steps): (id: string) => number[] {
  const tallies = stepped(rollUps, alignRange(range, stepMs), stepMs).map(([, ofStep]) => {
    const { groups } = tally(ofStep, by, filters);
    return new Map(groups.map(({ id, failures }) => [id, failures]));
  });
  return (id) => tallies.map((failures) => failures.get(id) ?? 0);
}

/** The roll-ups of each step, also of those in which nothing happened. */
function stepped(rollUps: readonly RollUp[], { fromMs, toMs }: Range, stepMs: number): [atMs: number, RollUp[]][] {
  const steps = new Map<number, RollUp[]>();
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) steps.set(atMs, []);
  for (const rollUp of rollUps) steps.get(Math.floor(rollUp.windowMs / stepMs) * stepMs)?.push(rollUp);
  return [...steps];
}

export interface Point extends Counts {
  readonly at: string;
  /** The step is not over yet, so more is to come. */
  readonly partial?: true;
  readonly rows: readonly Pick<Row, 'key' | 'failures' | 'calls'>[];
  /** Failures of this step outside the rows. */
  readonly other: number;
}

/**
 * One point per step, also where nothing happened; the range is widened to whole steps. Rows are the `top` keys of the whole
 * range, so that a chart keeps its lines. Precondition: no roll-up is longer than a step.
 */
export function series(
  rollUps: readonly RollUp[],
  query: Query & { readonly stepMs: number; readonly asOfMs: number },
): Point[] {
  const { by, filters, stepMs, top = 50, asOfMs } = query;
  const { fromMs, toMs } = alignRange(query, stepMs);
  const included = within(rollUps, fromMs, toMs);
  const tallies = stepped(included, { fromMs, toMs }, stepMs).map(([atMs, ofStep]) => ({
    atMs,
    ...tally(ofStep, by, filters),
  }));
  const ranked = ranking(
    tallies.flatMap(({ groups }) => groups),
    by,
  );
  const shown = new Set(ranked.slice(0, by.length === 0 ? 0 : top).map(({ id }) => id));
  return tallies.map(({ atMs, totals, groups }) => {
    const rows = groups.filter(({ id }) => shown.has(id));
    return {
      at: iso(atMs),
      ...(isPartial(atMs + stepMs, asOfMs) && atMs <= asOfMs && { partial: true as const }),
      ...totals,
      rows: rows.map(({ key, failures, calls }) => ({ key, failures, ...(hasCalls(by, filters) && { calls }) })),
      other: totals.failures - sum(rows.map(({ failures }) => failures)),
    };
  });
}

/** The category of a cell; a success has none. */
export const categoryOfCell = ({
  kind,
  cause,
  status,
}: Pick<CountedCell, 'kind' | 'cause' | 'status'>): Category | null =>
  kind === 'success' ? null : categoryOf(cause, status);

interface Group {
  readonly id: string;
  readonly key: Key;
  failures: number;
  calls: number;
  firstMs: number;
  lastMs: number;
}

/** Groups that hold a failure, most failures first, then by key. */
function tally(rollUps: readonly RollUp[], by: readonly Dimension[], filters: Filters) {
  const totals = { calls: 0, failures: 0, recovered: 0, attempts: 0 };
  const groups: Groups = new Map();
  const wanted = DIMENSIONS.filter((dimension) => filters[dimension] !== undefined);
  for (const { cells } of rollUps) {
    for (const cell of cells) {
      if (wanted.length > 0 && !wanted.every((name) => String(valueIn(cell, name) ?? '') === filters[name])) continue;
      totals.calls += cell.calls;
      totals.recovered += cell.recovered;
      totals.attempts += cell.attempts;
      if (cell.kind === 'failure') totals.failures += cell.calls;
      count(groups, cell, by);
    }
  }
  // What was too rare to keep its name is no row, whatever it sums up to: it names nobody.
  const isNamed = ({ key }: Group) => !by.some((dimension) => key[dimension] === OTHER);
  const failing = [...groups.values()]
    .flatMap((inner) => [...inner.values()])
    .filter((group) => group.failures > 0 && isNamed(group));
  return { totals, groups: failing.sort(byFailures(by)) };
}

type Ranked = Pick<Group, 'id' | 'key' | 'failures'>;
const byFailures = (by: readonly Dimension[]) => (a: Ranked, b: Ranked) =>
  b.failures - a.failures || compareKeys(a.key, b.key, by);

/** The groups of all steps, as they would be of the whole range. */
function ranking(ofSteps: readonly Group[], by: readonly Dimension[]): Ranked[] {
  const sums = new Map<string, { id: string; key: Key; failures: number }>();
  for (const { id, key, failures } of ofSteps) {
    const sum = sums.get(id);
    if (sum === undefined) sums.set(id, { id, key, failures });
    else sum.failures += failures;
  }
  return [...sums.values()].sort(byFailures(by));
}

/** By the value of the first dimension, then of the second: hundreds of thousands of cells are counted, and no key is put together for any. */
type Groups = Map<Value, Map<Value, Group>>;

function count(groups: Groups, cell: CountedCell, by: readonly Dimension[]): void {
  const group = groupOf(groups, cell, by);
  group.calls += cell.calls;
  if (cell.kind === 'success') return;
  group.failures += cell.calls;
  group.firstMs = Math.min(group.firstMs, cell.firstMs);
  group.lastMs = Math.max(group.lastMs, cell.lastMs);
}

function groupOf(groups: Groups, cell: CountedCell, [first, second]: readonly Dimension[]): Group {
  const outer = first === undefined ? null : valueIn(cell, first);
  const inner = second === undefined ? null : valueIn(cell, second);
  const known = groups.get(outer)?.get(inner);
  if (known !== undefined) return known;
  const key: Key = { ...(first && { [first]: outer }), ...(second && { [second]: inner }) };
  const [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const group = { id: partOf(outer) + partOf(inner), key, failures: 0, calls: 0, firstMs, lastMs };
  const ofOuter = groups.get(outer) ?? new Map<Value, Group>();
  groups.set(outer, ofOuter.set(inner, group));
  return group;
}

/** With its length before it, a name can hold anything. */
const partOf = (value: Value): string =>
  value === null ? '-' : typeof value === 'number' ? `${value};` : `${value.length}:${value}`;

const valueIn = (cell: CountedCell, dimension: Dimension): Value =>
  dimension === 'category' ? categoryOfCell(cell) : cell[dimension];

function compareKeys(a: Key, b: Key, by: readonly Dimension[]): number {
  for (const dimension of by) {
    const [left = null, right = null] = [a[dimension], b[dimension]];
    if (left === right) continue;
    if (left === null || right === null) return left === null ? 1 : -1;
    return String(left) < String(right) ? -1 : 1;
  }
  return 0;
}

/** A filter on what only failures have leaves no successes, so a rate over its calls would always be 100 %. */
const hasCalls = (by: readonly Dimension[], filters: Filters): boolean =>
  by.length > 0 && !OF_FAILURES.some((dimension) => by.includes(dimension) || filters[dimension] !== undefined);

const isPartial = (endMs: number, asOfMs: number): boolean => endMs > asOfMs;

const within = (rollUps: readonly RollUp[], fromMs: number, toMs: number): RollUp[] =>
  rollUps.filter(({ windowMs }) => fromMs <= windowMs && windowMs < toMs);

const coarsest = (rollUps: readonly RollUp[]): Granularity =>
  (['day', 'hour'] as const).find((size) => rollUps.some(({ granularity }) => granularity === size)) ?? 'minute';

/** A minute that has not begun as of now comes from a clock that is ahead; it does not make the data fresher than now. */
export function freshness(rollUps: readonly RollUp[], asOfMs: number): string | null {
  const newestMs = newestMinuteOf(rollUps);
  return newestMs === null ? null : iso(Math.min(newestMs, Math.floor(asOfMs / MINUTE_MS) * MINUTE_MS));
}

export function newestMinuteOf(rollUps: readonly RollUp[]): number | null {
  let newestMs: number | null = null;
  for (const { windowMs, cells } of rollUps)
    newestMs = cells.reduce((ms, { lastMs }) => Math.max(ms, lastMs), Math.max(newestMs ?? 0, windowMs));
  return newestMs;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
