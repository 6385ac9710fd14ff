/** A world for the handlers: real store semantics, and buckets, topics and secrets that are kept in memory. */
import { gzipSync } from 'node:zlib';
import type { Context } from 'aws-lambda';
import type { IngestWorld } from '../../functions/aws/delivery.ts';
import type { Objects } from '../../functions/aws/objects.ts';
import { quarantine } from '../../functions/aws/quarantine.ts';
import type { Publication, Topic } from '../../functions/aws/topic.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';

export const OWNER = '123456789012';
export const MINUTE = 60_000;
/** 2026-11-17 09:00 UTC. */
export const T0 = Date.UTC(2026, 10, 17, 9);

export const contextOf = (remainingMs = 60_000): Context =>
  ({ awsRequestId: 'request-1', getRemainingTimeInMillis: () => remainingMs }) as unknown as Context;

/** A batch as CloudWatch Logs delivers it. */
export const packed = (message: unknown): unknown => ({
  awslogs: { data: gzipSync(typeof message === 'string' ? message : JSON.stringify(message)).toString('base64') },
});

export interface Line {
  readonly atMs: number;
  readonly message: string;
}

export const subscription = (lines: readonly Line[], over: Readonly<Record<string, unknown>> = {}) => ({
  messageType: 'DATA_MESSAGE',
  owner: OWNER,
  logGroup: '/app/checkout',
  logStream: 'stream-1',
  subscriptionFilters: ['gridwatch'],
  logEvents: lines.map(({ atMs, message }, index) => ({ id: `${atMs}-${index}`, timestamp: atMs, message })),
  ...over,
});

/** One line of httpx per call. */
export const call = (status: number, atMs: number): Line => ({
  atMs,
  message: `INFO httpx: HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions "HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Failed'}"`,
});

/** `calls` of which `failing` fail, spread over the minute that begins at `atMs`. */
export const minuteOf = (atMs: number, calls: number, failing: number, status = 503): Line[] =>
  Array.from({ length: calls }, (_, i) => call(i < failing ? status : 200, atMs + Math.floor((i * MINUTE) / calls)));

export function memoryObjects(): Objects & { readonly kept: Map<string, string>; fail: string | null } {
  const kept = new Map<string, string>();
  const objects = {
    bucket: 'bucket',
    kept,
    /** The action that fails. */
    fail: null as string | null,
    put: async (key: string, body: string) => {
      check('put');
      kept.set(key, body);
    },
    get: async (key: string) => {
      check('get');
      return kept.get(key) ?? null;
    },
    list: async function* (prefix: string) {
      check('list');
      const keys = [...kept.keys()].filter((key) => key.startsWith(prefix)).sort();
      for (let at = 0; at < keys.length; at += 10) yield keys.slice(at, at + 10);
    },
    remove: async (key: string) => {
      check('remove');
      kept.delete(key);
    },
  };
  const check = (action: string): void => {
    if (objects.fail === action) throw Object.assign(new Error(`s3:${action} failed`), { code: 'BUCKET_FAILED' });
  };
  return objects;
}

export interface FakeTopic extends Topic {
  readonly published: Publication[];
  readonly raw: string[];
  /** Refuses before, or takes the message and loses the answer. */
  fail: 'before' | 'after' | null;
  pending: number;
}

export function fakeTopic(arn = 'arn:aws:sns:us-east-1:123456789012:alerts'): FakeTopic {
  const topic: FakeTopic = {
    ...{ arn, published: [], raw: [], fail: null, pending: 0 },
    publish: async (publication) => {
      take(() => topic.published.push(structuredClone(publication)));
    },
    publishRaw: async (text) => {
      take(() => topic.raw.push(text));
    },
    unconfirmed: async () => topic.pending,
  };
  const take = (push: () => void): void => {
    const failed = (): Error => Object.assign(new Error(`sns:Publish on ${arn} failed`), { code: 'TOPIC_FAILED' });
    if (topic.fail === 'before') throw failed();
    push();
    if (topic.fail === 'after') throw failed();
  };
  return topic;
}

export interface FakeIngest {
  readonly world: IngestWorld;
  readonly store: Store;
  readonly objects: ReturnType<typeof memoryObjects>;
}

export function ingestWorldOf(nowMs = T0, over: Partial<IngestWorld> = {}): FakeIngest {
  const store = over.store ?? memoryStore();
  const objects = memoryObjects();
  const world: IngestWorld = {
    store,
    settings: { ...DEFAULT_SETTINGS, keySalt: 'salt' },
    quarantine: quarantine({ store, objects: async () => objects, now: () => nowMs }),
    allowedOwners: [OWNER],
    ownLogGroups: ['/gridwatch/Test/ingest'],
    nowMs,
    ...over,
  };
  return { world, store, objects };
}

/** A store of which some methods fail while `broken` lists them. */
export function breakable(store: Store): Store & { broken: readonly (keyof Store)[] } {
  const wrapped = { ...store, broken: [] as readonly (keyof Store)[] };
  for (const name of Object.keys(store) as (keyof Store)[]) {
    const method = store[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(wrapped, {
      [name]: async (...args: unknown[]) => {
        if (wrapped.broken.includes(name)) {
          throw Object.assign(new Error('dynamodb:PutItem on table t failed'), { code: 'TABLE_FAILED' });
        }
        return method(...args);
      },
    });
  }
  return wrapped;
}

export interface Said {
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly text: string;
}

/** What was written to standard output and error meanwhile: the log lines, the metrics, and all of it as text. */
export async function listen(work: () => Promise<unknown>): Promise<Said & { readonly answer: unknown }> {
  let text = '';
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    }),
  );
  let answer: unknown;
  try {
    answer = await work().catch((error: unknown) => error);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const documents = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const metrics: Record<string, number> = {};
  for (const document of documents.filter((each) => '_aws' in each))
    for (const [name, value] of Object.entries(document)) if (typeof value === 'number') metrics[name] = value;
  return { lines: documents.filter((each) => !('_aws' in each)), metrics, text, answer };
}
