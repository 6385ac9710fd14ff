/** Contributions -> stored roll-ups of minutes, hours and days. Every write SETs the result of a fold, so running it twice is harmless. */
import { combine, fold } from './fold.ts';
import type { Store } from './ports.ts';
import type { Settings } from './settings.ts';
import { type Granularity, MINUTE_MS, SPAN_MS, windowOf } from './window.ts';

/** Hours and days that changed while they were still open; rolled up once they are over. */
const OPEN_KEY = 'open-windows';

interface Open {
  readonly hour: readonly number[];
  readonly day: readonly number[];
}

/** Folds every dirty minute; returns the oldest of them, or null when nothing was dirty. */
export async function foldDirty(store: Store, settings: Settings, nowMs: number): Promise<number | null> {
  const dirty = await store.dirty();
  const touched = new Set<number>();
  for (const { windowMs } of dirty) {
    // A call's tries may lie on both sides of a minute's border, so the neighbours may change too.
    for (const neighbour of [windowMs - MINUTE_MS, windowMs, windowMs + MINUTE_MS]) touched.add(neighbour);
  }
  for (const windowMs of touched) await foldMinute(store, windowMs, settings);
  await rollUpClosed(store, [...touched], settings, nowMs);
  // Last: a crash before this line leaves the marks, and the next run folds again.
  for (const mark of dirty) await store.clean(mark);
  return dirty.length === 0 ? null : Math.min(...dirty.map(({ windowMs }) => windowMs));
}

async function foldMinute(store: Store, windowMs: number, settings: Settings): Promise<void> {
  const contributions = await store.contributions(windowMs - MINUTE_MS, windowMs + 2 * MINUTE_MS);
  if (contributions.some((contribution) => contribution.windowMs === windowMs))
    await store.putRollUp(fold(contributions, windowMs, settings.maxCells));
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
