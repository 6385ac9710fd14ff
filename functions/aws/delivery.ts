/**
 * One delivery of CloudWatch Logs -> counts; `ingest` and `redrive` both come through here. What can never be read is
 * quarantined and acknowledged, for a retry would read the same bytes; what fails because the world is broken is thrown,
 * and the platform delivers it again: that changes no count.
 */
import { decodeSubscription } from '../../shared/envelope.ts';
import { ingest, type World } from '../../shared/pipeline.ts';
import type { Deployment } from '../../shared/settings.ts';
import { lawHolds } from '../../shared/window.ts';
import type { Account } from './invocation.ts';
import type { Quarantine, Reason } from './quarantine.ts';

export interface IngestWorld extends World, Pick<Deployment, 'allowedOwners' | 'ownLogGroups'> {
  readonly quarantine: Quarantine;
}

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
  measure('Utf8Repaired', decoded.repaired ? 1 : 0);
  measure('DuplicateBatches', duplicates);
  measure('Mismatches', mismatches);
  measure('LawBroken', lawHolds(totals) ? 0 : 1);
}
