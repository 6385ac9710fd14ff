/**
 * Verdicts -> alerts (grouping, inhibition, hysteresis) -> notifications with a reason. Pure.
 *
 * One incident shows in many series at once: a key, its project, its model, everything. The alert is named by the one
 * scope that best separates the calls that fail from those that do not (the likeliest two-rate split of all calls), if it
 * holds 80 % of the excess; of scopes that separate equally well, by the one that tells the person on call most. The rest
 * is its blast radius. What the alert explains is taken away and the question asked again, so unrelated incidents part.
 */
import { createHash } from 'node:crypto';
import {
  ALL,
  type FailureGroup,
  GROUPS,
  groupOf,
  HISTORY_MS,
  type Scope,
  scopeKey,
  scopesOf,
  type Verdict,
} from './detect.ts';
import { combine } from './fold.ts';
import type { Settings } from './settings.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from './window.ts';

export interface CauseShare {
  readonly cause: string;
  readonly status: number | null;
  readonly failures: number;
}

/** Another scope that is hit by the same incident, with its share of the incident's failures (0–1). */
export interface Hit {
  readonly scope: Scope;
  readonly failures: number;
  readonly share: number;
}

export interface Alert {
  /** Function of group, scope and start: the same incident always has the same id, also when it widens or comes back. */
  readonly id: string;
  readonly group: FailureGroup;
  readonly scope: Scope;
  readonly state: 'pending' | 'firing' | 'resolved';
  /** Why it is in this state. */
  readonly reason: string;
  readonly sinceMs: number;
  readonly firedMs: number | null;
  readonly resolvedMs: number | null;
  /** Last minute it was evaluated at; evaluating that minute again changes nothing. */
  readonly evaluatedMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly normalShare: number;
  /** Leading cause first; of the minutes evaluated last in which it was failing. */
  readonly causes: readonly CauseShare[];
  readonly blastRadius: readonly Hit[];
  readonly lastNotifiedMs: number | null;
  /** End of the last failing minute. */
  readonly untilMs?: number;
  /** Failures a minute when last notified: ten times as many escalate. */
  readonly notifiedRate?: number;
  /** Notifications decided and not yet known to be sent. */
  readonly outbox: readonly Notification[];
}

export type NotificationReason = 'first' | 'escalated' | 'repeat' | 'resolved' | 'delayed';

/** The decision to tell; rendered by `message.ts`. Carries a snapshot of the alert, without its outbox. */
export interface Notification {
  /** Function of the alert id, the reason and the minute. */
  readonly id: string;
  readonly reason: NotificationReason;
  readonly atMs: number;
  readonly alert: Omit<Alert, 'outbox'>;
}

export interface Evaluation {
  /** All verdicts of this minute: every scope, every group. */
  readonly verdicts: readonly Verdict[];
  /** All alerts that are not resolved, and those resolved within the last hour. */
  readonly alerts: readonly Alert[];
  /** Minute roll-ups of `[atMs - HISTORY_MS, atMs)`. */
  readonly rollUps: readonly RollUp[];
  readonly atMs: number;
  readonly settings: Pick<Settings, 'minFailures' | 'repeatIntervalMs'>;
  /** When it is really evaluated; later than `atMs` when missed minutes are caught up. */
  readonly nowMs?: number;
}

