/**
 * Bucket history of one scope -> verdicts with a reason. Pure; O(1) state per series.
 *
 * The rule is "evidence since": each minute adds the log-likelihood ratio of "this series fails far more than normal" to
 * its group's evidence, never below zero. Where the evidence left zero is `since`; 16 nats open a spike. What is normal,
 * and how much failures clump, is learned per series. Only minutes that settled are kept: the four newest are replayed on a
 * copy at every evaluation, so a late row changes what the next evaluation sees and nothing that was said before.
 * Where the constants come from and what each is worth: detection/README.md of the reading room.
 */
import { causeById } from './causes.ts';
import type { Settings } from './settings.ts';
import { type Cell, MINUTE_MS, OTHER, type RollUp } from './window.ts';

/** What a series is counted by. `all` has the empty value. */
export interface Scope {
  readonly by: 'all' | 'logGroup' | 'provider' | 'model' | 'tenant' | 'project' | 'key';
  readonly value: string;
}

/** One minute of one scope: calls and failed calls by group. A failed call is in exactly one of the five. */
export interface Bucket {
  readonly windowMs: number;
  readonly calls: number;
  readonly e429: number;
  readonly e5xx: number;
  readonly timeout: number;
  readonly auth: number;
  readonly e4xx: number;
}

/** What can page: throttling (429 and limits under any status), unavailability (5xx and time-outs), refusal (401, 403). */
export type FailureGroup = 'e429' | 'e5xx' | 'auth';

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
}

export const ALL: Scope = { by: 'all', value: '' };
const DIMENSIONS = ['logGroup', 'provider', 'model', 'tenant', 'project', 'key'] as const;
export const GROUPS: readonly FailureGroup[] = ['e429', 'e5xx', 'auth'];

type FailureField = 'e429' | 'e5xx' | 'timeout' | 'auth' | 'e4xx';
export type ScopedBuckets = Map<string, { readonly scope: Scope; readonly buckets: Bucket[] }>;

/** The field of a bucket a failed cell counts in. The cause decides; the status only where the cause does not say. */
export function failureField({ status, cause }: Pick<Cell, 'status' | 'cause'>): FailureField {
  const category = cause === null ? null : (causeById(cause)?.category ?? null);
  if (category === 'throttle' || status === 429) return 'e429';
  if (category === 'connection') return 'timeout';
  if (category === 'transient' || (status !== null && status >= 500)) return 'e5xx';
  return status === 401 || status === 403 ? 'auth' : 'e4xx';
}

/** The group a failed cell can page in, or null for the other 4xx. */
export function groupOf(cell: Pick<Cell, 'status' | 'cause'>): FailureGroup | null {
  const field = failureField(cell);
  return field === 'e4xx' ? null : field === 'timeout' ? 'e5xx' : field;
}

/** Every scope a cell counts for. What the logs do not say, and what was summed under `other`, has none. */
export function scopesOf(cell: Cell): Scope[] {
  const named = DIMENSIONS.map((by) => ({ by, value: cell[by] }));
  return [ALL, ...named.filter((s): s is Scope & typeof s => s.value !== null && s.value !== OTHER)];
}

export const scopeKey = (scope: Scope) => `${scope.by}:${scope.value}`;

/** One bucket per scope and minute roll-up. A Map, because a value may be `__proto__`. */
export function bucketsByScope(rollUps: readonly RollUp[]): ScopedBuckets {
  const byScope: ScopedBuckets = new Map();
  for (const { windowMs, cells } of rollUps) {
    const minute = new Map<string, { -readonly [K in keyof Bucket]: Bucket[K] }>();
    for (const cell of cells) {
      const field = cell.kind === 'failure' ? failureField(cell) : null;
      for (const scope of scopesOf(cell)) {
        const key = scopeKey(scope);
        const bucket = minute.get(key) ?? { windowMs, calls: 0, e429: 0, e5xx: 0, timeout: 0, auth: 0, e4xx: 0 };
        bucket.calls += cell.calls;
        if (field !== null) bucket[field] += cell.calls;
        if (minute.has(key)) continue;
        minute.set(key, bucket);
        const series = byScope.get(key) ?? { scope, buckets: [] };
        series.buckets.push(bucket);
        byScope.set(key, series);
      }
    }
  }
  return byScope;
}

