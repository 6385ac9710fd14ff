/** What AWS calls of a deployment, called here. */
import './environment.ts';
import type { evaluateHandler } from '../../functions/evaluate.ts';
import { ingestHandler } from '../../functions/ingest.ts';
import type { Store } from '../../shared/ports.ts';
import { contextOf, ingestWorldOf, listen } from './fakes.ts';

/** A subscription's event, delivered at a time. */
export const deliver = (store: Store, nowMs: number, event: unknown) =>
  listen(() => ingestHandler(async () => ingestWorldOf(nowMs, { store }).world)(event, contextOf()));

/** The event of a schedule. */
export const evaluateAt = (atMs: number, evaluate: ReturnType<typeof evaluateHandler>) =>
  listen(() => evaluate({ source: 'aws.events', time: new Date(atMs).toISOString() }, contextOf()));
