/**
 * Start here. The whole product is one walk:
 *   log events -> call records -> outcomes -> contributions        (ingest, for every delivered batch)
 *   contributions -> roll-ups -> verdicts -> alerts -> messages    (evaluate, every minute)
 * The same two functions run in Lambda and on a laptop; what differs is the store and the notifier handed in.
 */
import { type Alert, decide } from './alert.ts';
import { contributionsOf } from './contribution.ts';
import { HISTORY_MS } from './detect.ts';
import { explained } from './explained.ts';
import { judge, minutesDue, readDetector, saveDetector } from './judge.ts';
import { judgeLate, lateIsJudged, noteLate } from './late.ts';
import { alertsAt, forgetOver, readOpen, saveAlerts } from './open-alerts.ts';
import { deliver } from './outbox.ts';
import type { Notifier, Store } from './ports.ts';
import type { LogBatch } from './record.ts';
import { foldDirty } from './roll-up.ts';
import { withHistory } from './seen.ts';
import type { Settings } from './settings.ts';
import { silencer, silences } from './silence.ts';
import { addTotals, NO_TOTALS, sumByName, type Totals, windowOf } from './window.ts';

export interface World {
  readonly store: Store;
  readonly settings: Settings;
  /** The present in milliseconds since the epoch; virtual when a file is replayed. */
  readonly nowMs: number;
}

export interface Ingested {
  readonly totals: Totals;
  readonly skipped: Readonly<Record<string, number>>;
  readonly duplicates: number;
  /** The same key for another content: the first stays, and it is worth an alarm. */
  readonly mismatches: number;
}

/** Reads a batch and stores what it counted. Durable when it resolves; delivering the batch again changes nothing. */
export async function ingest(batch: LogBatch, { store, settings, nowMs }: World, malformed = 0): Promise<Ingested> {
  const contributions = contributionsOf(batch, settings, { nowMs, malformed });
  const results = contributions.length === 0 ? [] : await store.add(contributions);
  const unplaced = contributions.length === 0 ? { ...NO_TOTALS, received: malformed, malformed } : NO_TOTALS;
  return {
    totals: contributions.reduce((sum, contribution) => addTotals(sum, contribution.totals), unplaced),
    skipped: sumByName(contributions.map(({ skipped }) => skipped)),
    duplicates: results.filter((result) => result === 'duplicate').length,
    mismatches: results.filter((result) => result === 'mismatch').length,
  };
}

export interface Evaluated {
  /** The alerts that changed, as they were decided. */
  readonly alerts: readonly Alert[];
  /** Messages that went out. */
  readonly sent: number;
  /** Alerts that are firing now. */
  readonly firing: number;
  /** Every minute before this one is judged; null before the first log event. */
  readonly evaluatedMs: number | null;
}

/** Brings the roll-ups up to date, judges every minute that ended since last time, and sends what was decided. */
export async function evaluate({ notifier, ...world }: World & { readonly notifier: Notifier }): Promise<Evaluated> {
  const { store, settings, nowMs } = world;
  const detector = await readDetector(store);
  const firstMs = await foldDirty(store, settings, nowMs, (folded) => noteLate(store, folded, detector, nowMs));
  const asked = await silences(store);
  const silencedAt = (atMs: number) => silencer(asked, settings.maintenance, [atMs, nowMs]);
  const late = await judgeLate({ ...world, silencedAt }, detector, await readOpen(store));
  let { series, open } = late;
  let { evaluatedMs } = detector;
  const changed: Alert[] = [...late.alerts];
  for (const atMs of late.isElsewhere ? [] : await minutesDue(store, evaluatedMs, firstMs, windowOf(nowMs))) {
    const rollUps = await store.rollUps('minute', atMs - HISTORY_MS, atMs);
    const judged = judge(rollUps, series, atMs, settings);
    const { verdicts } = judged;
    const now = { verdicts, alerts: alertsAt(open, atMs), rollUps, atMs, nowMs };
    const decided = decide({ ...now, settings, silencedBy: silencedAt(atMs) });
    const alerts = await withHistory(store, await explained(store, decided.alerts, atMs));
    // Alerts before the watermark: after a crash between the two, the minute is judged again, and `decide` is idempotent.
    open = await saveAlerts(store, open, alerts);
    changed.push(...alerts);
    ({ series } = judged);
    evaluatedMs = atMs;
  }
  if (evaluatedMs !== null && (evaluatedMs !== detector.evaluatedMs || late.claimed)) {
    const beganMs = detector.beganMs ?? firstMs ?? evaluatedMs;
    const isSaved = await saveDetector(store, detector, { series, evaluatedMs, beganMs }, late.hasLearned);
    // What is late waits until all it changed is saved: after a crash it is judged again, and finds what it told.
    if (isSaved) await lateIsJudged(store, late, evaluatedMs);
  }
  const kept = [...open.stored.values()].map(({ alert }) => alert);
  const sent = await deliver(world, notifier, kept);
  await forgetOver(store, open, evaluatedMs ?? nowMs);
  return { alerts: changed, sent, firing: kept.filter(({ state }) => state === 'firing').length, evaluatedMs };
}
