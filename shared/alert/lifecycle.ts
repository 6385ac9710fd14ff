/**
 * pending -> firing -> resolved, one step a minute, and whether the step is told. Every state has a reason by name. An alert
 * that is silenced lives as any other and tells nothing; what still fires when the silence is over is told then.
 */
import { REOPEN_MS, type Scope, SILENCE_MS, type Verdict } from '../detect.ts';
import { MINUTE_MS } from '../window.ts';
import { type Evaluation, type Figures, figures, sumOf } from './figures.ts';
import { type Alert, idOf, type NotificationReason } from './state.ts';
import { sameScope } from './tally.ts';

/** What is caught up later than this is told as late. */
const DELAYED_MS = 5 * MINUTE_MS;
/** So many times the failures a minute of when it was last told are news. */
const ESCALATES = 10;

/** What this minute says about an alert that is not resolved. */
export interface Step {
  /** The verdicts it explains; none: it is fading. */
  readonly triggers: readonly Verdict[];
  /** What names it now. */
  readonly scope: Scope;
  /** Only a part of what it was named by still fails. */
  readonly isNarrower?: boolean;
}

/** One step of an alert that is not resolved. */
export function advance(alert: Alert, step: Step, e: Evaluation): Alert {
  const { triggers, scope } = step;
  const now = figures(e, alert.group, scope);
  const base: Alert = { ...alert, scope, ...totalsOf(alert, scope, now), evaluatedMs: e.atMs };
  if (triggers.length === 0) return fade(base, now, e);
  // The causes and the blast radius of its worst ten minutes: what fails while it fades out is not what it was.
  const isWorse = sumOf(now.mix?.causes ?? []) >= sumOf(alert.causes);
  const isMoved = !sameScope(scope, alert.scope);
  const isWider = isMoved && !step.isNarrower;
  const lasting: Alert = isWorse || isWider ? { ...base, ...now.mix } : base;
  const spike = triggers.find((v) => v.state === 'spike');
  if (alert.state === 'pending') return spike ? fire(lasting, spike.reason, now.rate, e) : lasting;
  const firing = alert.reason === 'no-traffic' ? { ...lasting, reason: spike?.reason ?? alert.reason } : lasting;
  if (isMoved) return move(firing, alert, step, now.rate, e);
  const rate = now.rate >= ESCALATES * Math.max(1, alert.notifiedRate ?? now.rate);
  if (rate) return settle({ ...firing, reason: 'ten-times-as-many' }, 'escalated', now.rate, e);
  const isDue = e.atMs - (alert.lastNotifiedMs ?? e.atMs) >= e.settings.repeatIntervalMs;
  return settle(firing, isDue ? 'repeat' : null, now.rate, e);
}

/** Totals of this minute; what is left of a wider incident keeps the beginning and the size of that. */
function totalsOf(alert: Alert, scope: Scope, { totals }: Figures): Partial<Alert> {
  if (totals === null || alert.state === 'pending') return totals ?? {};
  if (sameScope(scope, alert.scope) && !alert.widest) return totals;
  const { sinceMs, untilMs, ...sizes } = totals;
  return {
    ...(totals.failures < alert.failures ? {} : sizes),
    sinceMs: Math.min(sinceMs, alert.sinceMs),
    untilMs: Math.max(untilMs, alert.untilMs ?? untilMs),
  };
}

/** Nothing fails far above normal any more: it was a blip, nobody calls, or it is over. */
function fade(alert: Alert, own: Figures, e: Evaluation): Alert {
  // Where a part of it was left and nobody calls that any more, the whole says whether it is over.
  const isLeft = own.verdict === undefined || own.verdict.state === 'no-data';
  const { verdict } = alert.widest && isLeft ? figures(e, alert.group, alert.widest) : own;
  const over = (reason: string): Alert => ({ ...alert, state: 'resolved', reason, resolvedMs: e.atMs });
  if (alert.state === 'pending') return over('blip');
  const isSilent = verdict === undefined || verdict.state === 'no-data';
  const heardMs = Math.max(alert.untilMs ?? alert.sinceMs, alert.lateMs ?? 0);
  if (isSilent && e.atMs - heardMs < SILENCE_MS) return settle({ ...alert, reason: 'no-traffic' }, null, 0, e);
  const reason = verdict?.state === 'calm' ? verdict.reason : isSilent ? 'silence' : 'recovered';
  // Its end is told by the name under which its beginning was.
  return settle({ ...over(reason), scope: alert.widest ?? alert.scope, widest: null }, 'resolved', 0, e);
}

