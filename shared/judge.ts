/** Minute roll-ups -> one verdict per series and failure group, and the state each series carries to the next minute. */
import { type Head, headOf, type Series, type Shard, seriesOf, shardsOf } from './detect/state.ts';
import { bucketsByScope, detect, SETTLE_MS, type Verdict } from './detect.ts';
import type { Store, Versioned } from './ports.ts';
import type { Settings } from './settings.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type RollUp, windowOf } from './window.ts';

export interface Detector {
  /** Every minute before this one has been judged; null before the first. */
  readonly evaluatedMs: number | null;
  /** And every minute with calls from this one on; null before the first. */
  readonly beganMs: number | null;
  readonly series: ReadonlyMap<string, Series>;
}

/** A detector as read, with what is needed to save its successor. */
interface StoredDetector extends Detector {
  readonly version: number;
  readonly shards: ReadonlyMap<string, Versioned>;
}

export const DETECTOR_KEY = 'detector';
const SHARD_PREFIX = 'detector/normal/';
/** A series nobody called for two days starts afresh. */
const FORGET_MS = 2 * DAY_MS;
/** This long after the last call every open alert is closed by silence: until calls come again there is nothing to judge. */
const QUIET_MS = 75 * MINUTE_MS;
/** Minutes judged in one evaluation; what is left after an outage of hours waits for the next ones. */
const MAX_MINUTES = 360;

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
    if (judged.state.seenMs > atMs - FORGET_MS) series.set(key, { scope, state: judged.state });
  }
  return { verdicts, series };
}

interface Due {
  readonly evaluatedMs: number | null;
  /** First minute with calls, if nothing was judged before. */
  readonly firstMs: number | null;
  readonly nowMs: number;
  /** Starts of the hours with calls that are over. */
  readonly hours: readonly number[];
}

/** The minutes to judge, oldest first: all since the last evaluation, without stretches in which nobody called. */
export function minutesToJudge({ evaluatedMs, firstMs, nowMs, hours }: Due): number[] {
  const beforeMs = evaluatedMs ?? firstMs;
  if (beforeMs === null) return [];
  const minutes: number[] = [];
  const busy = [
    { fromMs: beforeMs, toMs: beforeMs + QUIET_MS },
    ...hours.map((hourMs) => ({ fromMs: hourMs, toMs: hourMs + HOUR_MS + QUIET_MS })),
    // The hour that is not over has no roll-up yet.
    { fromMs: windowOf(nowMs, 'hour'), toMs: nowMs },
  ];
  for (let atMs = beforeMs + MINUTE_MS; atMs <= nowMs && minutes.length < MAX_MINUTES; atMs += MINUTE_MS) {
    if (busy.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs)) minutes.push(atMs);
    else atMs = Math.min(nowMs, ...busy.map(({ fromMs }) => fromMs).filter((ms) => ms > atMs)) - MINUTE_MS;
  }
  return minutes;
}

/** As `minutesToJudge`; reads which hours have calls only when it was away for long. */
export async function minutesDue(
  store: Store,
  evaluatedMs: number | null,
  firstMs: number | null,
  nowMs: number,
): Promise<number[]> {
  const beforeMs = evaluatedMs ?? firstMs ?? nowMs;
  const isLong = nowMs - beforeMs > QUIET_MS;
  const rollUps = isLong ? await store.rollUps('hour', beforeMs - HOUR_MS, nowMs) : [];
  return minutesToJudge({ evaluatedMs, firstMs, nowMs, hours: rollUps.map(({ windowMs }) => windowMs) });
}

export async function readDetector(store: Store): Promise<StoredDetector> {
  const [stored, listed] = [await store.load(DETECTOR_KEY), await store.list(SHARD_PREFIX)];
  const shards = new Map(listed.map((shard) => [shard.key, shard]));
  if (stored === null) return { evaluatedMs: null, beganMs: null, series: new Map(), version: 0, shards };
  const head = stored.value as Head;
  // An older layout: its watermark stands, and what is normal is learned anew.
  const series =
    head.v === 2
      ? seriesOf(
          head,
          [...shards.values()].map(({ value }) => value as Shard),
          SETTLE_MS,
        )
      : [];
  const { evaluatedMs, beganMs = 0 } = head;
  return { evaluatedMs, beganMs, series: new Map(series), version: stored.version, shards };
}

/**
 * Writes the shards that changed and then the head. A crash between the two judges the minute again, and what a series has
 * learned from a block it does not learn again. Losing the race to another evaluator (false) is fine: it judged the same
 * minutes.
 */
export async function saveDetector(
  store: Store,
  before: StoredDetector,
  after: { readonly evaluatedMs: number; readonly beganMs: number; readonly series: Detector['series'] },
  learnedLate = false,
): Promise<boolean> {
  const { evaluatedMs, beganMs, series } = after;
  const stored = [...before.shards.values()].map(({ value }) => (value as Shard).learned);
  const hasLearned = [...series.values()].some(({ state }) => state.learnedMs > MINUTE_MS * Math.max(0, ...stored));
  if (hasLearned || learnedLate) await saveShards(store, before, series);
  return store.save(DETECTOR_KEY, headOf(series.values(), evaluatedMs, beganMs), before.version);
}

async function saveShards(store: Store, before: StoredDetector, series: Detector['series']): Promise<void> {
  for (const [i, shard] of shardsOf(series.values()).entries()) {
    const key = `${SHARD_PREFIX}${String(i).padStart(2, '0')}`;
    const old = before.shards.get(key);
    const rows = old === undefined ? [] : (old.value as Shard).rows;
    if (JSON.stringify(rows) !== JSON.stringify(shard.rows)) await store.save(key, shard, old?.version ?? 0);
  }
}
