/**
 * The store's documents: JSON under a key, with a version that counts its writes. `tok` names the write that made a
 * version: when its answer is lost, the SDK's second try is refused by what the first one wrote, and has not lost a race.
 */
import { randomUUID } from 'node:crypto';
import type { Store, Versioned } from '../../shared/ports.ts';
import { assertReadable, byBytes, expiry, isLive, layout, pack, unpack } from './item.ts';
import { inParallel } from './parallel.ts';
import { bodyOf, sweep, withBody } from './parts.ts';
import { FAMILIES, type Family, familyOf, placeOf, shownOf, sortKey } from './place.ts';
import { type Expression, type Item, number, numberIn, type Table, text, textIn } from './table.ts';

const keyOf = (head: Item): string => textIn(head, 'doc');

/** Reads of a large document that were overtaken by a write, after which something else must be wrong. */
const TRIES = 5;

export function documentsOf(table: Table, nowMs: () => number): Pick<Store, 'load' | 'list' | 'save'> {
  const nowSeconds = () => number(nowMs() / 1000);

  const read = async (head: Item): Promise<Versioned | null> => {
    assertReadable(head);
    const body = await bodyOf(table, head, 'body');
    return body && { key: keyOf(head), version: numberIn(head, 'ver'), value: unpack(body) };
  };

  const load = async (key: string): Promise<Versioned | null> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const head = await table.get(...placeOf(key));
      if (head === null || !isLive(head, nowMs())) return null;
      const document = await read(head);
      if (document) return document;
    }
    throw new Error(`Document ${key} changed or lacked a part each of ${TRIES} times it was read; try again.`);
  };

  const live = (): Expression => ({
    expression: 'attribute_not_exists(exp) OR exp > :now',
    values: { ':now': nowSeconds() },
  });
  const headsOf = async ({ prefix: key, isSingle, pk, ownPlace }: Family, prefix: string): Promise<Item[]> => {
    if (isSingle) return [await table.get(...placeOf(key))].filter((head) => head !== null);
    const { expression, values } = live();
    // Nothing that runs in Lambda lists what is spread.
    if (ownPlace)
      return table.scan({
        expression: `begins_with(PK, :pk) AND (${expression})`,
        values: { ...values, ':pk': text(pk) },
      });
    const within = { ':pk': text(pk), ':prefix': text(sortKey(prefix)) };
    return table.query({ expression: 'PK = :pk AND begins_with(SK, :prefix)', values: within }, live());
  };

  const isFree = (): Expression => ({
    expression: 'attribute_not_exists(PK) OR exp <= :now',
    values: { ':now': nowSeconds() },
  });
  const isStill = (version: number): Expression => ({ expression: 'ver = :ver', values: { ':ver': number(version) } });

  return {
    load: (key) => load(key.toWellFormed()),

    list: async (given) => {
      const prefix = given.toWellFormed();
      const families = FAMILIES.filter((it) => familyOf(prefix) === it || it.prefix.startsWith(prefix));
      const heads = (await inParallel(families, (family) => headsOf(family, prefix))).flat();
      const wanted = heads.filter((head) => keyOf(head).startsWith(prefix));
      const found = await inParallel(wanted, async (head) => (await read(head)) ?? (await load(keyOf(head))));
      return found.filter((document) => document !== null).sort((a, b) => byBytes(a.key, b.key));
    },

    save: async (given, value, version) => {
      const key = given.toWellFormed();
      if (JSON.stringify(value) === undefined) {
        throw new TypeError(`Cannot save document ${key}: its value is not JSON.`);
      }
      const family = familyOf(key);
      const [pk, sk] = placeOf(key);
      const tok = randomUUID();
      const bare: Item = {
        PK: text(pk),
        SK: text(sk),
        ...layout,
        doc: text(key),
        ver: number(version + 1),
        tok: text(tok),
        ...shownOf(value, family.shown),
        ...(family.lifeMs !== null && expiry(nowMs() + family.lifeMs)),
      };
      const head = await withBody(table, bare, { name: 'body', body: pack(value), version: version + 1 });
      const result = await table.put(head, version === 0 ? isFree() : isStill(version));
      const isSaved = result.put || (result.stored !== null && textIn(result.stored, 'tok') === tok);
      if (isSaved) await sweep(table, head, result.put ? result.old : null, version + 1);
      return isSaved;
    },
  };
}
