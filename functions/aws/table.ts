/**
 * The DynamoDB calls the store is made of: every read is consistent and reads all pages, a refused condition is an answer
 * and not an error, and every other failure is thrown with the action and the table in its message. The SDK has tried
 * again by then; throwing makes the platform deliver again, which changes nothing that is already there.
 */
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

export type TableErrorCode = 'TABLE_MISSING' | 'TABLE_DENIED' | 'TABLE_FAILED';
/** The world is broken; the message is one sentence that names the table, the action and what to do. */
export type TableError = Error & { readonly code: TableErrorCode };

/** A condition or filter with the values it names. */
export interface Expression {
  readonly expression: string;
  readonly values?: Readonly<Record<string, AttributeValue>>;
}

/** `old` is what a put replaced, `stored` what made it refuse; null where there is no such item (any more). */
export type PutResult =
  | { readonly put: true; readonly old: Item | null }
  | { readonly put: false; readonly stored: Item | null };

export type Table = ReturnType<typeof tableOf>;

export const text = (S: string): AttributeValue => ({ S });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const binary = (B: Uint8Array): AttributeValue => ({ B });

/** Attributes as what they must be; anything else was not written by us and is a bug worth crashing for. */
export const textIn = (item: Item, name: string): string => required(item[name]?.S, name);
export const numberIn = (item: Item, name: string): number => Number(required(item[name]?.N, name));
export const binaryIn = (item: Item, name: string): Uint8Array => required(item[name]?.B, name);

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`An item of the table has no attribute ${name} of the expected type.`);
  return value;
}

/** The name that DynamoDB or the SDK gave to an error, or the code of the network's. */
function nameOf(error: unknown): string {
  const { name, code }: { name?: unknown; code?: unknown } = Object(error);
  return String(name === 'Error' && code !== undefined ? code : name);
}

/** Reads names instead of using `instanceof`: errors that come through a bundle or another realm are not ours. */
function explain(cause: unknown, action: string, tableName: string): TableError {
  const failed = `dynamodb:${action} on table ${tableName}`;
  const [code, message]: [TableErrorCode, string] =
    nameOf(cause) === 'ResourceNotFoundException'
      ? ['TABLE_MISSING', `${failed} found no such table in this region; restore it or deploy the stack again.`]
      : nameOf(cause) === 'AccessDeniedException'
        ? ['TABLE_DENIED', `${failed} was denied; allow this role the action, and its key where the table has one.`]
        : ['TABLE_FAILED', `${failed} failed with ${nameOf(cause)}; trying again is safe.`];
  return Object.assign(new Error(message, { cause }), { code });
}

const conditionOf = (condition: Expression | undefined) =>
  condition && {
    ConditionExpression: condition.expression,
    ...(condition.values && { ExpressionAttributeValues: condition.values }),
  };

export function tableOf(client: DynamoDBClient, tableName: string) {
  const TableName = tableName;
  const call = async <Output>(action: string, send: () => Promise<Output>): Promise<Output> => {
    try {
      return await send();
    } catch (error) {
      throw nameOf(error) === 'ConditionalCheckFailedException' ? error : explain(error, action, tableName);
    }
  };
  /** Null when the condition refused; the error is kept for the item that it may carry. */
  const unlessRefused = async <Output>(send: Promise<Output>): Promise<{ output: Output } | { refusal: object }> => {
    try {
      return { output: await send };
    } catch (error) {
      if (nameOf(error) !== 'ConditionalCheckFailedException') throw error;
      return { refusal: Object(error) };
    }
  };

  const get = async (pk: string, sk: string): Promise<Item | null> => {
    const command = new GetItemCommand({ TableName, Key: { PK: text(pk), SK: text(sk) }, ConsistentRead: true });
    return (await call('GetItem', () => client.send(command))).Item ?? null;
  };

  const put = async (item: Item, condition?: Expression): Promise<PutResult> => {
    const command = new PutItemCommand({
      TableName,
      Item: item,
      ...conditionOf(condition),
      ...(condition && { ReturnValues: 'ALL_OLD', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    });
    const done = await unlessRefused(call('PutItem', () => client.send(command)));
    if ('output' in done) return { put: true, old: done.output.Attributes ?? null };
    // Emulators do not return the item with the refusal.
    const { Item: stored }: { Item?: Item } = done.refusal;
    return { put: false, stored: stored ?? (await get(textIn(item, 'PK'), textIn(item, 'SK'))) };
  };

  /** Deletes an item; false when the condition refused. */
  const remove = async (pk: string, sk: string, condition?: Expression): Promise<boolean> => {
    const command = new DeleteItemCommand({
      TableName,
      Key: { PK: text(pk), SK: text(sk) },
      ...conditionOf(condition),
    });
    return 'output' in (await unlessRefused(call('DeleteItem', () => client.send(command))));
  };

  const allPages = async (
    action: 'Query' | 'Scan',
    { key, filter }: { key?: Expression; filter?: Expression | undefined },
  ): Promise<Item[]> => {
    const input: QueryCommandInput & ScanCommandInput = {
      TableName,
      ConsistentRead: true,
      ...(key && { KeyConditionExpression: key.expression }),
      ...(filter && { FilterExpression: filter.expression }),
      ExpressionAttributeValues: { ...key?.values, ...filter?.values },
    };
    const items: Item[] = [];
    for (let from: Item | undefined; ; ) {
      const command = action === 'Query' ? new QueryCommand(input) : new ScanCommand(input);
      if (from) command.input.ExclusiveStartKey = from;
      const page: QueryCommandOutput = await call(action, () => client.send(command as QueryCommand));
      for (const item of page.Items ?? []) items.push(item);
      if (page.LastEvaluatedKey === undefined) return items;
      from = page.LastEvaluatedKey;
    }
  };

  return {
    get,
    put,
    remove,
    /** All items of a key condition that pass the filter, in the order of their sort keys. */
    query: (key: Expression, filter?: Expression): Promise<Item[]> => allPages('Query', { key, filter }),
    /** All items that pass the filter, in no order: reads, and pays for, the whole table. */
    scan: (filter: Expression): Promise<Item[]> => allPages('Scan', { filter }),
  };
}
