/**
 * What a template says, learned from reading a few texts of it: what is equal in all of them is said by the template, what
 * follows a value is put in from the value. Where a reading depends on values in any other way (a comparison, a sum, a hash
 * of two of them) there is no plan, and such texts are read whole.
 */
import { instantOf, waitOf } from '../parse/record-of.ts';
import type { CallRecord } from '../record.ts';
import { dimension, saltedHash } from '../redact.ts';

/** One text of the template: its values, first to last, and the record that was read from it. */
export interface Sample {
  readonly values: readonly string[];
  readonly record: CallRecord;
}

/** Values that may be of any length; in a text that is cut they would move the cut. */
type IsFree = (slot: number) => boolean;

type Put = (record: Record<string, unknown>, value: (slot: number) => string) => void;

/** A record of the template's, without what its values say, and how to put that in. */
export interface Plan {
  readonly record: CallRecord;
  readonly puts: readonly Put[];
}

/** Of the event and the batch, never of the text. */
const OF_EVENT: ReadonlySet<string> = new Set(['eventId', 'atMs', 'logGroup', 'logStream']);
/** Objects of a record, one level deep. */
const NESTED = ['limit', 'tokens'] as const;

export function planOf(samples: readonly [Sample, ...Sample[]], salt: string, isFree: IsFree): Plan | null {
  const [{ record }] = samples;
  const puts: Put[] = [];
  for (const field of Object.keys(record) as (keyof CallRecord)[]) {
    if (OF_EVENT.has(field)) continue;
    const values = samples.map((sample) => sample.record[field]);
    const put = isNested(field)
      ? putNested(field, values, samples, salt)
      : putField(field, values, samples, salt, field === 'message' ? isFree : undefined);
    if (put === null) return null;
    if (put !== SAME) puts.push(put);
  }
  return { record, puts };
}

export function applied({ record, puts }: Plan, values: (slot: number) => string): CallRecord {
  const made: Record<string, unknown> = { ...record };
  for (const put of puts) put(made, values);
  return made as unknown as CallRecord;
}

const SAME: Put = () => undefined;
const isNested = (field: string): field is (typeof NESTED)[number] => (NESTED as readonly string[]).includes(field);

/** `null`: it depends on the values in a way that is not known. */
function putField(
  field: string,
  said: readonly unknown[],
  samples: readonly Sample[],
  salt: string,
  isFree: IsFree = () => false,
): Put | null {
  if (said.every((value) => value === said[0])) return SAME;
  for (const convert of conversions(salt))
    for (const [slot] of (samples[0]?.values ?? []).entries())
      if (samples.every(({ values }, n) => convert(values[slot] as string) === said[n]))
        return (record, value) => {
          record[field] = convert(value(slot));
        };
  const pieces = piecesOf(said, samples);
  if (pieces === null || pieces.some((piece) => typeof piece === 'number' && isFree(piece))) return null;
  return (record, value) => {
    record[field] = pieces.map((piece) => (typeof piece === 'number' ? value(piece) : piece)).join('');
  };
}

function putNested(field: string, said: readonly unknown[], samples: readonly Sample[], salt: string): Put | null {
  const objects = said.map((value) => (value ?? {}) as Readonly<Record<string, unknown>>);
  const [first] = objects as [Readonly<Record<string, unknown>>];
  const names = Object.keys(first);
  if (said.some((value) => (value === null) !== (said[0] === null))) return null;
  const puts: Put[] = [];
  for (const name of names) {
    const put = putField(
      name,
      objects.map((object) => object[name]),
      samples,
      salt,
    );
    if (put === null) return null;
    if (put !== SAME) puts.push(put);
  }
  if (puts.length === 0) return SAME;
  return (record, value) => {
    const made = { ...first };
    for (const put of puts) put(made, value);
    record[field] = made;
  };
}

/** What readings make of one value. */
const conversions = (salt: string): readonly ((value: string) => unknown)[] => [
  (value) => value,
  (value) => dimension(value, salt),
  (value) => saltedHash(value, salt),
  Number,
  (value) => Number(value) * 1000,
  (value) => waitOf(Number(value) * 1000),
  (value) => instantOf(`${value.replace(' ', 'T')}Z`),
];

/** A text that holds values among words: its pieces, values by their number. */
function piecesOf(said: readonly unknown[], samples: readonly Sample[]): readonly (string | number)[] | null {
  const [first, second] = samples;
  const [text, other] = said;
  if (first === undefined || second === undefined || typeof text !== 'string' || typeof other !== 'string') return null;
  const pieces: (string | number)[] = [];
  let copied = 0;
  // Texts of one template have values of one length in the same places; the first sign that differs is in a value.
  for (let at = 0; at < text.length; at++) {
    if (text[at] === other[at]) continue;
    const found = longestAt(first.values, second.values, text, other, at);
    if (found === null || found.from < copied) return null;
    const { slot, from, length } = found;
    pieces.push(text.slice(copied, from), slot);
    copied = from + length;
    at = copied - 1;
  }
  pieces.push(text.slice(copied));
  const isRight = samples.every(
    ({ values }, n) => pieces.map((piece) => (typeof piece === 'number' ? values[piece] : piece)).join('') === said[n],
  );
  return isRight ? pieces : null;
}

/** The longest value that stands around a place: short ones stand in others by chance. */
function longestAt(
  values: readonly string[],
  others: readonly string[],
  text: string,
  other: string,
  at: number,
): { slot: number; from: number; length: number } | null {
  let found: { slot: number; from: number; length: number } | null = null;
  for (const [slot, value] of values.entries()) {
    if (found !== null && value.length <= found.length) continue;
    const from = startOf(value, others[slot] as string, text, other, at);
    if (from >= 0) found = { slot, from, length: value.length };
  }
  return found;
}

/** Where a value stands around a place of a text, and its counterpart around the same place of the other; -1: nowhere. */
function startOf(value: string, counterpart: string, text: string, other: string, at: number): number {
  if (value.length !== counterpart.length) return -1;
  for (let from = Math.max(0, at - value.length + 1); from <= at; from++)
    if (text.startsWith(value, from) && other.startsWith(counterpart, from)) return from;
  return -1;
}
