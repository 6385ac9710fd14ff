/**
 * Batches that can never be read are kept with their code instead of being retried: a retry would read the same bytes.
 * The object is named by its content, so the same batch delivered again is the same object. Object first, index second: a
 * crash between the two makes the platform deliver again, and both are then there. A write that fails is thrown, so that
 * nothing is acknowledged that was not kept.
 */
import type { RefusalCode } from '../../shared/envelope.ts';
import type { Store } from '../../shared/ports.ts';
import { sha256 } from '../../shared/window.ts';
import type { Objects } from './objects.ts';

export type QuarantineCode = RefusalCode | 'FOREIGN_OWNER' | 'BAD_FAILURE_RECORD';

export interface Reason {
  readonly code: QuarantineCode;
  /** A sentence of ours; nothing of the payload. */
  readonly detail: string;
}

export interface Kept {
  readonly digest: string;
  /** `s3://bucket/key` of the raw payload. */
  readonly at: string;
}

export interface Quarantine {
  keep(payload: unknown, reason: Reason): Promise<Kept>;
}

export interface QuarantineOptions {
  readonly store: Store;
  readonly objects: () => Promise<Objects>;
  readonly now: () => number;
}

export function quarantine({ store, objects, now }: QuarantineOptions): Quarantine {
  return {
    keep: async (payload, { code, detail }) => {
      const text = textOf(payload);
      const digest = sha256(text).slice(0, 32);
      const at = new Date(now()).toISOString();
      const key = `quarantine/${at.slice(0, 10)}/${digest}`;
      const { bucket, put } = await objects();
      await put(key, text);
      // False means that it was kept before: the index stays as it is.
      await store.save(key, { code, detail, size: Buffer.byteLength(text), object: key, at }, 0);
      return { digest, at: `s3://${bucket}/${key}` };
    },
  };
}

/** What cannot be written down again (10,000 levels deep, say) has to be kept without its content, or it would be retried for ever. */
function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload;
  try {
    return JSON.stringify(payload) ?? 'null';
  } catch {
    return '"(could not be written as JSON)"';
  }
}