/** A spike of one group, from its opening until an hour after it closed. */
interface Run {
  sinceMs: number;
  untilMs: number;
  openedMs: number;
  closedMs: number | null;
  closedBy: 'recovered' | 'silence' | null;
  /** Share when it opened; recovery is measured against it. */
  share: number;
  calls: number;
  failures: number;
  /** Counted since the last failing minute; joins the totals when failures go on. */
  tailCalls: number;
  tailFailures: number;
  recovery: number;
  calmMinutes: number;
  /** Calm minutes that close it; doubles when it comes back within the hour. */
  calmNeeded: number;
}

interface GroupState {
  /** Learned: decayed failures and calls, and how far failures arrive in clumps (1 = independently). */
  failures: number;
  calls: number;
  clumpSquares: number;
  clumpExpected: number;
  block: { minutes: number; failures: number; expected: number };
  /** Evidence in nats against the soft and the hard alternative, with what it rests on. */
  soft: number;
  hard: number;
  sinceMs: number | null;
  lastBadMs: number;
  sinceCalls: number;
  sinceFailures: number;
  /** Sum of failing shares and number of the minutes above normal: what a blip cannot have. */
  badMinutes: number;
  elevatedMinutes: number;
  /** Minutes before this one belong to a spike that is closed. */
  fromMs: number;
  run: Run | null;
}

/** Everything kept about one series; JSON. */
export interface SeriesState {
  readonly v: 1;
  readonly settledMs: number;
  readonly lastCallMs: number | null;
  readonly groups: Readonly<Record<FailureGroup, GroupState>>;
}

/** Minutes the caller reads for each evaluation: `[atMs - HISTORY_MS, atMs)`. */
export const HISTORY_MS = 10 * MINUTE_MS;
const SETTLE_MS = 5 * MINUTE_MS;
/** What comes back within this time after it was over is the same incident. */
export const REOPEN_MS = 60 * MINUTE_MS;
/** After this long without a call an incident is closed: nobody is hit, and nothing shows that it is over. */
export const SILENCE_MS = 60 * MINUTE_MS;
const HALF_LIFE_MINUTES = 24 * 60;
const OPEN_NATS = 16;
/** No minute decides alone: what one overwhelming minute can say is `unconfirmed`. */
const NATS_PER_MINUTE = { least: -2, most: 6 };
const LEARN_BELOW_NATS = 8;
/** More calls than this in a minute are not more evidence: they share one cause of noise. */
const CALLS_CAP = 100;
const PRIOR = { share: 0.01, calls: 100, clump: 2, clumpExpected: 3 };

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
const weight = (calls: number) => Math.min(1, CALLS_CAP / calls);
const normalOf = (g: GroupState) => clamp(g.failures / g.calls, 0.0005, 0.2);
const clumpOf = (g: GroupState) => clamp(g.clumpSquares / g.clumpExpected, 1, 6);
const failuresOf = (b: Bucket, group: FailureGroup) => (group === 'e5xx' ? b.e5xx + b.timeout : b[group]);
const isOpen = (run: Run | null): run is Run => run !== null && run.closedMs === null;

const freshGroup = (): GroupState => ({
  failures: PRIOR.share * PRIOR.calls,
  calls: PRIOR.calls,
  clumpSquares: PRIOR.clump * PRIOR.clumpExpected,
  clumpExpected: PRIOR.clumpExpected,
  block: { minutes: 0, failures: 0, expected: 0 },
  ...NO_EVIDENCE,
  lastBadMs: 0,
  fromMs: 0,
  run: null,
});
const NO_EVIDENCE = {
  soft: 0,
  hard: 0,
  sinceMs: null,
  sinceCalls: 0,
  sinceFailures: 0,
  badMinutes: 0,
  elevatedMinutes: 0,
} as const;

const copy = (g: GroupState): GroupState => ({
  ...g,
  block: { ...g.block },
  run: g.run === null ? null : { ...g.run },
});
const start = (state: SeriesState | null, group: FailureGroup) =>
  state === null ? freshGroup() : copy(state.groups[group]);

