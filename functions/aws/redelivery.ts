/**
 * What Lambda gave up on and wrote into the bucket is delivered again, oldest first. Deleted after it was counted, so a
 * crash between the two counts it again, which changes nothing. What fails stays for the next time.
 */
import { type IngestWorld, ingestPayload } from './delivery.ts';
import { FAILED_PREFIX, readFailure } from './failure.ts';
import { type Account, errorFacts } from './invocation.ts';
import type { Objects } from './objects.ts';

export interface RedriveWorld extends IngestWorld {
  readonly objects: Objects;
  /** Waits a random while, so that the redrives of an account do not all meet a table that has just recovered. */
  readonly pause: () => Promise<void>;
}

/** Each holds a payload of up to 1 MB, and its log events while they are counted. */
const AT_ONCE = 8;
/** With so many failures in a row the world is broken, and asking on would only hold up its recovery. */
const ENOUGH = 3 * AT_ONCE;

type Became = 'redriven' | 'tick' | 'unreadable' | 'gone' | 'failed';
export type Redriven = Readonly<Record<Became | 'left', number>>;

/** Rounds go on while `hasTime` says so; what is left over is counted as `left`. */
export async function redriveAll(world: RedriveWorld, account: Account, hasTime: () => boolean): Promise<Redriven> {
  const counts = { redriven: 0, tick: 0, unreadable: 0, gone: 0, failed: 0, left: 0 };
  let inARow = 0;
  let hasPaused = false;
  for await (const keys of world.objects.list(FAILED_PREFIX)) {
    if (!hasPaused && keys.length > 0) await world.pause();
    hasPaused = true;
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const round = keys.slice(at, at + AT_ONCE);
      if (inARow >= ENOUGH || !hasTime()) counts.left += round.length;
      else {
        const became = await Promise.all(round.map((key) => redriveOne(key, world, account)));
        for (const each of became) counts[each] += 1;
        inARow = became.every((each) => each === 'failed') ? inARow + became.length : 0;
      }
    }
    if (counts.left > 0) break;
  }
  return counts;
}

async function redriveOne(key: string, world: RedriveWorld, { note, measure }: Account): Promise<Became> {
  try {
    const text = await world.objects.get(key);
    if (text === null) return 'gone';
    const failure = readFailure(text);
    if (failure.kind === 'unreadable') {
      await world.quarantine.keep(text, { code: 'BAD_FAILURE_RECORD', detail: 'not a record of a failed invocation' });
      measure('Quarantined', 1);
    }
    // The same walk as in `ingest`; its line per payload is left out, its metrics count.
    if (failure.kind === 'event') await ingestPayload(failure.payload, world, { note: () => {}, measure });
    await world.objects.remove(key);
    return failure.kind === 'event' ? 'redriven' : failure.kind;
  } catch (error) {
    note(errorFacts(error));
    return 'failed';
  }
}
