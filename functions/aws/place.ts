/**
 * Where the store's documents are in its table: a function of their keys alone. Most lie in one partition for each family,
 * so that one query lists them; what is only ever asked for by its key has partitions of its own.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
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
  readonly shown?: Shown;
}

/** Attributes beside the packed value, for people who look at the table: where in the value each stands, or a map of such. */
interface Shown {
  readonly [attribute: string]: string | Shown;
}

const REST: Family = { prefix: '', pk: 'D', lifeMs: null };
export const FAMILIES: readonly Family[] = [
  {
    prefix: 'alert/',
    pk: 'A',
    lifeMs: ALERT_LIFE_MS,
    shown: {
      st: 'state',
      incidentId: 'id',
      since: 'sinceMs',
      lastWin: 'evaluatedMs',
      pend: { id: 'outbox/0/id', kind: 'outbox/0/reason' },
    },
  },
  {
    prefix: 'slack/',
    // The Slack function's role reaches these partitions only.
    pk: 'N#',
    ownPlace: (key) => [`N#${key.slice('slack/'.length)}`, 'slack#webhook'],
    lifeMs: 30 * DAY_MS,
    shown: { st: 'state', until: 'untilMs' },
  },
  {
    prefix: 'quarantine/',
    pk: 'Q',
    ownPlace: (key) => {
      const [, date, digest] = /^quarantine\/([^/]+)\/(.+)$/s.exec(key) ?? [];
      return date === undefined || digest === undefined ? ['Q', sortKey(key)] : [`Q#${date}`, digest];
    },
    lifeMs: 14 * DAY_MS,
    shown: { code: 'code', size: 'size', s3key: 'object' },
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
    shown: { lastWin: 'evaluatedMs' },
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
export function shownOf(value: unknown, shown: Shown = {}): Item {
  const attributes = Object.entries(shown).flatMap(([attribute, from]) => {
    const shownAs = typeof from === 'string' ? attributeOf(fieldAt(value, from)) : mapOf(shownOf(value, from));
    return shownAs === null ? [] : [[attribute, shownAs] as const];
  });
  return Object.fromEntries(attributes);
}

function attributeOf(field: unknown): AttributeValue | null {
  if (typeof field === 'string') return text(field);
  return typeof field === 'number' && Number.isFinite(field) ? number(field) : null;
}

const mapOf = (item: Item): AttributeValue | null => (Object.keys(item).length === 0 ? null : { M: item });

/** `outbox/0/id`: what stands there, if anything does. */
const fieldAt = (value: unknown, path: string): unknown =>
  path
    .split('/')
    .reduce((within, name) => (Object.hasOwn(Object(within), name) ? Object(within)[name] : undefined), value);
