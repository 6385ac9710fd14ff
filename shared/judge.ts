/** Minute roll-ups -> one verdict per series and failure group, and the state each series carries to the next minute. */
import { bucketsByScope, detect, type Scope, type SeriesState, type Verdict } from './detect.ts';
import type { Store } from './ports.ts';
import type { Settings } from './settings.ts';
import { DAY_MS, MINUTE_MS, type RollUp } from './window.ts';

export interface Series {
  readonly scope: Scope;
  readonly state: SeriesState;
}

export interface Detector {
  /** Every minute before this one has been judged; null before the first. */
  readonly evaluatedMs: number | null;
  readonly series: ReadonlyMap<string, Series>;
}

export const DETECTOR_KEY = 'detector';
/** A series nobody called for two days starts afresh. */
const FORGET_MS = 2 * DAY_MS;
/** After this long without evaluation the minutes between are not news; an open alert is silent for an hour by then. */
const CATCH_UP_MS = 75 * MINUTE_MS;
const RECENT_MS = 15 * MINUTE_MS;

/** Judges one minute for every series that has calls in `rollUps` or a state from before. */
export function judge(
  rollUps: readonly RollUp[],
  before: Detector['series'],
  atMs: number,
  settings: Settings,
): { verdicts: Verdict[]; series: Map<string, Series> } {
  const scoped = bucketsByScope(rollUps);
  const verdicts: Verdict[] = [];
  const series = new Map<string, Series>();
  for (const key of new Set([...scoped.keys(), ...before.keys()])) {
    const scope = scoped.get(key)?.scope ?? before.get(key)?.scope;
    if (scope === undefined) continue;
    const judged = detect(scoped.get(key)?.buckets ?? [], before.get(key)?.state ?? null, atMs, settings, scope);
    verdicts.push(...judged.verdicts);
    if ((judged.state.lastCallMs ?? 0) > atMs - FORGET_MS) series.set(key, { scope, state: judged.state });
  }
  return { verdicts, series };
}

/** The minutes to judge, oldest first: all since the last evaluation, but of a long gap only its beginning and its end. */
export function minutesToJudge(evaluatedMs: number | null, firstMs: number | null, nowMs: number): number[] {
  if (evaluatedMs === null && firstMs === null) return [];
  const fromMs = (evaluatedMs ?? (firstMs as number)) + MINUTE_MS;
  const minutes: number[] = [];
  for (let atMs = fromMs; atMs <= nowMs; atMs += MINUTE_MS) {
    if (atMs > fromMs + CATCH_UP_MS && atMs < nowMs - RECENT_MS) atMs = nowMs - RECENT_MS;
    minutes.push(atMs);
  }
  return minutes;
}

export async function readDetector(store: Store): Promise<Detector & { readonly version: number }> {
  const stored = await store.load(DETECTOR_KEY);
  if (stored === null) return { evaluatedMs: null, series: new Map(), version: 0 };
  const value = stored.value as { evaluatedMs: number; series: [string, Series][] };
  return { evaluatedMs: value.evaluatedMs, series: new Map(value.series), version: stored.version };
}

/** Losing the race to another evaluator is fine: it judged the same minutes. */
export async function saveDetector(store: Store, { evaluatedMs, series }: Detector, version: number): Promise<void> {
  await store.save(DETECTOR_KEY, { evaluatedMs, series: [...series] }, version);
}
