/**
 * How the state of all series is kept, in short rows. What is normal changes every five minutes and goes into sixteen
 * shards, each written only when it differs; what is going on (evidence, spikes) is little and goes into the head, which
 * every evaluation writes. A row that cannot be read is a series that starts afresh.
 */
import { coldGroup, FRESH_GROUPS, type GroupState, type SeriesState } from '../detect.ts';
import { MINUTE_MS } from '../window.ts';
import type { Evidence } from './evidence.ts';
import { type Normal, UNKNOWN } from './normal.ts';
import { GROUPS, type Scope, scopeKey } from './scope.ts';
import type { Spike } from './spike.ts';

export interface Series {
  readonly scope: Scope;
  readonly state: SeriesState;
}

type Row = readonly unknown[];
export interface Shard {
  readonly v: 2;
  readonly learned: number;
  readonly rows: readonly Row[];
}
export interface Head {
  readonly v: 2;
  readonly evaluatedMs: number;
  /** First minute that was judged; an older head does not say. */
  readonly beganMs?: number;
  readonly rows: readonly Row[];
}

export const SHARDS = 16;

const round = (x: number): number => Number(x.toPrecision(6));
const toMinute = (ms: number | null): number | null => (ms === null ? null : ms / MINUTE_MS);
const toMs = (minute: number | null): number | null => (minute === null ? null : minute * MINUTE_MS);

/** FNV-1a; which shard a series is in must never change. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

export const headOf = (series: Iterable<Series>, evaluatedMs: number, beganMs = 0): Head => ({
  v: 2,
  evaluatedMs,
  beganMs,
  rows: [...series].flatMap(({ scope, state }) =>
    GROUPS.flatMap((group, i) => (isCold(state.groups[group]) ? [] : [hotRow(scope, i, state.groups[group])])),
  ),
});

export function shardsOf(series: Iterable<Series>): Shard[] {
  const rows: Row[][] = Array.from({ length: SHARDS }, () => []);
  const learned = Array<number>(SHARDS).fill(0);
  for (const { scope, state } of series) {
    const shard = shardOf(scopeKey(scope));
    rows[shard]?.push(normalRow(scope, state));
    learned[shard] = Math.max(learned[shard] ?? 0, state.learnedMs / MINUTE_MS);
  }
  return rows.map((own, i) => ({ v: 2, learned: learned[i] ?? 0, rows: own }));
}

/** The series of what was stored; of another version, none. `settledMs` follows from when the head was written. */
export function seriesOf(head: Head, shards: readonly Shard[], settleMs: number): Map<string, Series> {
  const settledMs = head.evaluatedMs - settleMs;
  const series = new Map<string, Series>();
  for (const { v, learned, rows } of shards) {
    if (v !== 2) continue;
    for (const [by, value, seen, ...normals] of rows as [Scope['by'], string, number, ...number[][]][]) {
      const [e429, e5xx, auth] = normals.map(coldOf);
      if (!e429 || !e5xx || !auth) continue;
      const state = {
        settledMs,
        learnedMs: learned * MINUTE_MS,
        seenMs: seen * MINUTE_MS,
        groups: { e429, e5xx, auth },
      };
      series.set(scopeKey({ by, value }), { scope: { by, value }, state });
    }
  }
  for (const [by, value, i, evidence, spike, unlearned] of head.rows as HotRow[]) {
    const group = GROUPS[i];
    if (group === undefined) continue;
    const scope = { by, value };
    const known = series.get(scopeKey(scope)) ?? { scope, state: fresh(settledMs, head.evaluatedMs) };
    const state: GroupState = {
      normal: known.state.groups[group].normal,
      evidence: evidence === 0 ? null : evidenceOf(evidence),
      spike: spike === 0 ? null : spikeOf(spike),
      unlearned: unlearned.map((minute) => minute * MINUTE_MS),
    };
    series.set(scopeKey(scope), {
      scope,
      state: { ...known.state, groups: { ...known.state.groups, [group]: state } },
    });
  }
  return series;
}

