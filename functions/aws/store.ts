/**
 * The store on DynamoDB: one table, on demand. Counting exactly once rests on three rules. A contribution is put under a
 * key made of its content, if that is free, so every repeat meets itself. Its window is marked after the put, always: a
 * crash between the two leaves a contribution that nobody acknowledged, and its redelivery makes the mark. Everything
 * else is SET under a condition. So every call may be made again, by the SDK or by the platform, whatever became of it.
 *
 * Every writer puts its own items, spread over `shards` partitions a minute; nothing is contended. The number of shards
 * decides where a contribution is looked for, so it is for the life of a table.
 */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { packCounted, unpackCounted } from '../../shared/packed.ts';
import type { AddResult, DirtyWindow, Store } from '../../shared/ports.ts';
import { type Contribution, type Granularity, MINUTE_MS, type RollUp } from '../../shared/window.ts';
import { documentsOf } from './documents.ts';
import {
  assertReadable,
  byBytes,
  CONTRIBUTION_LIFE_MS,
  contributionItem,
  contributionOf,
  contributionPk,
  expiry,
  isLive,
  minuteIn,
  minutesIn,
  minuteText,
  pack,
  packCells,
  rollUpItem,
  rollUpPk,
  shardOf,
  unpack,
} from './item.ts';
import { inParallel } from './parallel.ts';
import { bodyOf, withBody } from './parts.ts';
import { type Expression, type Item, number, numberIn, tableOf, text, textIn } from './table.ts';

/** A longer range is read by one scan of the table instead of a query for each of its minutes and shards. */
const QUERIED_MINUTES = 120;

/** `cells` as an older gridwatch kept them, or packed. */
type StoredRollUp = Pick<RollUp, 'totals' | 'skipped' | 'signatures'> & {
  readonly cells: Parameters<typeof unpackCounted>[0];
};

export interface DynamoStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Decides what has expired, nothing else. */
  readonly nowMs?: () => number;
  /** 1 to 256; one partition takes about 1,000 small contributions a second. */
  readonly shards?: number;
}

