/**
 * Where the store's documents are in its table: a function of their keys alone. Most lie in one partition for each family,
 * so that one query lists them; what is only ever asked for by its key has partitions of its own.
 */
import { DAY_MS } from '../../shared/window.ts';
import { ALERT_LIFE_MS } from './item.ts';
import { type Item, number, text } from './table.ts';

type Place = readonly [pk: string, sk: string];

/** Documents that are kept alike. */
export interface Family {
  /** What their keys begin with. The first family that fits a key has it. */
  readonly prefix: string;
  /** The prefix is the whole key. */
  readonly isSingle?: true;
  /** Their one partition, or with `ownPlace` what all of theirs begin with. */
  readonly pk: string;
  /** For keys that are not simply a sort key in the one partition. */
  readonly ownPlace?: (key: string) => Place;
  /** How long after the last write. */
  readonly lifeMs: number | null;
  /** Attributes beside the packed value, for people who look at the table: by the name in the value. */
  readonly shown?: Readonly<Record<string, string>>;
}

const REST: Family = { prefix: '', pk: 'D', lifeMs: null };
export const FAMILIES: readonly Family[] = [
  {
    prefix: 'alert/',
    pk: 'A',
    lifeMs: ALERT_LIFE_MS,
    shown: { state: 'st', sinceMs: 'since', evaluatedMs: 'lastWin' },
  },
  {
    prefix: 'slack/',
    // The Slack function's role reaches these partitions only.
    pk: 'N#',
    ownPlace: (key) => [`N#${key.slice('slack/'.length)}`, 'slack#webhook'],
    lifeMs: 30 * DAY_MS,
    shown: { state: 'st', untilMs: 'until' },
  },
  {
    prefix: 'quarantine/',
    pk: 'Q',
    ownPlace: (key) => {
      const [, date, digest] = /^quarantine\/([^/]+)\/(.+)$/s.exec(key) ?? [];
      return date === undefined || digest === undefined ? ['Q', sortKey(key)] : [`Q#${date}`, digest];
    },
    lifeMs: 14 * DAY_MS,
    shown: { code: 'code', size: 'size', object: 's3key' },
  },
  // None lasts longer than 30 days (`shared/silence.ts`).
  { prefix: 'silence/', pk: 'S', lifeMs: 60 * DAY_MS },
  // As long as the alerts they tell of.
  { prefix: 'seen/', pk: 'H', lifeMs: ALERT_LIFE_MS },
  {
    prefix: 'detector',
    isSingle: true,
    pk: 'D',
    ownPlace: () => ['D', 'WM'],
    lifeMs: null,
    shown: { evaluatedMs: 'lastWin' },
  },
  REST,
];

export const familyOf = (key: string): Family =>
  FAMILIES.find(({ prefix, isSingle }) => (isSingle ? key === prefix : key.startsWith(prefix))) ?? REST;
export const sortKey = (key: string): string => `K#${key}`;
export const placeOf = (key: string): Place => {
  const { pk, ownPlace } = familyOf(key);
  return ownPlace ? ownPlace(key) : [pk, sortKey(key)];
};
/** What a value says of itself; what it does not say, or says otherwise, is not shown. */
export function shownOf(value: unknown, { shown = {} }: Family): Item {
  const fields: Readonly<Record<string, unknown>> = Object(value);
  const attributes = Object.entries(shown).flatMap(([name, attribute]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof field === 'string') return [[attribute, text(field)] as const];
    return typeof field === 'number' && Number.isFinite(field) ? [[attribute, number(field)] as const] : [];
  });
  return Object.fromEntries(attributes);
}
