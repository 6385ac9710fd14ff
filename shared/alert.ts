/**
 * Verdicts -> alerts (grouping, inhibition, hysteresis) -> notifications with a reason. Pure; a minute at a time.
 * `alert/grouping.ts` says which scope names an incident, `alert/lifecycle.ts` what becomes of it and what is told.
 */
import { type Evaluation, recentOf } from './alert/figures.ts';
import { explain, type Incident, incidentsOf, isLive, isTrigger, type Question, without } from './alert/grouping.ts';
import { advance, open, type Step } from './alert/lifecycle.ts';
import type { Alert } from './alert/state.ts';
import { isIn, minus, sameScope, tally } from './alert/tally.ts';
import { type FailureGroup, GROUPS, type Scope, type Verdict } from './detect.ts';
import { combine } from './fold.ts';
import { type CountedCell, MINUTE_MS } from './window.ts';

export type { Evaluation } from './alert/figures.ts';
export type { Alert, CauseShare, History, Hit, Notification, NotificationReason } from './alert/state.ts';

/**
 * Judges one minute: returns the alerts that changed, each with its new notifications in its outbox. Idempotent per
 * minute: an alert evaluated at `atMs` or later stays as it is.
 */
export function decide(e: Evaluation): { alerts: Alert[] } {
  const isQuiet = !e.verdicts.some(isTrigger) && e.alerts.every(({ state }) => state === 'resolved');
  if (isQuiet) return { alerts: [] };
  const cellsSince = (fromMs: number): Cells =>
    combine(
      recentOf(e).filter(({ windowMs }) => windowMs >= fromMs),
      'minute',
      e.atMs,
      Number.POSITIVE_INFINITY,
    ).cells;
  const [cells, latest] = [cellsSince(0), cellsSince(e.atMs - LATEST_MS)];
  return { alerts: GROUPS.flatMap((group) => decideGroup(group, { cells, latest }, e)) };
}

type Cells = readonly CountedCell[];
/** What of a scope is left is asked of so many minutes. */
const LATEST_MS = 5 * MINUTE_MS;
const PAST_MS = 5 * MINUTE_MS;
/** Calls are well again when they fail this much less often than those that are not. */
const WELL = 0.1;

function decideGroup(
  group: FailureGroup,
  { cells, latest }: { readonly cells: Cells; readonly latest: Cells },
  e: Evaluation,
): Alert[] {
  const ofGroup = e.verdicts.filter((v) => v.group === group);
  const known = e.alerts.filter((a) => a.group === group);
  const alive = known.filter((a) => a.state !== 'resolved').sort((a, b) => a.sinceMs - b.sinceMs);
  const names = (v: Verdict) => alive.some(({ scope, widest }) => sameScope(v.scope, widest ?? scope));
  const triggers = ofGroup.filter((v) => isTrigger(v) && (!isPast(v) || names(v)));
  if (triggers.length + alive.length === 0 || known.some((a) => a.evaluatedMs > e.atMs)) return [];
  const candidates = ofGroup.filter((v) => isTrigger(v) || v.sinceMs !== null || v.scope.by === 'all');
  const { steps, rest } = inhibit(alive, { group, cells, triggers, candidates }, latest);
  const toldMs = Math.max(0, ...known.map((a) => a.resolvedMs ?? (a.state === 'firing' ? (a.untilMs ?? 0) : 0)));
  // A spike that opened earlier was explained by an alert that is over: it must fail anew, and now, to open another.
  const left = latest.filter((cell) => !alive.some(({ scope, widest }) => isIn(cell, widest ?? scope)));
  const isNews = (v: Verdict) => v.state !== 'spike' || (v.openedMs ?? v.atMs) >= v.atMs;
  const failsNow = (v: Verdict) => isNews(v) || isLive(v, { ...rest, cells: left }, Number.POSITIVE_INFINITY);
  const live = rest.triggers.filter((v) => isLive(v, rest, toldMs) && failsNow(v));
  const fresh: Incident[] = [];
  for (const incident of incidentsOf({ ...rest, triggers: live })) {
    const around = alive.find((alert) => widensInto(alert, incident.named.scope, cells));
    const mine = around && (steps.get(around.id)?.triggers ?? []);
    if (around && mine)
      steps.set(around.id, { scope: incident.named.scope, triggers: [...mine, ...incident.triggers] });
    else fresh.push(incident);
  }
  const stepped = alive
    .filter((a) => a.evaluatedMs < e.atMs)
    .map((a) => advance(a, steps.get(a.id) ?? { scope: a.scope, triggers: [] }, e));
  // What was opened in this very minute is among the alerts, so that asking again opens nothing.
  const isAgain = known.some((a) => a.evaluatedMs === e.atMs);
  return [...stepped, ...(isAgain ? [] : fresh.map(({ named, triggers }) => open(named, triggers, e)))];
}

/**
 * The spike of a small series lasts until enough calls went well, which can take an hour. Unless an alert is named by it,
 * it asks for none once it has not failed for a while: the wider series that names the alert knew it was over long before.
 */
const isPast = ({ state, untilMs, atMs }: Verdict): boolean =>
  state === 'spike' && untilMs !== null && atMs - untilMs >= PAST_MS;

/** What the firing alerts explain, oldest first, and what is left to explain. */
function inhibit(
  alive: readonly Alert[],
  asked: Question,
  latest: Cells,
): { steps: Map<string, Step>; rest: Question } {
  const steps = new Map<string, Step>();
  let rest = asked;
  for (const { id, scope, state, widest } of alive) {
    if (state === 'pending') continue;
    const reach = widest ?? scope;
    const left = without(rest, reach);
    const triggers = rest.triggers.filter((v) => !left.triggers.includes(v));
    const part = partOf(reach, { ...rest, triggers, cells: latest.filter((cell) => isIn(cell, reach)) });
    steps.set(id, part ? { scope: part, triggers, isNarrower: true } : { scope: reach, triggers });
    rest = left;
  }
  return { steps, rest };
}

/** What is left of a recovering scope: a part of it that holds nearly all of its latest failures, and few of its calls. */
function partOf(scope: Scope, q: Question): Scope | null {
  const part = explain(q)?.scope;
  if (part === undefined || sameScope(part, scope)) return null;
  const sums = tally(q.cells, q.group);
  const inside = sums(part);
  const outside = minus(sums(scope), inside);
  const isWell = outside.failures * inside.calls <= WELL * inside.failures * outside.calls;
  return isWell && inside.calls <= 0.5 * (inside.calls + outside.calls) ? part : null;
}

/** A wider scope around an alert names it anew: it is no second alert. A pending one may become narrower as well. */
function widensInto({ group, scope, state }: Alert, named: Scope, cells: Cells): boolean {
  const own = tally(cells, group)(scope).failures;
  const within = cells.filter((cell) => isIn(cell, named));
  const shared = tally(within, group)(scope).failures;
  const least = state === 'pending' ? Math.min(own, tally(cells, group)(named).failures) : own;
  return shared > 0 && shared >= 0.5 * least;
}
