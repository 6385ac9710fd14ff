/**
 * The minutes from the first late one to the last that was judged, judged once more: as they would have been, had the late
 * data been there. Only the series that grew are; they start from what is normal now, which is slow and never holds an
 * incident, and with nothing else known. Alerts that were told stand where they stood then, so what they explain opens
 * nothing new. Pure.
 */
import { sumOf } from '../alert/figures.ts';
import { isTrigger } from '../alert/grouping.ts';
import { type Alert, decide } from '../alert.ts';
import { BLOCK_MS } from '../detect/normal.ts';
import { failuresOf, GROUPS } from '../detect/scope.ts';
import type { Series } from '../detect/state.ts';
import {
  type Bucket,
  coldGroup,
  detect,
  type FailureGroup,
  FRESH_GROUPS,
  type GroupState,
  HISTORY_MS,
  openGroups,
  REOPEN_MS,
  type Scope,
  type ScopedBuckets,
  SETTLE_MS,
  type SeriesState,
  scopeKey,
  type Verdict,
} from '../detect.ts';
import type { Settings } from '../settings.ts';
import { MINUTE_MS, type RollUp } from '../window.ts';
import type { Note } from './note.ts';

/** Bounds the work when everything comes late at once; those with the most failures are judged. */
const MOST_SERIES = 1000;
/** Deciding is what costs: minutes that ask for the same as the one before are decided so often. */
const EVERY_MS = 5 * MINUTE_MS;

export interface Asked {
  readonly note: Note;
  /** Minute roll-ups of `[fromMs, toMs)`, and their buckets by series. */
  readonly rollUps: readonly RollUp[];
  readonly scoped: ScopedBuckets;
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: ReadonlyMap<string, Series>;
  /** Alerts that have fired, of the hours that are judged again. */
  readonly alerts: readonly Alert[];
  readonly settings: Settings;
  /** When the late data came. */
  readonly nowMs: number;
  readonly silencedAt: (atMs: number) => (alert: Alert) => string | null;
}

/** A series that is judged again. */
export interface Again {
  readonly scope: Scope;
  readonly state: SeriesState;
  readonly verdicts: readonly Verdict[];
  /** By minute from `fromMs`; none where nobody called. */
  readonly minutes: readonly (Bucket | undefined)[];
  readonly newestMs: number;
}

export interface Found {
  readonly series: ReadonlyMap<string, Again>;
  /** Alerts that opened, or came back. */
  readonly alerts: readonly Alert[];
  /** Told alerts as the late data show them: from when to when they failed, and their worst minutes. */
  readonly known: ReadonlyMap<string, Alert>;
}

export function judgeAgain(asked: Asked): Found {
  const { fromMs, toMs, settings, nowMs, rollUps } = asked;
  let series = seriesOf(asked);
  const found = new Map<string, Alert>();
  const known = new Map<string, Alert>();
  let wanted = '';
  for (let atMs = fromMs + MINUTE_MS; atMs <= toMs && series.size > 0; atMs += MINUTE_MS) {
    series = new Map([...series].map(([key, one]) => [key, followed(one, atMs, asked)]));
    const verdicts = [...series.values()].flatMap((one) => one.verdicts);
    const recent = [...found.values()].filter((alert) => isRecent(alert, atMs));
    const before = wanted;
    wanted = wantedBy(verdicts);
    // What was told stands as it did then: a minute in which nothing fails far above normal says nothing about it.
    const isQuiet = wanted === '' && recent.every(({ state }) => state === 'resolved');
    if (isQuiet || (wanted === before && atMs % EVERY_MS !== 0 && atMs !== toMs)) continue;
    const told = asked.alerts.filter(({ id }) => !found.has(id)).flatMap((alert) => asOf(alert, atMs));
    const decided = decide({
      verdicts,
      alerts: [...told, ...recent],
      rollUps: rollUps.filter(({ windowMs }) => windowMs >= atMs - HISTORY_MS && windowMs < atMs),
      ...{ atMs, nowMs, settings },
      silencedBy: asked.silencedAt(atMs),
    });
    for (const alert of decided.alerts) {
      const then = told.find(({ id }) => id === alert.id);
      if (then?.state !== 'firing') found.set(alert.id, { ...alert, lateMs: nowMs });
      else if (fails(alert)) known.set(alert.id, widened(known.get(alert.id) ?? then, alert));
    }
  }
  const alerts = [...found.values()].filter(({ firedMs }) => firedMs !== null);
  return { series, alerts, known };
}

