/** Contributions -> roll-ups: the union of what was delivered, in any order, any number of times. Pure. */
import { sumSignatures } from './coverage.ts';
import { addStated, type StatedSum, statedField } from './stated.ts';
import {
  addTotals,
  type Cell,
  type Contribution,
  type CountedCell,
  type Entry,
  type Granularity,
  NO_TOTALS,
  OTHER,
  type Rank,
  type RollUp,
  type StatedCell,
  sumByName,
} from './window.ts';

const RANKS: readonly Rank[] = ['part', 'success', 'final', 'attempt'];

/** One event told by several contributions: the better informed one, else the older classifier, else the lesser key. */
function better(a: Told, b: Told): Told {
  const byRank = RANKS.indexOf(a.entry.rank) - RANKS.indexOf(b.entry.rank);
  if (byRank !== 0) return byRank < 0 ? a : b;
  if (a.entry.attempts !== b.entry.attempts) return a.entry.attempts > b.entry.attempts ? a : b;
  if (a.from.classifier !== b.from.classifier) return a.from.classifier < b.from.classifier ? a : b;
  return a.from.key <= b.from.key ? a : b;
}

interface Told {
  readonly entry: Entry;
  readonly from: Contribution;
}

/**
 * The true counts of one minute. Give it the contributions of the minute and its two neighbours: a call whose tries
 * straddle the border is counted once, in the minute of the event that ended it. Order and repetition do not matter.
 */
export function fold(contributions: readonly Contribution[], windowMs: number, maxCells: number): RollUp {
  const own = contributions.filter((contribution) => contribution.windowMs === windowMs);
  const sums = new Map<string, Sum>();
  for (const { home, attempts } of calls(contributions)) {
    if (home.from.windowMs === windowMs) count(sums, home, attempts);
  }
  // Of every event of the minute, whether it ended a call or not: so the cut into batches does not matter.
  for (const { cells } of own) for (const cell of cells) state(sums, cell);
  return {
    granularity: 'minute',
    windowMs,
    contributions: contributions.length,
    totals: own.reduce((sum, contribution) => addTotals(sum, contribution.totals), NO_TOTALS),
    skipped: sumByName(own.map((contribution) => contribution.skipped)),
    ...signed(own),
    cells: capped(sums, maxCells),
  };
}

/** Each call once, with the event that decides how and when it ended and the number of its tries. */
function* calls(contributions: readonly Contribution[]): Generator<{ home: Told; attempts: number }> {
  const events = new Map<string, Told>();
  for (const from of contributions) {
    for (const entry of from.entries) {
      const told = { entry, from };
      const known = events.get(entry.event);
      events.set(entry.event, known === undefined ? told : better(known, told));
    }
  }
  const byCall = new Map<string, { home: Told; tries: number }>();
  for (const told of events.values()) {
    if (told.entry.rank === 'part') continue;
    const known = byCall.get(told.entry.call);
    const isTry = told.entry.rank === 'attempt' ? 1 : 0;
    if (known === undefined) byCall.set(told.entry.call, { home: told, tries: isTry });
    else byCall.set(told.entry.call, { home: ends(known.home, told), tries: known.tries + isTry });
  }
  for (const { home, tries } of byCall.values()) yield { home, attempts: Math.max(home.entry.attempts, tries) };
}

/** Of two events of one call, the one that tells its end: a success ends retries, a failure ends tries, the first of equals. */
function ends(a: Told, b: Told): Told {
  const byRank = RANKS.indexOf(a.entry.rank) - RANKS.indexOf(b.entry.rank);
  if (byRank !== 0) return byRank < 0 ? a : b;
  if (a.from.windowMs !== b.from.windowMs) return a.from.windowMs < b.from.windowMs ? a : b;
  return a.entry.event <= b.entry.event ? a : b;
}

/** A cell while it is summed. */
interface Sum {
  readonly cell: Cell;
  readonly key: string;
  calls: number;
  attempts: number;
  recovered: number;
  tokens: number;
  firstMs: number;
  lastMs: number;
  readonly stated: StatedSum;
}

type Counts = Omit<Sum, 'cell' | 'key' | 'stated'>;