/** Nats that `x` failures of `n` calls speak for share `p1` rather than `p0`. */
const nats = (n: number, x: number, p1: number, p0: number) =>
  weight(n) * (x * Math.log(p1 / p0) + (n - x) * Math.log((1 - p1) / (1 - p0)));

/** Adds one minute with calls to the evidence, and to the open spike if there is one. */
function step(g: GroupState, tMs: number, n: number, x: number, minShare: number): void {
  const p0 = normalOf(g);
  const gain = (p1: number) =>
    clamp(nats(n, x, Math.min(0.97, p1), p0) / clumpOf(g), NATS_PER_MINUTE.least, NATS_PER_MINUTE.most);
  g.soft = Math.max(0, g.soft + gain(Math.max(1.4 * minShare, 3 * p0)));
  g.hard = Math.max(0, g.hard + gain(Math.max(6 * minShare, 10 * p0)));
  const bad = x >= 1 && x / n >= Math.max(minShare / 2, 2.5 * p0);
  if (isOpen(g.run) && tMs >= g.run.sinceMs) follow(g.run, tMs, n, x, bad, p0);
  if (g.soft === 0 && g.hard === 0) {
    Object.assign(g, NO_EVIDENCE);
    return;
  }
  g.sinceMs ??= tMs;
  g.sinceCalls += n;
  g.sinceFailures += x;
  if (!bad) return;
  if (tMs - g.lastBadMs > 15 * MINUTE_MS) Object.assign(g, { badMinutes: 0, elevatedMinutes: 0 });
  g.elevatedMinutes += 1;
  g.badMinutes += Math.max(0, (x - n * p0) / (n + 0.5));
  g.lastBadMs = tMs;
}

/** Totals and recovery of an open spike. Without calls nothing recovers: silence is not calm. */
function follow(run: Run, tMs: number, n: number, x: number, bad: boolean, p0: number): void {
  run.tailCalls += n;
  run.tailFailures += x;
  if (bad) {
    run.calls += run.tailCalls;
    run.failures += run.tailFailures;
    run.untilMs = tMs + MINUTE_MS;
    Object.assign(run, { tailCalls: 0, tailFailures: 0 });
  }
  if (tMs < run.openedMs) return;
  const still = Math.max(2.5 * p0 + 0.0125, 0.4 * run.share);
  const well = nats(n, x, clamp(p0, 0.005, 0.1), still);
  run.recovery = Math.max(0, run.recovery + Math.min(1, well));
  run.calmMinutes = x / n >= still && well < -1 ? 0 : run.calmMinutes + 1;
}

/** Learns from a settled minute what is normal; what is suspicious teaches little, an open spike nothing. */
function learn(g: GroupState, n: number, x: number): void {
  if (isOpen(g.run) || Math.max(g.soft, g.hard) >= LEARN_BELOW_NATS) return;
  const p0 = normalOf(g);
  const keep = 2 ** (-1 / HALF_LIFE_MINUTES);
  const seen = Math.min(x, Math.max(3 * p0, 0.01) * n + 2);
  g.block.minutes += 1;
  g.block.failures += weight(n) * x;
  g.block.expected += weight(n) * n * p0;
  g.failures = g.failures * keep + seen + (1 - keep) * PRIOR.share * PRIOR.calls;
  g.calls = g.calls * keep + n + (1 - keep) * PRIOR.calls;
  if (g.block.minutes < 10) return;
  const { failures, expected } = g.block;
  const keepBlock = keep ** 10;
  const square = Math.min((failures - expected) ** 2, Math.max(40, 25 * expected));
  g.clumpSquares = g.clumpSquares * keepBlock + square + (1 - keepBlock) * PRIOR.clump * PRIOR.clumpExpected;
  g.clumpExpected = g.clumpExpected * keepBlock + expected + (1 - keepBlock) * PRIOR.clumpExpected;
  g.block = { minutes: 0, failures: 0, expected: 0 };
}

