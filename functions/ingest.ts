/**
 * CloudWatch Logs -> counts. What can never be read is quarantined and acknowledged, for a retry would read the same bytes;
 * what fails because the world is broken is thrown, and Lambda delivers it again: that changes no count.
 */
import { decodeSubscription } from '../shared/envelope.ts';
import { ingest, type World } from '../shared/pipeline.ts';
import type { Deployment } from '../shared/settings.ts';
import { lawHolds } from '../shared/window.ts';
import { type Account, type Handler, invoked } from './aws/invocation.ts';
import type { Quarantine, Reason } from './aws/quarantine.ts';
import { deployed, quarantined, saltedSettings, store } from './aws/world.ts';

export interface IngestWorld extends World, Pick<Deployment, 'allowedOwners' | 'ownLogGroups'> {
  readonly quarantine: Quarantine;
}

/** One payload as CloudWatch Logs delivers it; `redrive` replays through this as well. */
export async function ingestPayload(payload: unknown, world: IngestWorld, { note, measure }: Account): Promise<void> {
  const refuse = async (reason: Reason): Promise<void> => {
    const { digest, at } = await world.quarantine.keep(payload, reason);
    measure('Quarantined', 1);
    note({ ...reason, digest, at });
  };
  const decoded = decodeSubscription(payload);
  if (decoded.kind === 'control') return note({ control: true });
  if (decoded.kind === 'refused') return refuse(decoded);
  const { owner, logGroup } = decoded.batch;
  if (!world.allowedOwners.includes(owner)) {
    return refuse({ code: 'FOREIGN_OWNER', detail: 'the log events belong to an account that is not allowed' });
  }
  if (world.ownLogGroups.includes(logGroup)) {
    measure('LoopGuard', 1);
    return note({ loop: true });
  }
  const { totals, skipped, duplicates, mismatches } = await ingest(decoded.batch, world, decoded.malformed);
  note({ totals: { ...totals }, skipped, duplicates, mismatches });
  measure('Received', totals.received);
  measure('Counted', totals.counted);
  measure('Unreadable', totals.malformed);
  measure('DuplicateBatches', duplicates);
  measure('Mismatches', mismatches);
  measure('LawBroken', lawHolds(totals) ? 0 : 1);
}

export const ingestHandler = (world: () => Promise<IngestWorld>): Handler<unknown, void> =>
  invoked(async (event, account) => ingestPayload(event, await world(), account));

export const ingestWorld = async (): Promise<IngestWorld> => ({
  store: store(),
  settings: await saltedSettings(),
  quarantine: quarantined(),
  allowedOwners: deployed('allowedOwners'),
  ownLogGroups: deployed('ownLogGroups'),
  nowMs: Date.now(),
});

export const handler = ingestHandler(ingestWorld);