/** From the most telling scope to the least: who has to act on this kind of failure. */
const TELLING: Record<FailureGroup, readonly Scope['by'][]> = {
  e429: ['key', 'project', 'tenant', 'model', 'provider', 'logGroup', 'all'],
  e5xx: ['provider', 'model', 'logGroup', 'project', 'tenant', 'key', 'all'],
  auth: ['key', 'logGroup', 'project', 'tenant', 'model', 'provider', 'all'],
};
/** A key known by its hash only tells nobody whose it is: the log group that uses it does. */
const isHashed = ({ by, value }: Scope): boolean => by === 'key' && value.startsWith('key:');
const rankOf = (scope: Scope, group: FailureGroup): number => {
  const rank = TELLING[group].indexOf(scope.by);
  return isHashed(scope) ? Math.max(rank, TELLING[group].indexOf('logGroup')) + 0.5 : rank;
};
const EXPLAINS = 0.8;
const REOPEN_MS = 60 * MINUTE_MS;
const SILENCE_MS = 60 * MINUTE_MS;
const DELAYED_MS = 5 * MINUTE_MS;
/** SNS disables an e-mail subscription above 10 messages a second: more incidents than this at once are one. */
const MAX_NEW_ALERTS = 5;
const MAX_HITS = 30;

interface Tally {
  calls: number;
  failures: number;
}
const NOTHING: Tally = { calls: 0, failures: 0 };
const isIn = (cell: CountedCell, { by, value }: Scope) => by === 'all' || cell[by] === value;
const fails = (cell: CountedCell, group: FailureGroup) => cell.kind === 'failure' && groupOf(cell) === group;
const sameScope = (a: Scope, b: Scope) => a.by === b.by && a.value === b.value;
const isTrigger = (v: Verdict) => v.state === 'spike' || v.reason === 'unconfirmed';

function tally(cells: readonly CountedCell[], group: FailureGroup): (scope: Scope) => Tally {
  const sums = new Map<string, Tally>();
  for (const cell of cells)
    for (const scope of scopesOf(cell)) {
      const sum = sums.get(scopeKey(scope)) ?? { calls: 0, failures: 0 };
      sum.calls += cell.calls;
      if (fails(cell, group)) sum.failures += cell.calls;
      sums.set(scopeKey(scope), sum);
    }
  return (scope) => sums.get(scopeKey(scope)) ?? NOTHING;
}

const minus = (a: Tally, b: Tally): Tally => ({ calls: a.calls - b.calls, failures: a.failures - b.failures });

/** Log-likelihood of two failure rates, one inside and one outside. */
function likelihood(inside: Tally, outside: Tally): number {
  const part = (x: number, n: number) => (x > 0 ? x * Math.log(x / n) : 0);
  const side = ({ calls, failures }: Tally) => part(failures, calls) + part(calls - failures, calls);
  return side(inside) + side(outside);
}

interface Question {
  readonly group: FailureGroup;
  /** What is still unexplained: cells, the verdicts that ask for an alert, and all that could name it. */
  readonly cells: readonly CountedCell[];
  readonly triggers: readonly Verdict[];
  readonly candidates: readonly Verdict[];
}

/** A failure that does not say, of the cause that leads in the scope: the same incident, told by a log that names less. */
function isOfUnnamed(q: Question, cell: CountedCell, scope: Scope): boolean {
  if (scope.by === 'all' || cell[scope.by] !== null || !fails(cell, q.group)) return false;
  const [lead] = causesOf(q.cells.filter((other) => fails(other, q.group) && isIn(other, scope)));
  return lead !== undefined && cell.cause === lead.cause;
}

const without = (q: Question, scope: Scope): Question => {
  const cells = q.cells.filter((cell) => !isIn(cell, scope) && !isOfUnnamed(q, cell, scope));
  const before = tally(q.cells, q.group);
  const after = tally(cells, q.group);
  const left = (v: Verdict) =>
    !sameScope(v.scope, scope) && after(v.scope).failures >= Math.max(1, 0.5 * before(v.scope).failures);
  return { ...q, cells, triggers: q.triggers.filter(left) };
};