/** Why a group without an open spike is (not) one now; in the order the questions are asked. */
function judge(g: GroupState, group: FailureGroup, atMs: number, settings: DetectSettings): string {
  const { minShare, minFailures } = settings;
  const p0 = normalOf(g);
  const share = g.sinceFailures / g.sinceCalls;
  if (g.sinceMs === null) return 'normal';
  if (atMs - MINUTE_MS - g.lastBadMs > SETTLE_MS) return 'fading';
  if (g.sinceFailures < minFailures) return 'few-failures';
  if (share < Math.max(p0 + minShare / 2, 2.5 * p0)) return 'share-below-floor';
  const strongest = Math.max(g.soft, g.hard);
  if (strongest < NATS_PER_MINUTE.most) return 'little-evidence';
  // One client with a dead key, forgotten somewhere: it never worked, and it is no more than a call a minute.
  const worked = g.calls - g.failures - PRIOR.calls * (1 - PRIOR.share) >= 2 * minFailures;
  if (group === 'auth' && !worked && g.sinceFailures * MINUTE_MS <= atMs - g.sinceMs) return 'drip';
  // A blip of less than a minute can never satisfy this, not even across two buckets.
  const lasted = g.badMinutes >= 1.15 || g.elevatedMinutes >= 4 || (g.elevatedMinutes >= 3 && share >= 3 * minShare);
  return lasted && strongest >= OPEN_NATS ? 'share-above-normal' : 'unconfirmed';
}

type DetectSettings = Pick<Settings, 'minShare' | 'minFailures'>;

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
  const byMinute = [...buckets].filter((b) => b.calls > 0).sort((a, b) => a.windowMs - b.windowMs);
  const oldestMs = Math.max(atMs - HISTORY_MS, (state?.settledMs ?? Number.NEGATIVE_INFINITY) + MINUTE_MS);
  const unsettled = byMinute.filter((b) => b.windowMs >= oldestMs && b.windowMs < atMs);
  const settling = unsettled.filter((b) => b.windowMs <= atMs - SETTLE_MS);
  const replayed = unsettled.slice(settling.length);
  const lastCallMs = byMinute.at(-1)?.windowMs ?? state?.lastCallMs ?? null;
  const groups = { e429: start(state, 'e429'), e5xx: start(state, 'e5xx'), auth: start(state, 'auth') };
  const verdicts = GROUPS.map((group): Verdict => {
    const g = groups[group];
    for (const b of settling) {
      if (b.windowMs < g.fromMs) continue;
      step(g, b.windowMs, b.calls, failuresOf(b, group), settings.minShare);
      learn(g, b.calls, failuresOf(b, group));
    }
    const now = copy(g);
    for (const b of replayed)
      if (b.windowMs >= g.fromMs) step(now, b.windowMs, b.calls, failuresOf(b, group), settings.minShare);
    const silentMs = lastCallMs === null ? 0 : atMs - MINUTE_MS - lastCallMs;
    const reason = isOpen(now.run) ? keepOrClose(g, now, atMs, silentMs) : openOrNot(g, now, group, { atMs, settings });
    return verdictOf(now, { scope, group, atMs, reason, hasCalls: byMinute.length > 0 });
  });
  return {
    state: { v: 1, settledMs: Math.max(state?.settledMs ?? 0, atMs - SETTLE_MS), lastCallMs, groups },
    verdicts,
  };
}

/** `g` is what stays (settled), `now` the copy with the newest minutes. */
function keepOrClose(g: GroupState, now: GroupState, atMs: number, silentMs: number): string {
  if (!isOpen(now.run) || !isOpen(g.run)) return 'normal';
  const { recovery, calmMinutes, calmNeeded } = now.run;
  const closedBy = silentMs >= SILENCE_MS ? 'silence' : recovery >= 5 && calmMinutes >= calmNeeded ? 'recovered' : null;
  if (closedBy === null) return 'share-above-normal';
  now.run = { ...now.run, closedMs: atMs, closedBy };
  Object.assign(g, NO_EVIDENCE, { fromMs: atMs, run: now.run });
  return closedBy;
}

