/**
 * Which late minutes wait to be judged again, and what grew in them: one small document, written before the roll-ups it is
 * about and emptied after all else is saved. A crash in between judges again, and finds what it told. A repeat of what was
 * counted before changes no roll-up and is not noted.
 */

import { changeDocument } from '../change.ts';
import { failuresOf } from '../detect/scope.ts';
import { bucketsByScope, type FailureGroup, GROUPS, SETTLE_MS } from '../detect.ts';
import type { Store } from '../ports.ts';
import { HOUR_MS, MINUTE_MS, type RollUp } from '../window.ts';

/** Log data that comes later than this is counted, and judges nothing: nobody is woken for what was over half a day ago. */
export const LATE_MS = 6 * HOUR_MS;

const NOTE_KEY = 'late';
/** Evaluations that died while they judged it: what is late must not keep the present from being judged. */
const MOST_CLAIMS = 3;
/** As long as an evaluation may take: who dies while judging is followed by the next minute's evaluation. */
const CLAIM_MS = 50_000;

/** A series in which late calls were counted, and the groups in which they failed. */
export type Growth = readonly [key: string, groups: readonly FailureGroup[]];

export interface Note {
  readonly windows: readonly number[];
  readonly grown: readonly Growth[];
  /** Until then another evaluation is at it. */
  readonly claimedToMs?: number;
  /** How often it was claimed. */
  readonly claims?: number;
  /** How far all was judged when late data last were: one who read a detector of before must not go on from it. */
  readonly judgedMs?: number;
}

/** A note as it was read, to be judged by nobody else for now. */
export interface Claimed {
  readonly note: Note;
  readonly version: number;
}

export interface Judged {
  readonly evaluatedMs: number | null;
  /** First minute that was ever judged; what is older was never missed. */
  readonly beganMs: number | null;
}

/** Notes those of the folded minutes that no later evaluation reads, and whose calls are not what was judged. Before they are put. */
export async function noteLate(
  store: Store,
  folded: readonly RollUp[],
  { evaluatedMs, beganMs }: Judged,
  nowMs: number,
): Promise<void> {
  // A clock before the last evaluation replays the past: it is counted.
  if (evaluatedMs === null || nowMs < evaluatedMs) return;
  const oldestMs = Math.max(beganMs ?? 0, evaluatedMs - LATE_MS);
  const late = folded.filter(({ windowMs }) => windowMs >= oldestMs && windowMs <= evaluatedMs - SETTLE_MS);
  if (late.length === 0) return;
  const times = late.map(({ windowMs }) => windowMs);
  const stored = await store.rollUps('minute', Math.min(...times), Math.max(...times) + MINUTE_MS);
  const changed = late
    .map((after) => ({
      windowMs: after.windowMs,
      grown: growth(
        stored.filter((r) => r.windowMs === after.windowMs),
        after,
      ),
    }))
    .filter(({ grown }) => grown.length > 0);
  if (changed.length > 0) await add(store, changed);
}

function growth(before: readonly RollUp[], after: RollUp): Growth[] {
  const known = bucketsByScope(before);
  return [...bucketsByScope([after])].flatMap(([key, { buckets }]): Growth[] => {
    const [now, was] = [buckets[0], known.get(key)?.buckets[0]];
    if (now === undefined || JSON.stringify(now) === JSON.stringify(was)) return [];
    return [[key, GROUPS.filter((group) => failuresOf(now, group) > (was ? failuresOf(was, group) : 0))]];
  });
}

/** Written also where nothing is new: who judges what waits must see that it came again (`clearNote`). */
const add = (
  store: Store,
  changed: readonly { readonly windowMs: number; readonly grown: readonly Growth[] }[],
): Promise<Note> =>
  changeDocument(store, NOTE_KEY, (known: Note | null) => {
    const before = known ?? { windows: [], grown: [] };
    const windows = new Set([...before.windows, ...changed.map(({ windowMs }) => windowMs)]);
    const grown = new Map<string, readonly FailureGroup[]>(before.grown);
    for (const [key, groups] of changed.flatMap((one) => one.grown))
      grown.set(key, [...new Set([...(grown.get(key) ?? []), ...groups])]);
    return { ...before, windows: [...windows].sort((a, b) => a - b), grown: [...grown] };
  });

/** What waits, for the caller alone; null when nothing does, `elsewhere` while another evaluation judges it. */
export async function claimNote(
  store: Store,
  evaluatedMs: number,
  nowMs: number,
): Promise<Claimed | 'elsewhere' | null> {
  const stored = await store.load(NOTE_KEY);
  if (stored === null) return null;
  const note = stored.value as Note;
  // What lies in the future was written under another clock (a replay), unless by an evaluation of the next minutes.
  const { claimedToMs = 0, judgedMs = 0, claims = 0 } = note;
  if (judgedMs > evaluatedMs && judgedMs <= nowMs + SETTLE_MS) return 'elsewhere';
  if (note.windows.length === 0) return null;
  if (claimedToMs > nowMs && claimedToMs <= nowMs + CLAIM_MS) return 'elsewhere';
  const isGivenUp = claims >= MOST_CLAIMS;
  const claimed: Note = { ...note, claimedToMs: nowMs + CLAIM_MS, claims: claims + 1 };
  const isMine = await store.save(NOTE_KEY, isGivenUp ? { windows: [], grown: [], judgedMs } : claimed, stored.version);
  if (!isMine) return 'elsewhere';
  return isGivenUp ? null : { note, version: stored.version + 1 };
}

/** Empties the note unless more was added meanwhile: then all of it is judged once more, which tells nothing twice. */
export async function clearNote(store: Store, { version }: Claimed, judgedMs: number): Promise<void> {
  await store.save(NOTE_KEY, { windows: [], grown: [], judgedMs } satisfies Note, version);
}
