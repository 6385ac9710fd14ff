/**
 * Batches that were quarantined are put among those that failed, from where the deployed `redrive` counts them within 5
 * minutes, through the same walk as any delivery. For use when what made them unreadable was put right: an update, an
 * account that is allowed by now. What still cannot be read is quarantined again; the kept object stays until it expires.
 */
import { coded } from './coded.ts';
import { FAILED_PREFIX } from './failure.ts';
import type { Objects } from './objects.ts';

const QUARANTINE_PREFIX = 'quarantine/';

/** `at` is an object of the quarantine, or ends in "/" for all below it. Returns how many were put back. */
export async function requeue(objects: Objects, at: string): Promise<number> {
  if (!at.startsWith(QUARANTINE_PREFIX)) {
    throw coded(
      'NOT_QUARANTINE',
      `Only what is below ${QUARANTINE_PREFIX} can be put back; the log of ingest names it.`,
    );
  }
  let count = 0;
  for await (const keys of objects.list(at)) {
    for (const key of keys.filter((key) => key === at || at.endsWith('/'))) {
      await requeueOne(objects, key);
      count += 1;
    }
  }
  if (count === 0) {
    throw coded(
      'NOT_KEPT',
      `There is no such batch in bucket ${objects.bucket}; what is quarantined is kept for 14 days.`,
    );
  }
  return count;
}

async function requeueOne(objects: Objects, key: string): Promise<void> {
  const requestPayload = payloadOf(await objects.get(key));
  if (requestPayload === undefined) {
    throw coded('NO_EVENT', `s3://${objects.bucket}/${key} does not hold an event; it cannot be delivered again.`);
  }
  await objects.put(`${FAILED_PREFIX}${key}`, JSON.stringify({ version: '1.0', requestPayload }));
}

function payloadOf(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
