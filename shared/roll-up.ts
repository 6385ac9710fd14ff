/** Contributions -> stored roll-ups of minutes, hours and days. Every write SETs the result of a fold, so running it twice is harmless. */
import { combine, fold } from './fold.ts';
import type { Store } from './ports.ts';
import type { Settings } from './settings.ts';
import { type Contribution, type Granularity, MINUTE_MS, type RollUp, SPAN_MS, windowOf } from './window.ts';

/** Hours and days that changed while they were still open; rolled up once they are over. */
const OPEN_KEY = 'open-windows';

interface Open {
  readonly hour: readonly number[];
  readonly day: readonly number[];
}

/** Hours and days whose finer roll-ups hold more than they do; null where nothing is known of them. */
export async function openWindows(store: Store): Promise<Open | null> {
  return ((await store.load(OPEN_KEY))?.value ?? null) as Open | null;
}

/** Told of minutes that were folded, before they are put. */
export type Folded = (rollUps: readonly RollUp[]) => Promise<void>;

/** Folds every dirty minute; returns the oldest of them, or null when nothing was dirty. */
export async function foldDirty(
  store: Store,
  settings: Settings,
  nowMs: number,
  onFolded: Folded = async () => {},
): Promise<number | null> {
  const dirty = await store.dirty();
  // Hours that closed since last time, whether or not anything is dirty now.
  await rollUpClosed(store, [], settings, nowMs);
  for (const run of runsOf(dirty.map(({ windowMs }) => windowMs))) {
    await rollUpClosed(store, await foldRun(store, run, settings, onFolded), settings, nowMs);
    // Last: a crash before this line leaves the marks, and the next run folds again.
    for (const mark of dirty) if (mark.windowMs >= run.fromMs && mark.windowMs <= run.toMs) await store.clean(mark);
  }
  return dirty.length === 0 ? null : Math.min(...dirty.map(({ windowMs }) => windowMs));
}

async function foldRun(store: Store, run: Run, settings: Settings, onFolded: Folded): Promise<number[]> {
  const contributions = await store.contributions(run.fromMs - 2 * MINUTE_MS, run.toMs + 3 * MINUTE_MS);
  const windows = affected(contributions, run);
  const folded = windows.map((windowMs) => {
    const near = contributions.filter((one) => Math.abs(one.windowMs - windowMs) <= MINUTE_MS);
    return fold(near, windowMs, settings.maxCells);
  });
  await onFolded(folded);
  for (const rollUp of folded) await store.putRollUp(rollUp);
  return windows;
}

interface Run {
  readonly fromMs: number;
  readonly toMs: number;
}

/** At most this many minutes are in memory at once. */
const MAX_RUN = 10;

/** Neighbouring minutes, so that what they share is read once. */
function runsOf(windows: readonly number[]): Run[] {
  const runs: { fromMs: number; toMs: number }[] = [];
  for (const windowMs of [...windows].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    const joins = last && windowMs - last.toMs <= 2 * MINUTE_MS && windowMs - last.fromMs < MAX_RUN * MINUTE_MS;
    if (joins) last.toMs = windowMs;
    else runs.push({ fromMs: windowMs, toMs: windowMs });
  }
  return runs;
}

/** The minutes of a run, and the minute on either side of it if a call has tries in both. */
function affected(contributions: readonly Contribution[], run: Run): number[] {
  const windows = new Set(contributions.map(({ windowMs }) => windowMs));
  const within = [...windows].filter((windowMs) => windowMs >= run.fromMs && windowMs <= run.toMs);
  const beside = [run.fromMs - MINUTE_MS, run.toMs + MINUTE_MS].filter((windowMs) => windows.has(windowMs));
  const shared = linkedCalls(contributions, (windowMs) => windowMs >= run.fromMs && windowMs <= run.toMs);
  const touches = (windowMs: number) =>
    [...linkedCalls(contributions, (other) => other === windowMs)].some((call) => shared.has(call));
  return [...within, ...beside.filter(touches)];
}

/** Calls that other events may tell of as well. */
function linkedCalls(contributions: readonly Contribution[], isIn: (windowMs: number) => boolean): Set<string> {
  const calls = new Set<string>();
  for (const { windowMs, entries } of contributions)
    if (isIn(windowMs)) for (const { call, event } of entries) if (call !== event) calls.add(call);
  return calls;
}

async function rollUpClosed(
  store: Store,
  minutes: readonly number[],
  settings: Settings,
  nowMs: number,
): Promise<void> {
  const stored = await store.load(OPEN_KEY);
  const before = (stored?.value ?? { hour: [], day: [] }) as Open;
  const hours = await rollUp(store, 'hour', [...before.hour, ...minutes], settings, nowMs);
  const days = await rollUp(store, 'day', [...before.day, ...hours.closed], settings, nowMs);
  const after: Open = { hour: hours.open, day: days.open };
  // Losing this race to another evaluator loses nothing: it has seen the same dirty minutes.
  if (JSON.stringify(after) !== JSON.stringify(before)) await store.save(OPEN_KEY, after, stored?.version ?? 0);
}

const PARTS: Readonly<Record<'hour' | 'day', Granularity>> = { hour: 'minute', day: 'hour' };

/** Rolls up those windows around `times` that are over; returns them and the ones that are still open. */
async function rollUp(
  store: Store,
  size: 'hour' | 'day',
  times: readonly number[],
  settings: Settings,
  nowMs: number,
): Promise<{ closed: number[]; open: number[] }> {
  const windows = [...new Set(times.map((ms) => windowOf(ms, size)))].sort((a, b) => a - b);
  const isClosed = (windowMs: number) => windowMs + SPAN_MS[size] <= nowMs;
  for (const windowMs of windows.filter(isClosed)) {
    const parts = await store.rollUps(PARTS[size], windowMs, windowMs + SPAN_MS[size]);
    if (parts.length > 0) await store.putRollUp(combine(parts, size, windowMs, settings.maxCells * 4));
  }
  return { closed: windows.filter(isClosed), open: windows.filter((windowMs) => !isClosed(windowMs)) };
}
