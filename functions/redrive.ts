/** Every five minutes: what Lambda gave up on and wrote into the bucket is counted after all (`aws/redelivery.ts`). */
import { setTimeout } from 'node:timers/promises';
import { coded } from './aws/coded.ts';
import { type Handler, invoked } from './aws/invocation.ts';
import { type RedriveWorld, redriveAll } from './aws/redelivery.ts';
import { deliveryWorld, objects } from './aws/world.ts';

/** So much time is left when the last round begins. */
const ROOM_MS = 30_000;
const JITTER_MS = 20_000;
const pause = (): Promise<void> => setTimeout(Math.random() * JITTER_MS);

export const redriveHandler = (made: () => Promise<RedriveWorld>): Handler<unknown, void> =>
  invoked(async (_, account, context) => {
    const counts = await redriveAll(await made(), account, () => context.getRemainingTimeInMillis() > ROOM_MS);
    account.note(counts);
    account.measure('Redriven', counts.redriven);
    account.measure('RedriveLeft', counts.failed + counts.left);
    if (counts.failed > 0 && counts.redriven === 0) {
      throw coded('REDRIVE_FAILED', `None of ${counts.failed} failed batches could be counted.`);
    }
  });

export const handler = redriveHandler(async () => ({ ...(await deliveryWorld()), objects: await objects(), pause }));