/** Throws `TableError`, as every method does, when DynamoDB fails; the client stays the caller's to destroy. */
export function dynamoStore({ client, tableName, nowMs = Date.now, shards = 16 }: DynamoStoreOptions): Store {
  const table = tableOf(client, tableName);
  const allShards = Array.from({ length: shards }, (_, shard) => shard.toString(16));
  const live = (): Expression => ({ expression: 'exp > :now', values: { ':now': number(nowMs() / 1000) } });
  const whole = async (item: Item, name: string): Promise<Uint8Array> => {
    assertReadable(item);
    const body = await bodyOf(table, item, name);
    if (body) return body;
    throw new Error(`Table ${tableName} lacks parts of item ${textIn(item, 'PK')}; restore them or delete the item.`);
  };

  // ---- contributions and marks

  const putContribution = async (contribution: Contribution): Promise<AddResult> => {
    const pk = contributionPk(contribution.windowMs, shardOf(contribution.key, shards));
    const bare = contributionItem(contribution, pk, nowMs());
    const head = await withBody(table, bare, { name: 'cells', body: packCells(contribution) });
    const result = await table.put(head, { expression: 'attribute_not_exists(PK)' });
    if (result.put) return 'added';
    if (result.stored === null) {
      throw new Error(
        `A contribution in table ${tableName} was deleted while it was compared; deliver the batch again.`,
      );
    }
    return textIn(result.stored, 'h') === contribution.digest ? 'duplicate' : 'mismatch';
  };

  const addOne = async (given: Contribution): Promise<AddResult> => {
    const contribution = { ...given, key: given.key.toWellFormed() };
    const result = await putContribution(contribution);
    await table.put({
      PK: text(`DIRTY#${shardOf(contribution.key, shards)}`),
      SK: text(`W#${minuteText(contribution.windowMs)}`),
      tok: text(randomUUID()),
      ...expiry(contribution.windowMs + CONTRIBUTION_LIFE_MS),
    });
    return result;
  };

  /** Marks are spread like contributions: one item would take at most 1,000 writes a second. */
  const allMarks = async (): Promise<Item[]> => {
    const marksOf = (shard: string) =>
      table.query({ expression: 'PK = :pk', values: { ':pk': text(`DIRTY#${shard}`) } }, live());
    return (await inParallel(allShards, marksOf)).flat();
  };

  const hasMark = async (windowMs: number): Promise<boolean> => {
    const marks = await inParallel(allShards, (shard) => table.get(`DIRTY#${shard}`, `W#${minuteText(windowMs)}`));
    return marks.some((mark) => mark !== null && isLive(mark, nowMs()));
  };

  const contributionItems = async (fromMs: number, toMs: number): Promise<Item[]> => {
    const range = minutesIn(Math.max(fromMs, nowMs() - CONTRIBUTION_LIFE_MS), toMs);
    if (range === null) return [];
    const { firstMs, lastMs } = range;
    const count = (lastMs - firstMs) / MINUTE_MS + 1;
    if (count > QUERIED_MINUTES) {
      const { expression, values } = live();
      const bounds = { ':from': text(contributionPk(firstMs, '')), ':to': text(contributionPk(lastMs, '~')) };
      return table.scan({ expression: `PK BETWEEN :from AND :to AND ${expression}`, values: { ...values, ...bounds } });
    }
    const partitions = Array.from({ length: count }, (_, minute) =>
      allShards.map((shard) => contributionPk(firstMs + minute * MINUTE_MS, shard)),
    ).flat();
    const read = (pk: string) => table.query({ expression: 'PK = :pk', values: { ':pk': text(pk) } }, live());
    return (await inParallel(partitions, read)).flat();
  };

  // ---- roll-ups

  const rollUpItems = async (granularity: Granularity, fromMs: number, toMs: number): Promise<Item[]> => {
    const range = minutesIn(fromMs, toMs);
    if (range === null) return [];
    const values = {
      ':pk': text(rollUpPk(granularity)),
      ':from': text(minuteText(range.firstMs)),
      ':to': text(minuteText(range.lastMs)),
    };
    return table.query({ expression: 'PK = :pk AND SK BETWEEN :from AND :to', values }, live());
  };

  return {
    add: async (added) => {
      // What has the same key is added one after the other, so that the first is the one that is answered `added`.
      const turns = new Map<string, number[]>();
      added.forEach(({ windowMs, key }, index) => {
        const name = `${windowMs}#${key.toWellFormed()}`;
        turns.set(name, [...(turns.get(name) ?? []), index]);
      });
      const results: AddResult[] = [];
      await inParallel([...turns.values()], async (indexes) => {
        for (const index of indexes) results[index] = await addOne(added[index] as Contribution);
      });
      return results;
    },

    contributions: async (fromMs, toMs) => {
      const items = await contributionItems(fromMs, toMs);
      const found = await inParallel(items, async (item) => contributionOf(item, await whole(item, 'cells')));
      return found.sort((a, b) => a.windowMs - b.windowMs || byBytes(a.key, b.key));
    },

    dirty: async () => {
      const tokens = new Map<number, string[]>();
      for (const mark of await allMarks()) {
        const windowMs = minuteIn(textIn(mark, 'SK').slice(2));
        const token = `${textIn(mark, 'PK').slice('DIRTY#'.length)}:${textIn(mark, 'tok')}`;
        tokens.set(windowMs, [...(tokens.get(windowMs) ?? []), token]);
      }
      return [...tokens]
        .map(([windowMs, parts]): DirtyWindow => ({ windowMs, token: parts.sort().join(' ') }))
        .sort((a, b) => a.windowMs - b.windowMs);
    },

    // When the answer to a delete is lost, the SDK's second try finds nothing to delete, and this says false: the window
    // is clean nevertheless. True is only said of a window that was clean when this looked.
    clean: async ({ windowMs, token }) => {
      const removed = await inParallel(token.split(' '), (mark) => {
        const [shard = '', tok = ''] = mark.split(':');
        const condition = { expression: 'tok = :tok', values: { ':tok': text(tok) } };
        return table.remove(`DIRTY#${shard}`, `W#${minuteText(windowMs)}`, condition);
      });
      return removed.every(Boolean) && !(await hasMark(windowMs));
    },

    // Two folds of the same number of contributions are the same fold: the set only grows. So this may be repeated.
    putRollUp: async (rollUp) => {
      const { totals, skipped, signatures, cells } = rollUp;
      const body = pack({ totals, skipped, signatures, cells: packCounted(cells) });
      const item = await withBody(table, rollUpItem(rollUp), { name: 'body', body });
      const values = { ':n': number(rollUp.contributions) };
      return (await table.put(item, { expression: 'attribute_not_exists(PK) OR n <= :n', values })).put;
    },

    rollUps: async (granularity, fromMs, toMs) =>
      inParallel(await rollUpItems(granularity, fromMs, toMs), async (item): Promise<RollUp> => {
        const windowMs = minuteIn(textIn(item, 'SK'));
        const { cells, ...body } = unpack(await whole(item, 'body')) as StoredRollUp;
        return { granularity, windowMs, contributions: numberIn(item, 'n'), ...body, cells: unpackCounted(cells) };
      }),

    ...documentsOf(table, nowMs),

    // On AWS nobody calls this: TTL does it. Of contributions it scans the whole table. Parts are left to TTL.
    forget: async (beforeMs, granularity) => {
      const items =
        granularity === 'contributions'
          ? await contributionItems(Number.NEGATIVE_INFINITY, beforeMs)
          : await rollUpItems(granularity, Number.NEGATIVE_INFINITY, beforeMs);
      await inParallel(items, (item) => table.remove(textIn(item, 'PK'), textIn(item, 'SK')));
    },

    close: async () => {},
  };
}
