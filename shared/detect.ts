/**
 * Bucket history of one scope -> verdicts with a reason. Pure; O(1) state per series.
 *
 * The rule is "evidence since": each minute adds to its group's evidence that the series fails far more than normal
 * (`detect/evidence.ts`), never below zero; 16 nats open a spike, which lasts until it is well again (`detect/spike.ts`).
 * What is normal, and how much failures clump, is learned per series (`detect/normal.ts`). Only minutes that settled are
 * kept: the four newest are replayed at every evaluation, so a late row changes what the next evaluation sees and nothing
 * that was said before (what comes later than that is a matter of `late.ts`).
 */
import { type Evidence, NATS_PER_MINUTE, strengthOf, weigh } from './detect/evidence.ts';
import { BLOCK_MS, learn, type Minute, type Normal, shareOf, UNKNOWN, workedOf } from './detect/normal.ts';
import { ALL, type Bucket, type FailureGroup, failuresOf, type Scope } from './detect/scope.ts';
import { endOf, follow, isOpen, open, REOPEN_MS, type Spike } from './detect/spike.ts';
import type { Settings } from './settings.ts';
import { MINUTE_MS } from './window.ts';

export type { Bucket, FailureGroup, Scope, ScopedBuckets } from './detect/scope.ts';
export { ALL, bucketsByScope, failureField, GROUPS, groupOf, scopeKey, scopesOf } from './detect/scope.ts';
export { clock, count, percent, sentence } from './detect/sentence.ts';
export { REOPEN_MS, SILENCE_MS } from './detect/spike.ts';

export interface Verdict {
  readonly scope: Scope;
  readonly group: FailureGroup;
  /** `quiet` nothing; `spike` far above normal and above the floor; `calm` a former spike is over; `no-data` nobody called. */
  readonly state: 'quiet' | 'spike' | 'calm' | 'no-data';
  /** Name of the rule that decided, such as `share-above-normal`. */
  readonly reason: string;
  readonly atMs: number;
  /** First minute of the spike, or of the evidence that is building up. */
  readonly sinceMs: number | null;
  /** End of its last failing minute. */
  readonly untilMs: number | null;
  /** Calls and failures of this group since `sinceMs`, up to `untilMs`. */
  readonly calls: number;
  readonly failures: number;
  /** Share of failures that is normal for this series, 0–1. */
  readonly normalShare: number;
  /** When the spike opened; before `atMs` it is not news. */
  readonly openedMs?: number;
}

export interface GroupState {
  readonly normal: Normal;
  readonly evidence: Evidence | null;
  readonly spike: Spike | null;
  /** Minutes of the block in progress that will not be learned from: they are suspicious, or part of a spike. */
  readonly unlearned: readonly number[];
}

/** Everything kept about one series; JSON. */
export interface SeriesState {
  /** Newest minute that counts for good. */
  readonly settledMs: number;
  /** End of the last block of minutes that was learned from. */
  readonly learnedMs: number;
  /** Newest minute with calls, as of the last block. */
  readonly seenMs: number;
  readonly groups: Readonly<Record<FailureGroup, GroupState>>;
}

export type DetectSettings = Pick<Settings, 'minShare' | 'minFailures'>;

/** Minutes the caller reads for each evaluation: `[atMs - HISTORY_MS, atMs)`. */
export const HISTORY_MS = 10 * MINUTE_MS;
export const SETTLE_MS = 5 * MINUTE_MS;
const OPEN_NATS = 16;
const LEARN_BELOW_NATS = 8;

/** Nothing known but what is normal. */
export const coldGroup = (normal: Normal): GroupState => ({ normal, evidence: null, spike: null, unlearned: [] });
const FRESH = coldGroup(UNKNOWN);
export const FRESH_GROUPS: SeriesState['groups'] = { e429: FRESH, e5xx: FRESH, auth: FRESH };

/** What the steps below share about one evaluation of one series. */
interface Evaluation {
  readonly atMs: number;
  readonly settings: DetectSettings;
  readonly scope: Scope;
  /** Minutes that count for good from now on, minutes that may still change, and those of a block that is complete. */
  readonly settling: readonly Bucket[];
  readonly replayed: readonly Bucket[];
  readonly block: readonly Bucket[];
  readonly hasCalls: boolean;
}

/**
 * Judges one series at `atMs` (start of a minute, UTC). `buckets` are its minutes in `[atMs - HISTORY_MS, atMs)`, in any
 * order; minutes without calls may be absent. Up to five missed evaluations are caught up. One verdict per group.
 */
