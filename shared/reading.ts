/** The roll-ups that cover a range exactly once, in few reads; and which range it is when nobody says. */
import type { Store } from './ports.ts';
import { alignRange, type Range } from './range.ts';
import { openWindows } from './roll-up.ts';
import { DAY_MS, type Granularity, HOUR_MS, MINUTE_MS, type RollUp, SPAN_MS } from './window.ts';

/** Up to here a range is read minute by minute: fewer reads than an hour's roll-ups and both edges would cost. */
const MINUTES_ONLY_MS = 6 * HOUR_MS;
/** Clocks of log writers may be ahead of ours, and a time without a zone is read as UTC. */
const AHEAD_MS = DAY_MS;

/**
 * The last 24 hours; of a store that holds only older data (a replayed file), its newest 24 hours. `judgedMs` is how far
 * evaluation is: where that is recent there is no need to look for the newest data.
 */
export async function defaultRange(store: Store, nowMs: number, judgedMs: number | null = null): Promise<Range> {
  const isLive = judgedMs !== null && judgedMs > nowMs - DAY_MS && judgedMs <= nowMs;
  const newestMs = isLive ? judgedMs : await newestMinute(store, nowMs);
  const endMs = newestMs === null ? nowMs : newestMs + MINUTE_MS;
  const isOld = endMs <= nowMs - DAY_MS;
  const { toMs } = alignRange({ fromMs: 0, toMs: isOld ? endMs : Math.max(nowMs, endMs) });
  return { fromMs: toMs - DAY_MS, toMs };
}

/** Looks back in steps that double, so that live data costs one short read and the oldest file about twenty. */
async function newestMinute(store: Store, nowMs: number): Promise<number | null> {
  let toMs = nowMs + AHEAD_MS;
  for (let stepMs = HOUR_MS, fromMs = nowMs - stepMs; toMs > 0; stepMs *= 2, toMs = fromMs, fromMs -= stepMs) {
    const newest = (await store.rollUps('minute', Math.max(0, fromMs), toMs)).at(-1);
    if (newest) return newest.windowMs;
  }
  return null;
}

const COARSE_FIRST: readonly Granularity[] = ['day', 'hour', 'minute'];

/**
 * Disjoint roll-ups that cover the range (widened to whole minutes), ordered by window: days and hours that lie in it whole
 * and are rolled up, minutes for the rest. None is coarser than `coarsest`. An hour or day without a roll-up is empty,
 * unless it is one that is still to be rolled up: only these and the two ends are read in finer ones, so that the number
 * of reads does not grow with the holes in the data.
 */
export async function readRollUps(
  store: Store,
  fromMs: number,
  toMs: number,
  coarsest: Granularity = 'day',
): Promise<RollUp[]> {
  const whole = alignRange({ fromMs, toMs });
  if (whole.toMs - whole.fromMs <= MINUTES_ONLY_MS) return store.rollUps('minute', whole.fromMs, whole.toMs);
  // Read first: what is rolled up meanwhile is then found in the finer roll-ups, which stay.
  const open = await openWindows(store);
  const found: RollUp[][] = [];
  let gaps = [whole];
  for (const granularity of COARSE_FIRST.slice(COARSE_FIRST.indexOf(coarsest))) {
    const reads = await Promise.all(gaps.map((gap) => readWhole(store, granularity, gap)));
    const pending = open && [...open.hour, ...(granularity === 'day' ? open.day : [])];
    gaps = gaps.flatMap((gap, at) => uncovered(gap, reads[at] ?? [], granularity, pending));
    found.push(...reads);
  }
  return found.flat().sort((a, b) => a.windowMs - b.windowMs);
}

/** What of a range are whole windows. */
const wholeOf = ({ fromMs, toMs }: Range, sizeMs: number): Range => ({
  fromMs: Math.ceil(fromMs / sizeMs) * sizeMs,
  toMs: Math.floor(toMs / sizeMs) * sizeMs,
});

async function readWhole(store: Store, granularity: Granularity, gap: Range): Promise<RollUp[]> {
  const { fromMs, toMs } = wholeOf(gap, SPAN_MS[granularity]);
  return fromMs < toMs ? store.rollUps(granularity, fromMs, toMs) : [];
}

/** What is left to be read in finer roll-ups: the ends, and of the holes those that may hold something (all, if `pending` is null). */
function uncovered(
  gap: Range,
  covered: readonly RollUp[],
  granularity: Granularity,
  pending: readonly number[] | null,
): Range[] {
  const sizeMs = SPAN_MS[granularity];
  const whole = wholeOf(gap, sizeMs);
  if (whole.fromMs >= whole.toMs) return [gap];
  const mayHold = (hole: Range) => pending?.some((ms) => hole.fromMs <= ms && ms < hole.toMs) ?? true;
  const starts = [...covered.map(({ windowMs }) => windowMs), whole.toMs];
  const ends = [whole.fromMs, ...covered.map(({ windowMs }) => windowMs + sizeMs)];
  const holes = starts.map((toMs, at) => ({ fromMs: ends[at] ?? toMs, toMs })).filter(mayHold);
  const edges = [
    { fromMs: gap.fromMs, toMs: whole.fromMs },
    { fromMs: whole.toMs, toMs: gap.toMs },
  ];
  return joined([...edges, ...holes].filter(({ fromMs, toMs }) => fromMs < toMs));
}

/** Ranges that touch are one read. */
function joined(ranges: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = out.at(-1);
    if (last?.toMs === range.fromMs) out[out.length - 1] = { fromMs: last.fromMs, toMs: range.toMs };
    else out.push(range);
  }
  return out;
}
