/**
 * Log data that came late: minutes that were judged without it are judged again (`late/again.ts`), from the first of them to
 * the last that was judged, and the walk goes on from what that shows. No page is told twice: what overlaps an alert that
 * was told is that alert (`late/belong.ts`). What waits is in a note until everything is saved (`late/note.ts`).
 */
import type { Alert } from './alert.ts';
import type { Series } from './detect/state.ts';
import { bucketsByScope } from './detect.ts';
import { explained } from './explained.ts';
import type { Detector } from './judge.ts';
import { type Asked, judgeAgain } from './late/again.ts';
import { settleLate } from './late/belong.ts';
import { type Claimed, claimNote, clearNote, LATE_MS, type Note } from './late/note.ts';
import { hasLearned, openSince, takeOver } from './late/take-over.ts';
import { type OpenAlerts, readOver, type StoredAlert, saveAlerts } from './open-alerts.ts';
import type { Store } from './ports.ts';
import { withHistory } from './seen.ts';
import type { Settings } from './settings.ts';
import { HOUR_MS } from './window.ts';

export { noteLate } from './late/note.ts';

/** Evidence may have built up before the first late minute for so long; what came back within it is the same incident. */
const BEFORE_MS = HOUR_MS;

interface World {
  readonly store: Store;
  readonly settings: Settings;
  readonly nowMs: number;
  /** What keeps an alert quiet at a time. */
  readonly silencedAt: Asked['silencedAt'];
}

export interface Late {
  /** Another evaluation is at it, and nothing must be judged beside it. */
  readonly isElsewhere: boolean;
  readonly claimed: Claimed | null;
  readonly series: ReadonlyMap<string, Series>;
  readonly hasLearned: boolean;
  readonly open: OpenAlerts;
  readonly alerts: readonly Alert[];
}

/** Judges what is noted as late, and saves the alerts it changes. One read of one small document where nothing is. */
export async function judgeLate(world: World, detector: Detector, open: OpenAlerts): Promise<Late> {
  const { store, nowMs } = world;
  const { series, evaluatedMs } = detector;
  const claimed = evaluatedMs === null ? null : await claimNote(store, evaluatedMs, nowMs);
  const nothing: Late = { isElsewhere: false, claimed: null, series, hasLearned: false, open, alerts: [] };
  if (claimed === 'elsewhere') return { ...nothing, isElsewhere: true };
  if (claimed === null || evaluatedMs === null) return nothing;
  const known = new Map([...(await readOver(store)), ...open.stored]);
  const asked = await question(world, claimed.note, { series, evaluatedMs }, [...known.values()]);
  const found = judgeAgain(asked);
  const after = takeOver(asked, found.series);
  const settled = await withHistory(store, settleLate(asked, found));
  const alerts = await explained(store, settled, evaluatedMs);
  const again = alerts.flatMap(({ id }): [string, StoredAlert][] => {
    const stored = known.get(id);
    return stored ? [[id, stored]] : [];
  });
  const looked: OpenAlerts = { ...open, stored: new Map([...open.stored, ...again]) };
  return {
    ...nothing,
    ...{ claimed, series: after, hasLearned: hasLearned(asked, after), alerts },
    open: alerts.length === 0 ? open : await saveAlerts(store, looked, alerts),
  };
}

async function question(
  { store, settings, nowMs, silencedAt }: World,
  { windows, grown }: Note,
  { series, evaluatedMs: toMs }: Pick<Detector, 'series'> & { readonly evaluatedMs: number },
  known: readonly StoredAlert[],
): Promise<Asked> {
  const note: Note = { windows: windows.filter((ms) => ms >= toMs - LATE_MS), grown };
  const [firstMs = toMs] = note.windows;
  const isNear = ({ firedMs, resolvedMs }: Alert): boolean =>
    firedMs !== null && (resolvedMs === null || resolvedMs >= firstMs - BEFORE_MS);
  const alerts = known.map(({ alert }) => alert).filter(isNear);
  const begun = [
    firstMs - BEFORE_MS,
    ...alerts.map(({ sinceMs }) => sinceMs),
    ...grown.flatMap(([key]) => openSince(series.get(key)?.state)),
  ];
  const fromMs = Math.max(toMs - LATE_MS - BEFORE_MS, Math.min(...begun));
  const rollUps = note.windows.length === 0 ? [] : await store.rollUps('minute', fromMs, toMs);
  const scoped = bucketsByScope(rollUps);
  return { note, rollUps, scoped, fromMs, toMs, series, alerts, settings, nowMs: Math.max(nowMs, toMs), silencedAt };
}

/** Last of all, when the detector of that time is saved. */
export const lateIsJudged = (store: Store, { claimed }: Late, evaluatedMs: number): Promise<void> =>
  claimed === null ? Promise.resolve() : clearNote(store, claimed, evaluatedMs);