const coldOf = (row: readonly number[]): GroupState => coldGroup(normalOf(row));
const isCold = ({ evidence, spike, unlearned }: GroupState): boolean =>
  evidence === null && spike === null && unlearned.length === 0;
const fresh = (settledMs: number, seenMs: number): SeriesState => ({
  settledMs,
  learnedMs: 0,
  seenMs,
  groups: FRESH_GROUPS,
});

const normalRow = ({ by, value }: Scope, { seenMs, groups }: SeriesState): Row => [
  by,
  value,
  seenMs / MINUTE_MS,
  ...GROUPS.map((group) => {
    const { failures, calls, clumpSquares, clumpExpected, stretch } = groups[group].normal;
    const learned = [failures, calls, clumpSquares, clumpExpected].map(round);
    return stretch.minutes === 0
      ? learned
      : [...learned, stretch.minutes, round(stretch.failures), round(stretch.expected)];
  }),
];

function normalOf([
  failures,
  calls,
  clumpSquares,
  clumpExpected,
  minutes = 0,
  x = 0,
  expected = 0,
]: readonly number[]): Normal {
  if (failures === undefined || calls === undefined) return UNKNOWN;
  if (clumpSquares === undefined || clumpExpected === undefined) return UNKNOWN;
  return { failures, calls, clumpSquares, clumpExpected, stretch: { minutes, failures: x, expected } };
}

type EvidenceRow = [number, number, number, number, number, number | null, number, number];
type SpikeRow = [
  number,
  number,
  number,
  number | null,
  Spike['closedBy'],
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
type HotRow = [Scope['by'], string, number, EvidenceRow | 0, SpikeRow | 0, number[]];

const hotRow = ({ by, value }: Scope, group: number, { evidence, spike, unlearned }: GroupState): HotRow => [
  by,
  value,
  group,
  evidence === null ? 0 : evidenceRow(evidence),
  spike === null ? 0 : spikeRow(spike),
  unlearned.map((ms) => ms / MINUTE_MS),
];

const evidenceRow = (e: Evidence): EvidenceRow => [
  round(e.soft),
  round(e.hard),
  e.sinceMs / MINUTE_MS,
  e.calls,
  e.failures,
  toMinute(e.lastBadMs),
  round(e.badMinutes),
  e.elevatedMinutes,
];
const evidenceOf = ([
  soft,
  hard,
  since,
  calls,
  failures,
  lastBad,
  badMinutes,
  elevatedMinutes,
]: EvidenceRow): Evidence => ({
  soft,
  hard,
  sinceMs: since * MINUTE_MS,
  calls,
  failures,
  lastBadMs: toMs(lastBad),
  badMinutes,
  elevatedMinutes,
});

const spikeRow = (s: Spike): SpikeRow => [
  s.sinceMs / MINUTE_MS,
  s.untilMs / MINUTE_MS,
  s.openedMs / MINUTE_MS,
  toMinute(s.closedMs),
  s.closedBy,
  s.fromMs / MINUTE_MS,
  s.lastCallMs / MINUTE_MS,
  round(s.share),
  s.calls,
  s.failures,
  s.tailCalls,
  s.tailFailures,
  round(s.recovery),
  s.calmMinutes,
  s.calmNeeded,
];
const spikeOf = ([since, until, opened, closed, closedBy, from, lastCall, share, ...counts]: SpikeRow): Spike => {
  const [calls, failures, tailCalls, tailFailures, recovery, calmMinutes, calmNeeded] = counts;
  return {
    sinceMs: since * MINUTE_MS,
    untilMs: until * MINUTE_MS,
    openedMs: opened * MINUTE_MS,
    closedMs: toMs(closed),
    closedBy,
    fromMs: from * MINUTE_MS,
    lastCallMs: lastCall * MINUTE_MS,
    share,
    ...{ calls, failures, tailCalls, tailFailures, recovery, calmMinutes, calmNeeded },
  };
};
