/**
 * What becomes of alerts once late data are judged. What overlaps an alert that was told is that alert: its figures are put
 * right and nothing is told. What is new is told once, as `delayed`, or as resolved where it is over already. Pure.
 */
import { sumOf } from '../alert/figures.ts';
import { idOf } from '../alert/state.ts';
import { sameScope, tally } from '../alert/tally.ts';
import type { Alert, NotificationReason } from '../alert.ts';
import { REOPEN_MS, type Scope, scopeKey } from '../detect.ts';
import type { CountedCell } from '../window.ts';
import { type Asked, type Found, isUnheard } from './again.ts';

/** The alerts that change. */
export function settleLate(asked: Asked, found: Found): Alert[] {
  const told = new Map(asked.alerts.map((alert) => [alert.id, alert]));
  const changed = new Map<string, Alert>();
  const as = (id: string): Alert | undefined => changed.get(id) ?? told.get(id);
  const isOfLate = ({ sinceMs, untilMs = asked.toMs }: Alert): boolean =>
    asked.note.windows.some((windowMs) => windowMs >= sinceMs && windowMs < untilMs);
  for (const alert of asked.alerts) {
    const seen = found.known.get(alert.id) ?? alert;
    if (grew(seen, asked) && isOfLate(seen)) changed.set(alert.id, corrected(alert, seen, asked));
  }
  for (const alert of found.alerts) {
    if (!grew(alert, asked) || !isOfLate(alert)) continue;
    const same = asked.alerts.find((one) => isSame(alert, one, asked.toMs));
    const own = same && as(same.id);
    if (own === undefined) changed.set(alert.id, tell(alert, asked));
    else if (own.state === 'resolved' && alert.state === 'firing') changed.set(own.id, tell(back(alert, own), asked));
    else changed.set(own.id, corrected(own, alert, asked));
  }
  for (const { id } of asked.alerts) {
    const alert = as(id);
    const over = alert && endOf(alert, asked, found);
    if (over) changed.set(id, over);
  }
  // What is as it was need not be written; each has its minute's mark, so that another evaluator sees it is done.
  return [...changed.values()].filter((alert) => differs(alert, told.get(alert.id)));
}

const reach = ({ scope, widest }: Alert): Scope => widest ?? scope;

/** Late failures are in it: late calls that went well open nothing and change no alert. */
function grew(alert: Alert, { note }: Asked): boolean {
  const key = scopeKey(reach(alert));
  return note.grown.some(([grown, groups]) => grown === key && groups.includes(alert.group));
}

/** Told before: of the same scope within the hour, or begun within what is found now. */
function isSame(found: Alert, told: Alert, nowMs: number): boolean {
  if (found.group !== told.group) return false;
  const endOfSpan = ({ state, untilMs, resolvedMs }: Alert): number =>
    state === 'resolved' ? (untilMs ?? resolvedMs ?? nowMs) : nowMs;
  const overlaps = (slackMs: number): boolean =>
    found.sinceMs <= endOfSpan(told) + slackMs && told.sinceMs <= endOfSpan(found) + slackMs;
  if (found.id === told.id || (sameScope(reach(found), reach(told)) && overlaps(REOPEN_MS))) return true;
  // While a told one failed, what it explains opened nothing; before it began, what is found may be its beginning.
  const isBefore = (found.firedMs ?? nowMs) <= told.sinceMs;
  return isBefore && overlaps(0) && (isMostlyIn(found, reach(told)) || isMostlyIn(told, reach(found)));
}

const isMostlyIn = ({ blastRadius }: Alert, scope: Scope): boolean =>
  scope.by === 'all' || blastRadius.some((hit) => sameScope(hit.scope, scope) && hit.share >= 0.5);

/**
 * An alert with the figures of its whole span, counted anew where the roll-ups of all of it were read. That one which is over
 * was wider than it was told is put right as well; one which is not goes on to say so itself.
 */
function corrected(alert: Alert, seen: Alert, { rollUps, fromMs, toMs, nowMs }: Asked): Alert {
  const sinceMs = Math.min(alert.sinceMs, seen.sinceMs);
  const untilMs = Math.max(alert.untilMs ?? alert.sinceMs, seen.untilMs ?? seen.sinceMs);
  const scope = alert.state === 'resolved' && seen.reason === 'wider' ? seen.scope : alert.scope;
  const cells = rollUps.flatMap((r): readonly CountedCell[] =>
    r.windowMs >= sinceMs && r.windowMs < untilMs ? r.cells : [],
  );
  const sums = tally(cells, alert.group)(reach({ ...alert, scope }));
  const totals = sinceMs >= fromMs && sums.failures >= alert.failures ? sums : {};
  const isWorse = sumOf(seen.causes) > sumOf(alert.causes);
  const mix = isWorse ? { causes: seen.causes, blastRadius: seen.blastRadius } : {};
  const heard = alert.lateMs === undefined ? {} : { lateMs: nowMs };
  return {
    ...alert,
    scope,
    sinceMs,
    untilMs,
    ...totals,
    ...mix,
    ...heard,
    evaluatedMs: Math.max(alert.evaluatedMs, toMs),
  };
}

/** What was over, fails on. */
const back = (alert: Alert, { id, sinceMs, history, lastNotifiedMs }: Alert): Alert => ({
  ...alert,
  ...{ id, sinceMs: Math.min(sinceMs, alert.sinceMs), reason: lastNotifiedMs === null ? alert.reason : 'reopened' },
  ...(history ? { history } : {}),
});

/** One message, of how it is now; a silence that keeps it quiet has emptied the outbox. */
function tell(alert: Alert, { toMs }: Asked): Alert {
  const isOver = alert.state === 'resolved';
  const { outbox, ...last } = { ...alert, evaluatedMs: toMs, ...(isOver ? { reason: 'found-late' } : {}) };
  if (outbox.length === 0) return { ...last, outbox };
  return withMessage(last, isOver ? 'resolved' : 'delayed', toMs);
}

function withMessage(alert: Omit<Alert, 'outbox'>, reason: NotificationReason, atMs: number): Alert {
  const told = { ...alert, lastNotifiedMs: atMs };
  return { ...told, outbox: [{ id: idOf(alert.id, reason, atMs), reason, atMs, alert: told }] };
}

/** The end of a firing alert whose calls come late, as these tell it; no minute that is judged on time does. */
function endOf(alert: Alert, { toMs, silencedAt }: Asked, { series }: Found): Alert | null {
  const own = series.get(scopeKey(reach(alert)));
  const spike = own?.state.groups[alert.group].spike;
  if (alert.state !== 'firing' || own === undefined || spike?.closedMs == null || !isUnheard(own, toMs)) return null;
  if (spike.sinceMs > (alert.untilMs ?? toMs) || spike.untilMs < (alert.untilMs ?? alert.sinceMs)) return null;
  const { outbox, ...over }: Alert = {
    ...alert,
    ...{ state: 'resolved', reason: spike.closedBy ?? 'recovered', resolvedMs: toMs, evaluatedMs: toMs },
    ...{ scope: reach(alert), widest: null, untilMs: spike.untilMs },
  };
  if (alert.lastNotifiedMs === null || silencedAt(toMs)(alert) !== null) return { ...over, outbox: [] };
  return withMessage(over, 'resolved', toMs);
}

const WATCHED = ['scope', 'state', 'reason', 'sinceMs', 'untilMs', 'calls', 'failures', 'lateMs'] as const;
const differs = (alert: Alert, before: Alert | undefined): boolean =>
  before === undefined || WATCHED.some((field) => alert[field] !== before[field]);