/** The verdicts that ask for an alert. */
const wantedBy = (verdicts: readonly Verdict[]): string =>
  verdicts
    .filter(isTrigger)
    .map(({ scope, group, state }) => `${scopeKey(scope)} ${group} ${state}`)
    .join('\n');

/** Those in which enough failed to open anything, or in which something is open that late calls may end. */
function seriesOf({ note, scoped, series, settings, fromMs, toMs }: Asked): Map<string, Again> {
  const suspects = note.grown.flatMap(([key]) => {
    const [own, before] = [scoped.get(key), series.get(key)];
    if (own === undefined) return [];
    const failures = Math.max(
      ...GROUPS.map((group) => own.buckets.reduce((sum, bucket) => sum + failuresOf(bucket, group), 0)),
    );
    const isOpen = before !== undefined && openGroups(before.state).length > 0;
    return failures >= settings.minFailures || isOpen ? [{ key, own, before, failures, isOpen }] : [];
  });
  return new Map(
    suspects
      .sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || b.failures - a.failures)
      .slice(0, MOST_SERIES)
      .map(({ key, own, before }) => {
        const minutes: (Bucket | undefined)[] = [];
        for (const bucket of own.buckets) minutes[(bucket.windowMs - fromMs) / MINUTE_MS] = bucket;
        const newestMs = own.buckets.at(-1)?.windowMs ?? fromMs;
        const state = cold(before?.state, fromMs - MINUTE_MS, toMs);
        return [key, { scope: own.scope, state, verdicts: [], minutes, newestMs }];
      }),
  );
}

/** The end of the newest block of five minutes that was learned from; no minute before it is learned again. */
export const learnedTo = (evaluatedMs: number): number =>
  Math.floor((evaluatedMs - SETTLE_MS + MINUTE_MS) / BLOCK_MS) * BLOCK_MS;

export const byGroup = (of: (group: FailureGroup) => GroupState): SeriesState['groups'] => ({
  e429: of('e429'),
  e5xx: of('e5xx'),
  auth: of('auth'),
});

/** A series with nothing known but what is normal for it now. */
export const cold = (now: SeriesState | undefined, settledMs: number, toMs: number): SeriesState => ({
  settledMs,
  learnedMs: learnedTo(toMs),
  seenMs: now?.seenMs ?? 0,
  groups: now ? byGroup((group) => coldGroup(now.groups[group].normal)) : FRESH_GROUPS,
});

/** What comes late is not over because its newest minutes have not come yet: the series stands still after its newest call. */
export const isUnheard = ({ newestMs }: Again, atMs: number): boolean => atMs > newestMs + HISTORY_MS + MINUTE_MS;

function followed(one: Again, atMs: number, { fromMs, settings }: Asked): Again {
  if (isUnheard(one, atMs)) return { ...one, verdicts: one.verdicts.map((verdict) => ({ ...verdict, atMs })) };
  const end = (atMs - fromMs) / MINUTE_MS;
  const buckets = one.minutes
    .slice(Math.max(0, end - HISTORY_MS / MINUTE_MS), end)
    .filter((bucket) => bucket !== undefined);
  return { ...one, ...detect(buckets, one.state, atMs, settings, one.scope) };
}

/** A told alert as it stood at a time: failing from its first failure on, so that nothing opens beside it. */
function asOf(alert: Alert, atMs: number): Alert[] {
  if (alert.sinceMs >= atMs) return [];
  const then = { ...alert, evaluatedMs: atMs - MINUTE_MS, outbox: [] };
  if (alert.resolvedMs !== null && alert.resolvedMs <= atMs) return isRecent(alert, atMs) ? [then] : [];
  return [{ ...then, state: 'firing', resolvedMs: null, untilMs: Math.min(alert.untilMs ?? atMs, atMs) }];
}

const fails = ({ state, reason }: Alert): boolean => state === 'firing' && reason !== 'no-traffic';
const isRecent = ({ resolvedMs }: Alert, atMs: number): boolean => resolvedMs === null || resolvedMs > atMs - REOPEN_MS;

const widened = (a: Alert, b: Alert): Alert => ({
  ...(sumOf(b.causes) > sumOf(a.causes) ? b : a),
  sinceMs: Math.min(a.sinceMs, b.sinceMs),
  untilMs: Math.max(a.untilMs ?? a.sinceMs, b.untilMs ?? b.sinceMs),
});
