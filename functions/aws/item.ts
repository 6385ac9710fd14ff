/**
 * How the store's things look as items of its one table (string keys PK and SK, TTL attribute `exp`). What each item holds,
 * and the condition it is written under, stands in docs/architecture.md (Table layout), which a test compares with the table.
 * Minutes are written yyyymmddHHMM (UTC), so their order is that of time. A reader ignores attributes it does not know;
 * `v` is raised only when older readers could not read the item, and they then say so instead of guessing.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Contribution, Entry, Rank, RollUp } from '../../shared/window.ts';
import { DAY_MS, type Granularity, MINUTE_MS, sumByName } from '../../shared/window.ts';
import { type Item, number, numberIn, text, textIn } from './table.ts';

/** The newest layout that this program reads, and the one it writes. */
const LAYOUT = 1;
export const layout: Item = { v: number(LAYOUT) };

export function assertReadable(item: Item): void {
  const version = numberIn(item, 'v');
  if (version > LAYOUT) {
    throw new Error(
      `The table holds items of layout ${version}, newer than this gridwatch reads (${LAYOUT}); deploy the newer one.`,
    );
  }
}

/** Longer than an event may be late (14 days, the retries' and queues' time included): a replay finds what it repeats. */
export const CONTRIBUTION_LIFE_MS = 16 * DAY_MS;
export const ROLL_UP_LIFE_MS: Readonly<Record<Granularity, number>> = {
  minute: 90 * DAY_MS,
  hour: 400 * DAY_MS,
  day: 400 * DAY_MS,
};
export const ALERT_LIFE_MS = 400 * DAY_MS;

/** TTL counts seconds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html */
export const expiry = (atMs: number): Item => ({ exp: number(Math.ceil(atMs / 1000)) });

/** DynamoDB deletes expired items days later; until then reads still show them. */
export const isLive = (item: Item, nowMs: number): boolean =>
  item['exp'] === undefined || numberIn(item, 'exp') * 1000 > nowMs;

export const minuteText = (ms: number): string => new Date(ms).toISOString().replace(/[-T:]/g, '').slice(0, 12);
const MINUTE_TEXT = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/;
export const minuteIn = (written: string): number =>
  Date.parse(written.replace(MINUTE_TEXT, (_, y, m, d, h, min) => `${y}-${m}-${d}T${h}:${min}Z`));

const LAST_MINUTE_MS = Date.UTC(9999, 11, 31, 23, 59);

/** The first and last minute of a half-open range, or null when it holds none. */
export function minutesIn(fromMs: number, toMs: number): { firstMs: number; lastMs: number } | null {
  const firstMs = Math.ceil(Math.max(fromMs, 0) / MINUTE_MS) * MINUTE_MS;
  const lastMs = Math.min(Math.ceil(toMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS, LAST_MINUTE_MS);
  return firstMs <= lastMs ? { firstMs, lastMs } : null;
}

/** The shard of a contribution, a function of its key alone: of 16, the first hexadecimal digit. What is no key is hashed. */
export function shardOf(key: string, shards: number): string {
  const first = KEY.test(key)
    ? Number.parseInt(key.slice(0, 2), 32)
    : Number.parseInt(createHash('sha256').update(key).digest('hex').slice(0, 2), 16);
  return Math.floor((first * shards) / 256).toString(16);
}
const KEY = /^[0-7][0-9a-v]{25}$/;

export const contributionPk = (windowMs: number, shard: string): string => `C#${minuteText(windowMs)}#${shard}`;
export const rollUpPk = (granularity: Granularity): string => `R#${granularity}#ALL`;

export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const pack = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value));
export const unpack = (body: Uint8Array): unknown => JSON.parse(gunzipSync(body).toString());

const RANKS: readonly Rank[] = ['part', 'attempt', 'final', 'success'];

/** What entries have in common: rank, cell, attempts, and 1 where the call is named like its event. */
type Kind = readonly [rank: number, cell: number, attempts: number, own: 0 | 1];

/** The JSON before the names. `of` gives each entry's kind; `names` stands for the hashes when some name is not a hash. */
interface Dictionary extends Pick<Contribution, 'skipped' | 'signatures' | 'cells'> {
  readonly kinds: readonly Kind[];
  readonly of: readonly number[];
  /** One for each entry, 0 where none are said; absent where no entry says any. */
  readonly tokens?: readonly number[];
  readonly names?: readonly string[];
}

const HASH = /^[0-9a-f]{16}$/;

/** Names in the order of the entries; a call follows its event only where it differs. */
const namesOf = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ event, call }) => (event === call ? [event] : [event, call]));

