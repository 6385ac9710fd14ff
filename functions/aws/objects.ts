/**
 * Objects of one S3 bucket. The S3 client is larger than everything else that `ingest` needs, and is needed only for what
 * can never be read: so this file is built on its own and loaded when it is first used (`world.ts`, `build.mjs`).
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { coded } from './coded.ts';

export interface Objects {
  readonly bucket: string;
  put(key: string, body: string): Promise<void>;
  /** The text under a key; null where there is none (any more). */
  get(key: string): Promise<string | null>;
  /** Keys below a prefix in the order of their bytes, page by page. */
  list(prefix: string): AsyncGenerator<readonly string[]>;
  remove(key: string): Promise<void>;
}

/** What Node cannot connect to is an `Error` that says more by its code. */
const nameOf = (error: unknown): string => {
  const { name, code } = Object(error);
  return String(name === 'Error' && typeof code === 'string' ? code : name);
};

export function bucketObjects(bucket: string, client = new S3Client({})): Objects {
  const Bucket = bucket;
  const call = async <T>(action: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (cause) {
      const sentence = `s3:${action} in bucket ${bucket} failed with ${nameOf(cause)}; trying again is safe.`;
      throw coded('BUCKET_FAILED', sentence, cause);
    }
  };
  const read = async (key: string): Promise<string | null> => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      return (await Body?.transformToString()) ?? '';
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return null;
      throw error;
    }
  };
  return {
    bucket,
    put: async (key, body) => {
      const command = new PutObjectCommand({ Bucket, Key: key, Body: body, ContentType: 'application/json' });
      await call('PutObject', () => client.send(command));
    },
    get: (key) => call('GetObject', () => read(key)),
    list: async function* (prefix) {
      for (let from: string | undefined; ; ) {
        const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(from && { ContinuationToken: from }) });
        const page = await call('ListObjectsV2', () => client.send(command));
        yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
        from = page.NextContinuationToken;
        if (from === undefined) return;
      }
    },
    remove: async (key) => {
      await call('DeleteObject', () => client.send(new DeleteObjectCommand({ Bucket, Key: key })));
    },
  };
}