/** The verdict whose scope names the widest unexplained spike, or null when nothing is left to explain. */
function explain(q: Question, splits = 2): Verdict | null {
  const sums = tally(q.cells, q.group);
  const rank = (v: Verdict) => rankOf(v.scope, q.group);
  const widest = [...q.triggers].sort(
    (a, b) => sums(b.scope).failures - sums(a.scope).failures || rank(b) - rank(a),
  )[0];
  if (widest === undefined) return null;
  const { calls, failures } = sums(widest.scope);
  const held = tally(
    q.cells.filter((cell) => isIn(cell, widest.scope)),
    q.group,
  );
  const everything = sums(ALL);
  const scored = q.candidates
    .map((verdict) => {
      const inside = sums(verdict.scope);
      const outside = minus(everything, inside);
      const apart = outside.failures * inside.calls <= 0.5 * inside.failures * outside.calls;
      // A line that names no provider speaks neither for nor against one: judged by the failures that do, if those are many.
      const named = namedFailures(q, widest.scope, verdict.scope.by);
      const excess = named - widest.normalShare * calls * (named / failures);
      const most = named >= 0.5 * failures && held(verdict.scope).failures >= EXPLAINS * excess;
      return { verdict, fit: likelihood(inside, outside), apart, explains: apart && most };
    })
    .sort((a, b) => b.fit - a.fit || rank(a.verdict) - rank(b.verdict));
  const ignorance = likelihood(everything, NOTHING);
  const likeliest = (list: typeof scored) => {
    const best = list[0]?.fit ?? 0;
    const top = list[0]?.verdict.scope;
    const equal = list.filter(
      (s) =>
        s.fit >= best - Math.max(3, 0.02 * (best - ignorance)) ||
        (top && isHashed(top) && isSameSet(q, s.verdict.scope, top)),
    );
    return equal.map((s) => s.verdict).sort((a, b) => rank(a) - rank(b))[0];
  };
  const one = likeliest(scored.filter((s) => s.explains)) ?? widest;
  if (splits === 0) return one;
  // Perhaps it is two incidents that have nothing in common, and two scopes tell far more than one.
  const first = likeliest(scored.filter((s) => s.apart && isTrigger(s.verdict)));
  const rest = first && without(q, first.scope);
  const second = rest && explain(rest, splits - 1);
  if (!first || !second || !areUnrelated(q, first.scope, second.scope)) return one;
  const [a, b] = [sums(first.scope), tally(rest.cells, q.group)(second.scope)];
  const outside = minus(minus(everything, a), b);
  const byTwo = likelihood(a, b) + likelihood(outside, NOTHING);
  const byOne = likelihood(sums(one.scope), minus(everything, sums(one.scope)));
  return byTwo - byOne > Math.max(6, 0.05 * (byTwo - ignorance)) ? first : one;
}

/** Two names for the same failures: of each, nearly all are the other's. Which calls they share is not asked, for successes rarely name a key. */
function isSameSet({ cells, group }: Question, a: Scope, b: Scope): boolean {
  const failed = cells.filter((cell) => fails(cell, group));
  const both = tally(
    failed.filter((cell) => isIn(cell, a)),
    group,
  )(b).failures;
  const sums = tally(failed, group);
  return both >= 0.95 * Math.max(sums(a).failures, sums(b).failures);
}

/** Failures within a scope whose logs say anything about a dimension. */
const namedFailures = ({ cells, group }: Question, within: Scope, by: Scope['by']): number =>
  cells
    .filter((cell) => fails(cell, group) && isIn(cell, within) && (by === 'all' || cell[by] !== null))
    .reduce((sum, cell) => sum + cell.calls, 0);

/** Different causes, or budgets and limits of different owners. Two models that fail alike are one incident. */
function areUnrelated(q: Question, a: Scope, b: Scope): boolean {
  const lead = (scope: Scope) =>
    causesOf(q.cells.filter((cell) => fails(cell, q.group) && isIn(cell, scope)))[0]?.cause;
  const hasOwner = ({ by }: Scope) => by === 'key' || by === 'project' || by === 'tenant';
  return lead(a) !== lead(b) || (hasOwner(a) && hasOwner(b));
}