/** gzip(length of the dictionary, dictionary, 8 bytes a name): names do not compress, all the rest does. */
export function packCells({ skipped, signatures, cells, entries }: Contribution): Uint8Array {
  const known = new Map<string, number>();
  const kinds: Kind[] = [];
  const of = entries.map(({ event, call, rank, cell, attempts }) => {
    const kind: Kind = [RANKS.indexOf(rank), cell, attempts, event === call ? 1 : 0];
    const index = known.get(kind.join()) ?? kinds.push(kind) - 1;
    known.set(kind.join(), index);
    return index;
  });
  const names = namesOf(entries);
  const areHashes = names.every((name) => HASH.test(name));
  const tokens = entries.map((entry) => entry.tokens ?? 0);
  const said = tokens.some((n) => n > 0) ? { tokens } : {};
  const dictionary: Dictionary = {
    skipped,
    ...(signatures && { signatures }),
    cells,
    kinds,
    of,
    ...said,
    ...(areHashes ? {} : { names }),
  };
  const head = Buffer.from(JSON.stringify(dictionary));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return gzipSync(Buffer.concat([length, head, Buffer.from(areHashes ? names.join('') : '', 'hex')]));
}

export function unpackCells(body: Uint8Array): Pick<Contribution, 'skipped' | 'signatures' | 'cells' | 'entries'> {
  const bytes = gunzipSync(body);
  const end = 4 + bytes.readUInt32BE(0);
  const {
    skipped,
    signatures,
    cells,
    kinds,
    of,
    tokens = [],
    names,
  }: Dictionary = JSON.parse(bytes.toString('utf8', 4, end));
  let at = 0;
  const next = (): string => {
    const index = at++;
    return names?.[index] ?? bytes.toString('hex', end + 8 * index, end + 8 * index + 8);
  };
  const entries = of.map((index, i): Entry => {
    const kind = kinds[index];
    if (kind === undefined) throw new Error(`A stored contribution names kind ${index} of ${kinds.length}.`);
    const [rank, cell, attempts, own] = kind;
    const event = next();
    const said = (tokens[i] ?? 0) > 0 ? { tokens: tokens[i] as number } : {};
    return { event, call: own === 1 ? event : next(), rank: RANKS[rank] ?? 'final', cell, attempts, ...said };
  });
  return { skipped, ...(signatures && { signatures }), cells, entries };
}

const TOTALS = ['received', 'counted', 'notCall', 'malformed', 'tooLate'] as const;

/** A contribution's attributes beside its cells; `at` is for people who look at the table. */
export const contributionItem = (contribution: Contribution, pk: string, nowMs: number): Item => ({
  PK: text(pk),
  SK: text(`${contribution.key}#0`),
  ...layout,
  cv: number(contribution.classifier),
  n: number(contribution.entries.length),
  src: text(contribution.source),
  tot: { M: Object.fromEntries(TOTALS.map((name) => [name, number(contribution.totals[name])])) },
  h: text(contribution.digest),
  at: number(nowMs),
  ...expiry(contribution.windowMs + CONTRIBUTION_LIFE_MS),
});

export function contributionOf(item: Item, cells: Uint8Array): Contribution {
  const tot = item['tot']?.M ?? {};
  const [received, counted, notCall, malformed, tooLate] = TOTALS.map((name) => numberIn(tot, name));
  const totals = { received, counted, notCall, malformed, tooLate } as Contribution['totals'];
  return {
    windowMs: minuteIn(textIn(item, 'PK').split('#')[1] ?? ''),
    key: textIn(item, 'SK').slice(0, -2),
    // What an older gridwatch wrote does not say it.
    source: item['src']?.S ?? '',
    digest: textIn(item, 'h'),
    classifier: numberIn(item, 'cv'),
    totals,
    ...unpackCells(cells),
  };
}

/** A roll-up's attributes beside its body; `c` (failures by cause) and `ev` (log events) are for people who look at the table. */
export const rollUpItem = ({ granularity, windowMs, contributions, totals, cells }: RollUp): Item => ({
  PK: text(rollUpPk(granularity)),
  SK: text(minuteText(windowMs)),
  ...layout,
  n: number(contributions),
  ev: number(totals.received),
  c: { M: Object.fromEntries(Object.entries(failuresByCause(cells)).map(([cause, n]) => [cause, number(n)])) },
  ...expiry(windowMs + ROLL_UP_LIFE_MS[granularity]),
});

const failuresByCause = (cells: RollUp['cells']): Readonly<Record<string, number>> =>
  sumByName(cells.map(({ cause, calls }) => (cause === null ? {} : { [cause]: calls })));
