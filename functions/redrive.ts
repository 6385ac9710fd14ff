/**
 * Every five minutes: what Lambda gave up on and wrote into the bucket goes through `ingest` again. Deleted after it was
 * counted, so a crash between the two counts it again, which changes nothing. What fails stays for the next time.
 */
import { coded } from './aws/coded.ts';
import { FAILED_PREFIX, readFailure } from './aws/failure.ts';
import { type Account, errorFacts, type Handler, invoked } from './aws/invocation.ts';
import type { Objects } from './aws/objects.ts';
import { objects } from './aws/world.ts';
import { type IngestWorld, ingestPayload, ingestWorld } from './ingest.ts';

export interface RedriveWorld extends IngestWorld {
  readonly objects: Objects;
}

/** Each holds a payload of up to 1 MB, and its log events while they are counted. */
const AT_ONCE = 8;
/** So much time is left when the last round begins. */
const ROOM_MS = 30_000;
/** With so many failures in a row the world is broken, and asking on would only hold up its recovery. */
const ENOUGH = 3 * AT_ONCE;

type Became = 'redriven' | 'tick' | 'unreadable' | 'gone' | 'failed';

export const redriveHandler = (made: () => Promise<RedriveWorld>): Handler<unknown, void> =>
  invoked(async (_, account, context) => {
    const world = await made();
    const counts: Record<Became | 'left', number> = {
      redriven: 0,
      tick: 0,
      unreadable: 0,
      gone: 0,
      failed: 0,
      left: 0,
    };
    let inARow = 0;
    const goesOn = (): boolean => inARow < ENOUGH && context.getRemainingTimeInMillis() > ROOM_MS;
    for await (const keys of world.objects.list(FAILED_PREFIX)) {
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        const round = keys.slice(at, at + AT_ONCE);
        if (!goesOn()) counts.left += round.length;
        else {
          const became = await Promise.all(round.map((key) => redriveOne(key, world, account)));
          for (const each of became) counts[each] += 1;
          inARow = became.every((each) => each === 'failed') ? inARow + became.length : 0;
        }
      }
      if (counts.left > 0) break;
    }
    account.note(counts);
    account.measure('Redriven', counts.redriven);
    account.measure('RedriveLeft', counts.failed + counts.left);
    if (counts.failed > 0 && counts.redriven === 0) {
      throw coded('REDRIVE_FAILED', `None of ${counts.failed} failed batches could be counted.`);
    }
  });

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

export const handler = redriveHandler(async () => ({ ...(await ingestWorld()), objects: await objects() }));