function openOrNot(
  g: GroupState,
  now: GroupState,
  group: FailureGroup,
  options: { readonly atMs: number; readonly settings: DetectSettings },
): string {
  const { atMs } = options;
  const last = now.run;
  const recent = last?.closedMs != null && atMs - last.closedMs < REOPEN_MS ? last : null;
  const reason = judge(now, group, atMs, options.settings);
  if (reason !== 'share-above-normal' || now.sinceMs === null) return recent?.closedBy ?? reason;
  const opened: Run = {
    sinceMs: now.sinceMs,
    untilMs: now.lastBadMs + MINUTE_MS,
    openedMs: atMs,
    closedMs: null,
    closedBy: null,
    share: now.sinceFailures / now.sinceCalls,
    calls: now.sinceCalls,
    failures: now.sinceFailures,
    tailCalls: 0,
    tailFailures: 0,
    recovery: 0,
    calmMinutes: 0,
    calmNeeded: recent === null ? 5 : Math.min(40, recent.calmNeeded * 2),
  };
  now.run = opened;
  // The settled part of the totals; the replay adds the rest at the next evaluation.
  const same = g.sinceMs === now.sinceMs;
  g.run = { ...opened, calls: same ? g.sinceCalls : 0, failures: same ? g.sinceFailures : 0 };
  return reason;
}

interface Judged {
  readonly scope: Scope;
  readonly group: FailureGroup;
  readonly atMs: number;
  readonly reason: string;
  readonly hasCalls: boolean;
}

function verdictOf(now: GroupState, { scope, group, atMs, reason, hasCalls }: Judged): Verdict {
  const { run } = now;
  const normalShare = normalOf(now);
  const isClosed = reason === 'recovered' || reason === 'silence';
  if (run !== null && (isClosed || isOpen(run))) {
    const { sinceMs, untilMs, calls, failures } = run;
    const state = isClosed ? 'calm' : hasCalls ? 'spike' : 'no-data';
    const why = state === 'no-data' ? 'no-traffic' : reason;
    return { scope, group, state, reason: why, atMs, sinceMs, untilMs, calls, failures, normalShare };
  }
  const { sinceMs, sinceCalls: calls, sinceFailures: failures } = now;
  const untilMs = sinceMs === null ? null : now.lastBadMs + MINUTE_MS;
  const state = hasCalls ? 'quiet' : 'no-data';
  const why = hasCalls ? reason : 'no-traffic';
  return { scope, group, state, reason: why, atMs, sinceMs, untilMs, calls, failures, normalShare };
}

const FAILED_WITH: Record<FailureGroup, string> = { e429: '429', e5xx: '5xx or no answer', auth: '401 or 403' };

/** 0.4 %, 37 %, over 99 %: never rounded to "none" or "all". */
export function percent(share: number): string {
  if (share <= 0) return '0 %';
  if (share < 0.001) return 'under 0.1 %';
  if (share < 0.0995) return `${Number((100 * share).toFixed(1))} %`;
  return share > 0.99 && share < 1 ? 'over 99 %' : `${Math.round(100 * share)} %`;
}

export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `14:02 UTC`, with the date in front when it is another day than `otherMs`. */
export function clock(ms: number, otherMs: number = ms): string {
  const time = new Date(ms).toISOString();
  const isSameDay = time.slice(0, 10) === new Date(otherMs).toISOString().slice(0, 10);
  return `${isSameDay ? '' : `${time.slice(0, 10)} `}${time.slice(11, 16)} UTC`;
}

/** The evidence in one sentence that a person can check. `failedWith`: the status, if the group has one in common. */
export function sentence(
  evidence: Pick<Verdict, 'group' | 'sinceMs' | 'calls' | 'failures' | 'normalShare'> & { readonly atMs?: number },
  failedWith: string = FAILED_WITH[evidence.group],
): string {
  const { sinceMs, calls, failures, normalShare, atMs } = evidence;
  const since = sinceMs === null ? '' : `Since ${clock(sinceMs, atMs)}, `;
  const share = calls === 0 ? '' : ` (${percent(failures / calls)})`;
  return `${since}${count(failures)} of ${count(calls)} calls${share} failed with ${failedWith}; normal is ${percent(normalShare)}.`;
}