export function detect(
  buckets: readonly Bucket[],
  state: SeriesState | null,
  atMs: number,
  settings: DetectSettings,
  scope: Scope = ALL,
): { state: SeriesState; verdicts: Verdict[] } {
  const minutes = inOrder(buckets).filter((b) => b.calls > 0 && b.windowMs < atMs && b.windowMs >= atMs - HISTORY_MS);
  const settledMs = Math.max(state?.settledMs ?? 0, atMs - SETTLE_MS);
  const learnedMs = Math.floor((settledMs + MINUTE_MS) / BLOCK_MS) * BLOCK_MS;
  const isNew = (b: Bucket) => b.windowMs > (state?.settledMs ?? Number.NEGATIVE_INFINITY);
  const isBlock = learnedMs > (state?.learnedMs ?? 0);
  const evaluation: Evaluation = {
    atMs,
    settings,
    scope,
    settling: minutes.filter((b) => b.windowMs <= settledMs && isNew(b)),
    replayed: minutes.filter((b) => b.windowMs > settledMs),
    block: isBlock ? minutes.filter((b) => b.windowMs < learnedMs && b.windowMs >= learnedMs - BLOCK_MS) : [],
    hasCalls: minutes.length > 0,
  };
  const before = state?.groups ?? FRESH_GROUPS;
  const e429 = detectGroup(before.e429, 'e429', evaluation);
  const e5xx = detectGroup(before.e5xx, 'e5xx', evaluation);
  const auth = detectGroup(before.auth, 'auth', evaluation);
  const newestMs = minutes.at(-1)?.windowMs ?? 0;
  return {
    state: {
      settledMs,
      learnedMs: Math.max(learnedMs, state?.learnedMs ?? 0),
      seenMs: isBlock ? Math.max(newestMs, state?.seenMs ?? 0) : (state?.seenMs ?? newestMs),
      groups: { e429: e429.state, e5xx: e5xx.state, auth: auth.state },
    },
    verdicts: [e429.verdict, e5xx.verdict, auth.verdict],
  };
}

/** The groups that have an open spike. */
export const openGroups = ({ groups }: SeriesState): FailureGroup[] =>
  (['e429', 'e5xx', 'auth'] as const).filter((group) => isOpen(groups[group].spike));

function inOrder(buckets: readonly Bucket[]): readonly Bucket[] {
  const isSorted = buckets.every((b, i) => i === 0 || b.windowMs >= (buckets[i - 1]?.windowMs ?? 0));
  return isSorted ? buckets : [...buckets].sort((a, b) => a.windowMs - b.windowMs);
}

/** The state after more minutes; the same object when they change nothing, which is the usual case. */
function count(state: GroupState, buckets: readonly Bucket[], group: FailureGroup, minShare: number): GroupState {
  let { evidence, spike, unlearned } = state;
  const { normal } = state;
  for (const bucket of buckets) {
    const minute = minuteOf(bucket, group);
    if (minute.atMs < fromOf(spike)) continue;
    evidence = weigh(evidence, minute, normal, minShare);
    if (spike !== null) spike = follow(spike, minute, normal, minShare);
    if (isOpen(spike) || strengthOf(evidence) >= LEARN_BELOW_NATS) unlearned = [...unlearned, minute.atMs];
  }
  const isSame = evidence === state.evidence && spike === state.spike;
  return isSame ? state : { normal, evidence, spike, unlearned };
}

const minuteOf = (bucket: Bucket, group: FailureGroup): Minute => ({
  atMs: bucket.windowMs,
  calls: bucket.calls,
  failures: failuresOf(bucket, group),
});
/** Minutes before this one belong to a spike that is closed. */
const fromOf = (spike: Spike | null): number => (spike === null ? 0 : (spike.closedMs ?? spike.fromMs));

function detectGroup(before: GroupState, group: FailureGroup, e: Evaluation): { state: GroupState; verdict: Verdict } {
  const { minShare } = e.settings;
  const counted = count(before, e.settling, group, minShare);
  const settled = e.block.length === 0 ? counted : learnBlock(counted, e.block, group);
  const now = count(settled, e.replayed, group, minShare);
  if (isOpen(now.spike)) return keepOrClose(settled, now, now.spike, group, e);
  return openOrNot(settled, now, group, e);
}