/** A wider scope is news; what has become narrower is getting better and is not, nor that it is as wide as before. */
function move(alert: Alert, before: Alert, { scope, isNarrower = false }: Step, rate: number, e: Evaluation): Alert {
  const reach = before.widest ?? before.scope;
  if (isNarrower) return settle({ ...alert, reason: 'narrower', widest: reach }, null, rate, e);
  const isNews = !sameScope(reach, scope);
  return settle({ ...alert, reason: 'wider', widest: null }, isNews ? 'escalated' : null, rate, e);
}

function fire(alert: Alert, reason: string, rate: number, e: Evaluation): Alert {
  const isLate = (e.nowMs ?? e.atMs) - e.atMs > DELAYED_MS;
  const firing: Alert = { ...alert, state: 'firing', reason, firedMs: e.atMs, resolvedMs: null };
  return settle(firing, isLate ? 'delayed' : 'first', rate, e);
}

/** A new incident: an alert resolved within the hour comes back, or a new one begins. */
export function open(named: Verdict, triggers: readonly Verdict[], e: Evaluation): Alert {
  const { group, scope } = named;
  const { totals, mix, rate } = figures(e, group, scope);
  const spike = triggers.find((v) => v.state === 'spike');
  const before = e.alerts.find((alert) => isBack(alert, named, e.atMs));
  const sinceMs = named.sinceMs ?? Math.min(...triggers.map((v) => v.sinceMs ?? e.atMs));
  const fresh: Alert = {
    id: idOf(group, scope.by, scope.value, sinceMs),
    ...{ group, scope, sinceMs, evaluatedMs: e.atMs },
    ...{ state: 'pending', reason: 'unconfirmed', firedMs: null, resolvedMs: null },
    ...{ calls: named.calls, failures: named.failures, normalShare: named.normalShare },
    ...{ causes: [], blastRadius: [], lastNotifiedMs: null, outbox: [] },
  };
  const begun: Alert = { ...(before ?? fresh), ...totals, ...mix, evaluatedMs: e.atMs };
  const isToldBefore = before !== undefined && before.lastNotifiedMs !== null;
  if (spike) return fire(begun, isToldBefore ? 'reopened' : spike.reason, rate, e);
  return { ...begun, state: 'pending', reason: 'unconfirmed', resolvedMs: null, firedMs: null };
}

const isBack = ({ group, scope, firedMs, resolvedMs }: Alert, named: Verdict, atMs: number): boolean =>
  group === named.group && sameScope(scope, named.scope) && firedMs !== null && atMs - (resolvedMs ?? 0) < REOPEN_MS;

/** Where a step is told or not. The end is told of what was told, and a beginning that a silence kept back when it is over. */
function settle(alert: Alert, news: NotificationReason | null, rate: number, e: Evaluation): Alert {
  const silencedBy = e.silencedBy?.(alert) ?? null;
  if (silencedBy !== null) return silenced(alert, silencedBy);
  const { silencedBy: before, ...plain } = alert;
  const isTold = alert.lastNotifiedMs !== null;
  if (alert.state === 'resolved') return isTold ? tell(plain, 'resolved', rate, e.atMs) : plain;
  if (before) return tell({ ...plain, reason: 'silence-over' }, isTold ? 'repeat' : 'first', rate, e.atMs);
  return news === null ? plain : tell(plain, news, rate, e.atMs);
}

/** What was decided and not sent yet is not sent any more; a beginning that nobody was told of is still to be told. */
function silenced(alert: Alert, silencedBy: string): Alert {
  const isUntold = alert.outbox.some(({ reason }) => reason === 'first' || reason === 'delayed');
  return { ...alert, silencedBy, outbox: [], lastNotifiedMs: isUntold ? null : alert.lastNotifiedMs };
}

/**
 * Adds a notification. One that was overtaken before it could be sent is not sent any more: at most one waits, with the
 * newest figures, and a beginning that nobody was told of stays one until it is over.
 */
function tell(alert: Alert, news: NotificationReason, rate: number, atMs: number): Alert {
  const waiting = alert.outbox.find(({ reason }) => reason !== 'resolved' && reason !== 'repeat')?.reason;
  const reason = news === 'resolved' || news === 'first' || news === 'delayed' ? news : (waiting ?? news);
  // A lull at the time of a repeat is not what later minutes are measured by.
  const notifiedRate = news === 'repeat' ? Math.max(rate, alert.notifiedRate ?? 0) : rate;
  const told: Alert = { ...alert, lastNotifiedMs: atMs, notifiedRate };
  const { outbox: _, ...snapshot } = told;
  return { ...told, outbox: [{ id: idOf(alert.id, reason, atMs), reason, atMs, alert: snapshot }] };
}
