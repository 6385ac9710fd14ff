/** CloudWatch Logs -> counts: what a subscription delivers goes through `aws/delivery.ts`. */
import { type IngestWorld, ingestPayload } from './aws/delivery.ts';
import { type Handler, invoked } from './aws/invocation.ts';
import { deliveryWorld } from './aws/world.ts';

export const ingestHandler = (world: () => Promise<IngestWorld>): Handler<unknown, void> =>
  invoked(async (event, account) => ingestPayload(event, await world(), account));

export const handler = ingestHandler(deliveryWorld);