function count(sums: Map<string, Sum>, { entry, from }: Told, attempts: number): void {
  const cell = from.cells[entry.cell];
  if (cell === undefined) throw new Error(`contribution ${from.key} names cell ${entry.cell} of ${from.cells.length}`);
  const recovered = cell.kind === 'success' && attempts > 1 ? 1 : 0;
  const { tokens = 0 } = entry;
  add(sums, cell, { calls: 1, attempts, recovered, tokens, firstMs: from.windowMs, lastMs: from.windowMs });
}

function add(sums: Map<string, Sum>, cell: Cell, counts: Counts): void {
  const key = keyOf(cell);
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { cell, key, ...counts, stated: [] });
    return;
  }
  sum.calls += counts.calls;
  sum.attempts += counts.attempts;
  sum.recovered += counts.recovered;
  sum.tokens += counts.tokens;
  sum.firstMs = Math.min(sum.firstMs, counts.firstMs);
  sum.lastMs = Math.max(sum.lastMs, counts.lastMs);
}

function state(sums: ReadonlyMap<string, Sum>, cell: StatedCell): void {
  if (cell.stated === undefined) return;
  const sum = sums.get(keyOf(cell));
  if (sum !== undefined) for (const said of cell.stated) addStated(sum.stated, said);
}

const countsOf = ({ calls, attempts, recovered, tokens = 0, firstMs, lastMs }: CountedCell): Counts => ({
  calls,
  attempts,
  recovered,
  tokens,
  firstMs,
  lastMs,
});

/** Cells are few and counted often: the key of each object is made once. */
const KEYS = new WeakMap<Cell, string>();

function keyOf(cell: Cell): string {
  const known = KEYS.get(cell);
  if (known !== undefined) return known;
  const { kind, status, cause, model, provider, tenant, project, key, logGroup } = cell;
  const made = JSON.stringify([kind, status, cause, model, provider, tenant, project, key, logGroup]);
  KEYS.set(cell, made);
  return made;
}

/**
 * Keeps the largest cells; of the rest only what is never many: kind, status and cause. Totals stay exact; a limit whose
 * owner has no name any more tells nothing and is left out.
 */
function capped(sums: ReadonlyMap<string, Sum>, maxCells: number): CountedCell[] {
  const ordered = [...sums.values()].sort((a, b) => b.calls - a.calls || (a.key < b.key ? -1 : 1));
  const kept = new Map(ordered.slice(0, maxCells).map((sum) => [sum.key, { ...sum }]));
  for (const { cell, key: _, stated: __, ...counts } of ordered.slice(maxCells)) {
    const { kind, status, cause } = cell;
    const rest = { model: OTHER, provider: OTHER, tenant: OTHER, project: OTHER, key: OTHER, logGroup: OTHER };
    add(kept, { kind, status, cause, ...rest }, counts);
  }
  return [...kept.values()].map(countedCell);
}

function countedCell({ cell, key: _, tokens, stated, ...counts }: Sum): CountedCell {
  const { stated: __, ...names }: StatedCell = cell;
  return { ...names, ...counts, ...(tokens > 0 ? { tokens } : {}), ...statedField(stated) };
}

/** Minutes into an hour, hours into a day: sums of disjoint windows. */
export function combine(
  rollUps: readonly RollUp[],
  granularity: Granularity,
  windowMs: number,
  maxCells: number,
): RollUp {
  const sums = new Map<string, Sum>();
  for (const { cells } of rollUps)
    for (const cell of cells) {
      add(sums, cell, countsOf(cell));
      state(sums, cell);
    }
  return {
    granularity,
    windowMs,
    contributions: rollUps.reduce((sum, rollUp) => sum + rollUp.contributions, 0),
    totals: rollUps.reduce((sum, rollUp) => addTotals(sum, rollUp.totals), NO_TOTALS),
    skipped: sumByName(rollUps.map((rollUp) => rollUp.skipped)),
    ...signed(rollUps),
    cells: capped(sums, maxCells),
  };
}

function signed(parts: readonly Pick<RollUp, 'signatures'>[]): Pick<RollUp, 'signatures'> {
  const signatures = sumSignatures(parts.map((part) => part.signatures));
  return signatures === undefined ? {} : { signatures };
}
