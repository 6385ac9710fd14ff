/** What the minutes up to now say about a scope: how much failed since when, why, where else, and how fast. */
import { ALL, type FailureGroup, HISTORY_MS, type Scope, scopeKey, scopesOf, type Verdict } from '../detect.ts';
import type { Settings } from '../settings.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../window.ts';
import type { Alert, CauseShare, Hit } from './state.ts';
import { causesOf, fails, isIn, sameScope, tally } from './tally.ts';

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
  /** What keeps an alert quiet now, or null. */
  readonly silencedBy?: (alert: Alert) => string | null;
}

/** The minutes that are looked at. */
export const recentOf = ({ rollUps, atMs }: Evaluation): readonly RollUp[] =>
  rollUps.filter((r) => r.windowMs < atMs && r.windowMs >= atMs - HISTORY_MS);

const MAX_HITS = 30;

/** What an alert carries of its worst minutes. */
export type Mix = Pick<Alert, 'causes' | 'blastRadius'>;
type Totals = Pick<Alert, 'sinceMs' | 'calls' | 'failures' | 'normalShare'> & { readonly untilMs: number };

export interface Figures {
  readonly verdict: Verdict | undefined;
  /** Null where the scope's series has nothing to say. */
  readonly totals: Totals | null;
  /** Null where nothing failed. */
  readonly mix: Mix | null;
  /** Failures a minute in the last five minutes. */
  readonly rate: number;
}

export function figures(e: Evaluation, group: FailureGroup, scope: Scope): Figures {
  const verdict = e.verdicts.find((v) => v.group === group && sameScope(v.scope, scope));
  const recent = recentOf(e);
  const failedSince = (fromMs: number): CountedCell[] =>
    recent
      .filter((r) => r.windowMs >= fromMs)
      .flatMap((r) => r.cells)
      .filter((cell) => fails(cell, group) && isIn(cell, scope));
  const failed = failedSince(verdict?.sinceMs ?? 0);
  const last5 = failedSince(e.atMs - 5 * MINUTE_MS).reduce((sum, cell) => sum + cell.calls, 0);
  return {
    verdict,
    totals: totalsOf(verdict),
    mix: failed.length === 0 ? null : { causes: causesOf(failed), blastRadius: hitsOf(failed, scope, group) },
    rate: last5 / 5,
  };
}

function totalsOf(verdict: Verdict | undefined): Totals | null {
  if (verdict === undefined || verdict.failures === 0) return null;
  const { sinceMs, untilMs, calls, failures, normalShare } = verdict;
  return sinceMs === null || untilMs === null ? null : { sinceMs, untilMs, calls, failures, normalShare };
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

export const sumOf = (causes: readonly CauseShare[]): number => causes.reduce((sum, { failures }) => sum + failures, 0);