function causesOf(failed: readonly CountedCell[]): CauseShare[] {
  const sums = new Map<string, CauseShare>();
  for (const { cause, status, calls } of failed) {
    const key = `${cause} ${status}`;
    sums.set(key, { cause: cause ?? 'unknown', status, failures: (sums.get(key)?.failures ?? 0) + calls });
  }
  return [...sums.values()].sort((a, b) => b.failures - a.failures || (a.cause < b.cause ? -1 : 1));
}

function hitsOf(failed: readonly CountedCell[], own: Scope, group: FailureGroup): Hit[] {
  const sums = tally(failed, group);
  const total = sums(ALL).failures;
  const scopes = new Map(failed.flatMap(scopesOf).map((scope) => [scopeKey(scope), scope]));
  return [...scopes.values()]
    .filter((scope) => scope.by !== 'all' && !sameScope(scope, own))
    .map((scope) => ({ scope, failures: sums(scope).failures, share: sums(scope).failures / total }))
    .filter((hit) => hit.share >= 0.01)
    .sort((a, b) => b.share - a.share || (scopeKey(a.scope) < scopeKey(b.scope) ? -1 : 1))
    .slice(0, MAX_HITS);
}

const hash = (...parts: readonly unknown[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);

/** Adds a notification. What was overtaken before it could be sent is not sent any more. */
function tell(alert: Alert, reason: NotificationReason, atMs: number, rate: number): Alert {
  const told: Alert = { ...alert, lastNotifiedMs: atMs, notifiedRate: rate };
  const { outbox, ...snapshot } = told;
  const kept = reason === 'resolved' ? [] : outbox.filter((n) => n.reason !== 'repeat');
  return { ...told, outbox: [...kept, { id: hash(alert.id, reason, atMs), reason, atMs, alert: snapshot }] };
}

/** What this minute says about an alert's scope, for its totals, causes, blast radius and rate. */
function figures(e: Evaluation, group: FailureGroup, scope: Scope) {
  const verdict = e.verdicts.find((v) => v.group === group && sameScope(v.scope, scope));
  const recent = e.rollUps.filter((r) => r.windowMs < e.atMs && r.windowMs >= e.atMs - HISTORY_MS);
  const failedSince = (fromMs: number) =>
    recent
      .filter((r) => r.windowMs >= fromMs)
      .flatMap((r) => r.cells)
      .filter((cell) => fails(cell, group) && isIn(cell, scope));
  const failed = failedSince(verdict?.sinceMs ?? 0);
  const last5 = failedSince(e.atMs - 5 * MINUTE_MS).reduce((sum, cell) => sum + cell.calls, 0);
  const totals =
    verdict?.sinceMs == null || verdict.untilMs === null || verdict.failures === 0
      ? {}
      : {
          sinceMs: verdict.sinceMs,
          untilMs: verdict.untilMs,
          calls: verdict.calls,
          failures: verdict.failures,
          normalShare: verdict.normalShare,
        };
  const mix = failed.length === 0 ? {} : { causes: causesOf(failed), blastRadius: hitsOf(failed, scope, group) };
  return { verdict, totals, mix, rate: last5 / 5 };
}

const sumOf = (causes: readonly CauseShare[]): number => causes.reduce((sum, { failures }) => sum + failures, 0);

/** One step of an alert that is not resolved. `triggers` are the verdicts it explains. */
function advance(alert: Alert, triggers: readonly Verdict[], scope: Scope, e: Evaluation): Alert {
  const { atMs, settings } = e;
  const widened = !sameScope(scope, alert.scope);
  const { verdict, totals, mix, rate } = figures(e, alert.group, scope);
  const base = { ...alert, scope, ...totals, evaluatedMs: atMs };
  if (triggers.length === 0) {
    if (alert.state === 'pending') return { ...base, state: 'resolved', reason: 'blip', resolvedMs: atMs };
    const silent = verdict === undefined || verdict.state === 'no-data';
    const since = atMs - (base.untilMs ?? base.sinceMs);
    if (silent && since < SILENCE_MS) return { ...base, reason: 'no-traffic' };
    const reason = verdict?.state === 'calm' ? verdict.reason : silent ? 'silence' : 'recovered';
    return tell({ ...base, state: 'resolved', reason, resolvedMs: atMs }, 'resolved', atMs, 0);
  }
  // The causes and the blast radius of its worst ten minutes: what fails while it fades out is not what it was.
  const isWorse = sumOf(mix.causes ?? []) >= sumOf(alert.causes);
  const lasting: Alert = isWorse || widened ? { ...base, ...mix } : base;
  const spike = triggers.find((v) => v.state === 'spike');
  if (alert.state === 'pending') return spike ? fire(lasting, spike.reason, rate, e) : lasting;
  const firing = alert.reason === 'no-traffic' ? { ...lasting, reason: spike?.reason ?? alert.reason } : lasting;
  if (widened) return tell({ ...firing, reason: 'wider' }, 'escalated', atMs, rate);
  if (rate >= 10 * Math.max(1, alert.notifiedRate ?? rate))
    return tell({ ...firing, reason: 'ten-times-as-many' }, 'escalated', atMs, rate);
  const due = atMs - (alert.lastNotifiedMs ?? atMs) >= settings.repeatIntervalMs;
  return due ? tell(firing, 'repeat', atMs, rate) : firing;
}

function fire(alert: Alert, reason: string, rate: number, { atMs, nowMs }: Evaluation): Alert {
  const isLate = (nowMs ?? atMs) - atMs > DELAYED_MS;
  const firing: Alert = { ...alert, state: 'firing', reason, firedMs: atMs, resolvedMs: null };
  return tell(firing, isLate ? 'delayed' : 'first', atMs, rate);
}

/** A new incident: an alert resolved within the hour comes back, or a new one begins. */
function open(named: Verdict, triggers: readonly Verdict[], e: Evaluation): Alert {
  const { group, scope } = named;
  const { totals, mix, rate } = figures(e, group, scope);
  const spike = triggers.find((v) => v.state === 'spike');
  const before = e.alerts.find(
    (a) =>
      a.group === group && sameScope(a.scope, scope) && a.firedMs !== null && e.atMs - (a.resolvedMs ?? 0) < REOPEN_MS,
  );
  const sinceMs = named.sinceMs ?? Math.min(...triggers.map((v) => v.sinceMs ?? e.atMs));
  const fresh: Alert = {
    id: hash(group, scope.by, scope.value, sinceMs),
    group,
    scope,
    state: 'pending',
    reason: 'unconfirmed',
    sinceMs,
    firedMs: null,
    resolvedMs: null,
    evaluatedMs: e.atMs,
    calls: named.calls,
    failures: named.failures,
    normalShare: named.normalShare,
    causes: [],
    blastRadius: [],
    lastNotifiedMs: null,
    outbox: [],
  };
  const begun: Alert = { ...(before ?? fresh), ...totals, ...mix, evaluatedMs: e.atMs };
  if (spike) return fire(begun, before ? 'reopened' : spike.reason, rate, e);
  return { ...begun, state: 'pending', reason: 'unconfirmed', resolvedMs: null, firedMs: null };
}

/**
 * The run of a wide scope can outlast the alert that named its incident: unless it began after the last alert was resolved,
 * it must still fail more than chance does to open another.
 */
function isLive(v: Verdict, { cells, group }: Question, resolvedMs: number): boolean {
  if ((v.sinceMs ?? v.atMs) >= resolvedMs) return true;
  const { calls, failures } = tally(cells, group)(v.scope);
  const expected = v.normalShare * calls;
  return failures - expected > 3 * Math.sqrt(2 * expected) + 3;
}

interface Incident {
  readonly named: Verdict;
  readonly triggers: readonly Verdict[];
}

/** Asks and takes away until every trigger is explained; a storm of incidents becomes one. */
function incidentsOf(question: Question): Incident[] {
  const incidents: Incident[] = [];
  const everything = question.candidates.find((v) => v.scope.by === 'all');
  let q = question;
  for (let named = explain(q); named !== null; named = explain(q)) {
    const { cells, triggers } = without(q, named.scope);
    const taken = q.triggers.filter((v) => !triggers.includes(v));
    incidents.push({ named, triggers: taken });
    q = { ...q, cells, triggers: taken.length === 0 ? [] : triggers };
    if (incidents.length > MAX_NEW_ALERTS && everything) return [{ named: everything, triggers: question.triggers }];
  }
  return incidents;
}

/**
 * Judges one minute: returns the alerts that changed, each with its new notifications in its outbox. Idempotent per
 * minute: an alert evaluated at `atMs` or later stays as it is.
 */
export function decide(e: Evaluation): { alerts: Alert[] } {
  const recent = e.rollUps.filter((r) => r.windowMs < e.atMs && r.windowMs >= e.atMs - HISTORY_MS);
  const { cells } = combine(recent, 'minute', e.atMs, Number.POSITIVE_INFINITY);
  return { alerts: GROUPS.flatMap((group) => decideGroup(group, cells, e)) };
}

function decideGroup(group: FailureGroup, cells: readonly CountedCell[], e: Evaluation): Alert[] {
  const ofGroup = e.verdicts.filter((v) => v.group === group);
  const triggers = ofGroup.filter(isTrigger);
  const known = e.alerts.filter((a) => a.group === group);
  const alive = known.filter((a) => a.state !== 'resolved').sort((a, b) => a.sinceMs - b.sinceMs);
  if (triggers.length + alive.length === 0 || known.some((a) => a.evaluatedMs > e.atMs)) return [];
  const candidates = ofGroup.filter((v) => isTrigger(v) || v.sinceMs !== null || v.scope.by === 'all');
  let question: Question = { group, cells, triggers, candidates };
  const held = new Map<string, { scope: Scope; triggers: readonly Verdict[] }>();
  for (const { id, scope, state } of alive) {
    if (state === 'pending') continue;
    const rest = without(question, scope);
    held.set(id, { scope, triggers: question.triggers.filter((v) => !rest.triggers.includes(v)) });
    question = rest;
  }
  const fresh: Incident[] = [];
  const resolvedMs = Math.max(0, ...known.map((a) => a.resolvedMs ?? 0));
  const live = question.triggers.filter((v) => isLive(v, question, resolvedMs));
  for (const incident of incidentsOf({ ...question, triggers: live })) {
    const around = alive.find((alert) => widensInto(alert, incident.named.scope, cells));
    const mine = around && (held.get(around.id)?.triggers ?? []);
    if (around && mine) held.set(around.id, { scope: incident.named.scope, triggers: [...mine, ...incident.triggers] });
    else fresh.push(incident);
  }
  const stepped = alive
    .filter((a) => a.evaluatedMs < e.atMs)
    .map((a) => {
      const { triggers = [], scope = a.scope } = held.get(a.id) ?? {};
      return advance(a, triggers, scope, e);
    });
  // What was opened in this very minute is among the alerts, so that asking again opens nothing.
  const isAgain = known.some((a) => a.evaluatedMs === e.atMs);
  return [...stepped, ...(isAgain ? [] : fresh.map(({ named, triggers }) => open(named, triggers, e)))];
}

/** A wider scope around an alert names it anew: it is no second alert. A pending one may become narrower as well. */
function widensInto({ group, scope, state }: Alert, named: Scope, cells: readonly CountedCell[]): boolean {
  const own = tally(cells, group)(scope).failures;
  const shared = tally(
    cells.filter((cell) => isIn(cell, named)),
    group,
  )(scope).failures;
  const least = state === 'pending' ? Math.min(own, tally(cells, group)(named).failures) : own;
  return shared > 0 && shared >= 0.5 * least;
}
