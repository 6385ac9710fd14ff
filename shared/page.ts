/** Cursor paging, newest first: a cursor names the last item that was shown, so that what is added meanwhile moves nothing. */
import { type BadParameter, bad } from './query.ts';

/** What orders a list: newest first, then by id. */
export interface Place {
  readonly atMs: number;
  readonly id: string;
}

const compare = (a: Place, b: Place): number => b.atMs - a.atMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export interface Page<T> {
  readonly items: readonly T[];
  /** Continues; null at the end. */
  readonly next: string | null;
}

/** Null where the cursor is none of ours. */
export function pageOf<T>(
  items: readonly T[],
  placeOf: (item: T) => Place,
  { limit = 100, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Page<T> | null {
  const after = cursor === undefined ? null : placeIn(cursor);
  if (cursor !== undefined && after === null) return null;
  const ordered = [...items].sort((a, b) => compare(placeOf(a), placeOf(b)));
  const left = after === null ? ordered : ordered.filter((item) => compare(placeOf(item), after) > 0);
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: last && left.length > limit ? cursorOf(placeOf(last)) : null };
}

export const badCursor = (): BadParameter[] => [bad('cursor', 'must be `next` of the answer before')];

/** Ids are hexadecimal, so this is ASCII. */
const cursorOf = ({ atMs, id }: Place): string =>
  btoa(`${atMs} ${id}`)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/={1,2}$/, '');

function placeIn(cursor: string): Place | null {
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const [, atMs, id] = /^(\d{1,16}) ([\w:.-]{1,100})$/.exec(text) ?? [];
  return atMs === undefined || id === undefined ? null : { atMs: Number(atMs), id };
}
