/** What the judging of every minute goes on with: series as the late data show them, and what they teach about the normal. Pure. */

import { BLOCK_MS, learn, type Minute, type Normal } from '../detect/normal.ts';
import { failuresOf } from '../detect/scope.ts';
import { isOpen } from '../detect/spike.ts';
import type { Series } from '../detect/state.ts';
import { GROUPS, type GroupState, SETTLE_MS, type SeriesState, scopeKey } from '../detect.ts';
import { MINUTE_MS } from '../window.ts';
import { type Again, type Asked, byGroup, cold, isUnheard, learnedTo } from './again.ts';

/** All series after late data: those that were judged again, and those that only have late calls, which teach what is normal. */
export function takeOver(asked: Asked, again: ReadonlyMap<string, Again>): Map<string, Series> {
  const series = new Map(asked.series);
  for (const [key] of asked.note.grown) {
    const scope = asked.scoped.get(key)?.scope;
    if (scope === undefined) continue;
    const before = asked.series.get(key)?.state ?? cold(undefined, asked.toMs - SETTLE_MS, asked.toMs);
    const taken = withAgain(before, again.get(key), asked);
    series.set(key, { scope, state: learned(taken, key, again.get(key), asked) });
  }
  return series;
}

function withAgain(before: SeriesState, again: Again | undefined, asked: Asked): SeriesState {
  if (again === undefined) return before;
  const grown = new Map(asked.note.grown).get(scopeKey(again.scope)) ?? [];
  const groups = byGroup((group) => {
    const [was, now] = [before.groups[group], again.state.groups[group]];
    return isBetter(was, now, grown.includes(group), asked) ? taken(was, now, again, asked) : was;
  });
  return { ...before, groups };
}

/** Judged again is better informed, unless it did not see the beginning, or nothing that came late would have opened it. */
function isBetter(was: GroupState, now: GroupState, hasGrown: boolean, { fromMs }: Asked): boolean {
  const isOld = (ms: number | undefined): boolean => ms !== undefined && ms < fromMs;
  if (isOpen(was.spike)) return now.spike !== null && !isOld(was.spike.sinceMs);
  if (now.spike !== null) return hasGrown;
  return hasGrown && was.spike === null && !isOld(was.evidence?.sinceMs);
}

function taken(was: GroupState, now: GroupState, again: Again, { toMs }: Asked): GroupState {
  const { evidence, spike } = now;
  // Heard of just now: it is silent once nothing more has come for an hour.
  const heard = isOpen(spike) && isUnheard(again, toMs) ? { ...spike, lastCallMs: toMs - MINUTE_MS } : spike;
  const unlearned = new Set([...was.unlearned, ...now.unlearned.filter((ms) => ms >= learnedTo(toMs))]);
  return { normal: was.normal, evidence, spike: heard, unlearned: [...unlearned].sort((a, b) => a - b) };
}

/**
 * Late minutes of a series that nobody saw call on time teach what is normal, once: they are newer than the newest it was
 * seen in, which they then are. Suspicious ones, and those of a spike, do not. All other minutes were learned on time.
 */
function learned(state: SeriesState, key: string, again: Again | undefined, { note, scoped }: Asked): SeriesState {
  const buckets = (scoped.get(key)?.buckets ?? []).filter(
    ({ windowMs }) => windowMs > state.seenMs && note.windows.includes(windowMs),
  );
  if (buckets.length === 0) return state;
  const groups = byGroup((group) => {
    const { spike = null, unlearned = [] } = again?.state.groups[group] ?? {};
    const isOfSpike = (ms: number): boolean =>
      spike !== null && ms >= spike.sinceMs && ms < (spike.closedMs ?? Number.POSITIVE_INFINITY);
    const isPlain = (ms: number): boolean => !unlearned.includes(ms) && !isOfSpike(ms);
    const minutes = buckets
      .filter(({ windowMs }) => isPlain(windowMs))
      .map((bucket) => ({ atMs: bucket.windowMs, calls: bucket.calls, failures: failuresOf(bucket, group) }));
    return { ...state.groups[group], normal: learnedFrom(state.groups[group].normal, minutes) };
  });
  return { ...state, seenMs: buckets.at(-1)?.windowMs ?? state.seenMs, groups };
}

/** Five minutes at a time, as on time. */
function learnedFrom(normal: Normal, minutes: readonly Minute[]): Normal {
  const blockOf = ({ atMs }: Minute): number => Math.floor(atMs / BLOCK_MS);
  const blocks = [...new Set(minutes.map(blockOf))].map((block) => minutes.filter((one) => blockOf(one) === block));
  return blocks.reduce(learn, normal);
}

/** Whether a series learned from late minutes. */
export const hasLearned = ({ note, series }: Asked, after: ReadonlyMap<string, Series>): boolean =>
  note.grown.some(([key]) => series.get(key)?.state.seenMs !== after.get(key)?.state.seenMs);

/** Beginnings of the spikes that are open. */
export const openSince = (state: SeriesState | undefined): number[] =>
  GROUPS.flatMap((group) => {
    const spike = state?.groups[group].spike ?? null;
    return isOpen(spike) ? [spike.sinceMs] : [];
  });
