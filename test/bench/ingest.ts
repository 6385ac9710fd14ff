// CPU time of the ingest path, as a ratio to the least any forwarder must do: gunzip and parse the envelope. Texts differ in
// ids, times and amounts, as in reality. Rounds are interleaved and medians printed, because a shared machine is noisy.
// Run with `npm run bench`; docs/architecture.md says how to read it.
import { gunzipSync, gzipSync } from 'node:zlib';
import { contributionsOf } from '../../shared/contribution.ts';
import { decodeSubscription } from '../../shared/envelope.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { MIXED, mixedEvents } from '../fixtures/mix.ts';
import { hexOf } from '../fixtures/rng.ts';

const ROUNDS = 9;
const AT_MS = Date.UTC(2026, 10, 17, 9);

interface Batch {
  readonly events: number;
  /** Share of events that belong to calls, a third of which failed. */
  readonly relevant: number;
  readonly isAscii: boolean;
}

/** One letter beyond ASCII anywhere makes the whole text of a batch twice as wide. */
const WIDE = { id: hexOf('wide', 32), timestamp: AT_MS, message: 'INFO app: заказ ✓' };

function payload({ events, relevant, isAscii }: Batch): { awslogs: { data: string } } {
  const mixed = mixedEvents(events, AT_MS, { carriers: MIXED, relevant, failed: 0.33 });
  const logEvents = mixed.map((event) => ({ ...event, message: ascii(event.message) }));
  if (!isAscii) logEvents.unshift(WIDE);
  const envelope = { messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: '/app', logStream: 's', logEvents };
  return { awslogs: { data: gzipSync(JSON.stringify(envelope)).toString('base64') } };
}

const ascii = (line: string): string => line.replace(/[^\u0000-\u007f]/g, '?');

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

function measure(mix: Batch): string {
  const event = payload(mix);
  const repeats = Math.ceil(10_000 / mix.events);
  const repeated = (work: () => void) => () => {
    for (let n = 0; n < repeats; n++) work();
  };
  let counted = 0;
  let received = 0;
  const floor = repeated(() => JSON.parse(gunzipSync(Buffer.from(event.awslogs.data, 'base64')).toString('utf8')));
  const pipeline = repeated(() => {
    const decoded = decodeSubscription(event);
    if (decoded.kind !== 'batch') return;
    for (const { totals } of contributionsOf(decoded.batch, DEFAULT_SETTINGS, { nowMs: AT_MS })) {
      counted += totals.counted;
      received += totals.received;
    }
  });
  const rounds = Array.from({ length: ROUNDS }, () => ({ floor: cpuMs(floor), ours: cpuMs(pipeline) }));
  const events = received / ROUNDS;
  const records = counted / ROUNDS;
  const ours = median(rounds.map((round) => round.ours));
  const more = median(rounds.map((round) => round.ours - round.floor));
  const ratio = median(rounds.map((round) => round.ours / round.floor));
  return [
    `${mix.events} events, ${Math.round(100 * mix.relevant)} % of calls, ${mix.isAscii ? 'ASCII' : 'non-ASCII'}:`,
    `${ratio.toFixed(2)} x the floor, ${((1000 * ours) / events).toFixed(1)} µs an event`,
    // What a record costs can only be told where there is nothing else.
    ...(mix.relevant === 1 ? [`(${((1000 * more) / records).toFixed(1)} µs more for each record of a call)`] : []),
  ].join(' ');
}

for (const events of [1000, 10_000])
  for (const isAscii of [true, false])
    for (const relevant of [0, 0.05, 0.5, 1]) console.log(measure({ events, relevant, isAscii }));
