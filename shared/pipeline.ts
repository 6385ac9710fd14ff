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
import { alertsAt, deliver, saveAlerts } from './outbox.ts';
import type { Notifier, Store } from './ports.ts';
import type { LogBatch } from './record.ts';
import { foldDirty } from './roll-up.ts';
import type { Settings } from './settings.ts';
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

/** Brings the roll-ups up to date, judges every minute that ended since last time, and sends what was decided. */
export async function evaluate({
  store,
  settings,
  nowMs,
  notifier,
}: World & { readonly notifier: Notifier }): Promise<{ alerts: Alert[]; sent: number }> {
  const firstMs = await foldDirty(store, settings, nowMs);
  const detector = await readDetector(store);
  let { series } = detector;
  const changed: Alert[] = [];
  const minutes = await minutesDue(store, detector.evaluatedMs, firstMs, windowOf(nowMs));
  for (const atMs of minutes) {
    const rollUps = await store.rollUps('minute', atMs - HISTORY_MS, atMs);
    const judged = judge(rollUps, series, atMs, settings);
    const decided = decide({
      verdicts: judged.verdicts,
      alerts: await alertsAt(store, atMs),
      rollUps,
      atMs,
      settings,
      nowMs,
    });
    const alerts = await explained(store, decided.alerts, atMs);
    // Alerts before the watermark: after a crash between the two, the minute is judged again, and `decide` is idempotent.
    await saveAlerts(store, alerts);
    changed.push(...alerts);
    series = judged.series;
  }
  const evaluatedMs = minutes.at(-1);
  if (evaluatedMs !== undefined) await saveDetector(store, detector, { series, evaluatedMs });
  return { alerts: changed, sent: await deliver(store, notifier, settings, nowMs) };
}