/** A block teaches what is normal, except its suspicious minutes: an incident is never absorbed. */
function learnBlock(state: GroupState, block: readonly Bucket[], group: FailureGroup): GroupState {
  const { normal, spike, unlearned } = state;
  const minutes = block.filter((b) => b.windowMs >= fromOf(spike) && !unlearned.includes(b.windowMs));
  if (minutes.length + unlearned.length === 0) return state;
  const learned = learn(
    normal,
    minutes.map((b) => minuteOf(b, group)),
  );
  return { ...state, normal: learned, unlearned: [] };
}

type Detected = ReturnType<typeof detectGroup>;

function keepOrClose(settled: GroupState, now: GroupState, spike: Spike, group: FailureGroup, e: Evaluation): Detected {
  const closedBy = endOf(spike, e.atMs);
  if (closedBy === null) return { state: settled, verdict: ofSpike(spike, now.normal, 'share-above-normal', group, e) };
  const closed: Spike = { ...spike, closedMs: e.atMs, closedBy };
  return {
    state: { ...settled, evidence: null, spike: closed },
    verdict: ofSpike(closed, now.normal, closedBy, group, e),
  };
}

function openOrNot(settled: GroupState, now: GroupState, group: FailureGroup, e: Evaluation): Detected {
  const { evidence, normal } = now;
  const recent = now.spike?.closedMs != null && e.atMs - now.spike.closedMs < REOPEN_MS ? now.spike : null;
  const state = recent === settled.spike ? settled : { ...settled, spike: recent };
  const reason = reasonOf(now, group, e);
  if (evidence !== null && reason === 'share-above-normal') {
    const spike = open(evidence, e.atMs, recent);
    // The settled part of the totals; the replay adds the rest at the next evaluation.
    const same = settled.evidence?.sinceMs === evidence.sinceMs ? settled.evidence : null;
    const kept = { ...spike, calls: same?.calls ?? 0, failures: same?.failures ?? 0 };
    return { state: { ...settled, spike: kept }, verdict: ofSpike(spike, normal, reason, group, e) };
  }
  if (recent !== null) return { state, verdict: ofSpike(recent, normal, recent.closedBy ?? reason, group, e) };
  const verdict: Verdict = {
    scope: e.scope,
    group,
    state: e.hasCalls ? 'quiet' : 'no-data',
    reason: e.hasCalls ? reason : 'no-traffic',
    atMs: e.atMs,
    sinceMs: evidence?.sinceMs ?? null,
    untilMs: evidence?.lastBadMs == null ? null : evidence.lastBadMs + MINUTE_MS,
    calls: evidence?.calls ?? 0,
    failures: evidence?.failures ?? 0,
    normalShare: shareOf(normal),
  };
  return { state, verdict };
}

/** Why a group without an open spike is (not) one now; in the order the questions are asked. */
function reasonOf({ evidence, normal }: GroupState, group: FailureGroup, { atMs, settings }: Evaluation): string {
  if (evidence === null) return 'normal';
  const { minShare, minFailures } = settings;
  const { calls, failures, sinceMs, lastBadMs, badMinutes, elevatedMinutes } = evidence;
  const p0 = shareOf(normal);
  const share = failures / calls;
  if (lastBadMs === null || atMs - MINUTE_MS - lastBadMs > SETTLE_MS) return 'fading';
  if (failures < minFailures) return 'few-failures';
  if (share < Math.max(p0 + minShare / 2, 2.5 * p0)) return 'share-below-floor';
  const strength = strengthOf(evidence);
  if (strength < NATS_PER_MINUTE.most) return 'little-evidence';
  // One client with a dead key, forgotten somewhere: it never worked, and it is no more than a call a minute.
  const hasWorked = workedOf(normal) >= 2 * minFailures;
  if (group === 'auth' && !hasWorked && failures * MINUTE_MS <= atMs - sinceMs) return 'drip';
  // A blip of less than a minute can never satisfy this, not even across two buckets.
  const lasted = badMinutes >= 1.15 || elevatedMinutes >= 4 || (elevatedMinutes >= 3 && share >= 3 * minShare);
  return lasted && strength >= OPEN_NATS ? 'share-above-normal' : 'unconfirmed';
}

function ofSpike(spike: Spike, normal: Normal, reason: string, group: FailureGroup, e: Evaluation): Verdict {
  const { sinceMs, untilMs, calls, failures } = spike;
  const state = isOpen(spike) ? (e.hasCalls ? 'spike' : 'no-data') : 'calm';
  return {
    scope: e.scope,
    group,
    state,
    reason: state === 'no-data' ? 'no-traffic' : reason,
    atMs: e.atMs,
    sinceMs,
    untilMs,
    calls,
    failures,
    normalShare: shareOf(normal),
    openedMs: spike.openedMs,
  };
}
