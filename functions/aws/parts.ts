/**
 * Bodies larger than an item. The first part stays in the item itself, its head; the others go into a partition of their
 * own, under a generation that no other write uses. They are written before the head, and the head names their
 * generation, so readers see the old whole or the new whole. A crash between the two leaves parts that nothing names.
 */
import { randomUUID } from 'node:crypto';
import { inParallel } from './parallel.ts';
import { binary, binaryIn, type Item, number, numberIn, type Table, text, textIn } from './table.ts';

/** An item may have 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const PART_BYTES = 350 * 1024;

const partsPk = (pk: string, sk: string): string => `P#${pk}#${sk}`;
const padded = (version: number): string => String(version).padStart(12, '0');

/** Writes all parts but the first, and returns the head, which the caller puts. `version` orders generations for `sweep`. */
export async function withBody(
  table: Table,
  head: Item,
  { name, body, version = 0 }: { name: string; body: Uint8Array; version?: number },
): Promise<Item> {
  if (body.length <= PART_BYTES) return { ...head, [name]: binary(body) };
  const generation = `${padded(version)}-${randomUUID()}`;
  const count = Math.ceil(body.length / PART_BYTES);
  const part = (index: number) => binary(body.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
  const rest = Array.from(
    { length: count - 1 },
    (_, index): Item => ({
      PK: text(partsPk(textIn(head, 'PK'), textIn(head, 'SK'))),
      SK: text(`${generation}#${String(index + 1).padStart(4, '0')}`),
      body: part(index + 1),
      ...(head['exp'] && { exp: head['exp'] }),
    }),
  );
  await inParallel(rest, (item) => table.put(item));
  return { ...head, [name]: part(0), parts: number(count), gen: text(generation) };
}

const hasParts = (head: Item | null): boolean => head?.['parts'] !== undefined;

/** The whole body of a head; null when a newer write has swept its parts away since the head was read. */
export async function bodyOf(table: Table, head: Item, name: string): Promise<Uint8Array | null> {
  const first = binaryIn(head, name);
  if (!hasParts(head)) return first;
  const rest = await table.query({
    expression: 'PK = :pk AND begins_with(SK, :generation)',
    values: {
      ':pk': text(partsPk(textIn(head, 'PK'), textIn(head, 'SK'))),
      ':generation': text(`${textIn(head, 'gen')}#`),
    },
  });
  if (rest.length !== numberIn(head, 'parts') - 1) return null;
  return Buffer.concat([first, ...rest.map((item) => binaryIn(item, 'body'))]);
}

/**
 * Deletes the parts of versions before this head's, also those that a crash left behind. Parts of the same version may
 * belong to a writer that lost the race for it; they go with the next version. A crash here leaves them for the next time.
 */
export async function sweep(table: Table, head: Item, old: Item | null, version: number): Promise<void> {
  if (!hasParts(head) && !hasParts(old)) return;
  const pk = partsPk(textIn(head, 'PK'), textIn(head, 'SK'));
  const values = { ':pk': text(pk), ':version': text(padded(version)) };
  const left = await table.query({ expression: 'PK = :pk AND SK < :version', values });
  await inParallel(left, (item) => table.remove(pk, textIn(item, 'SK')));
}
