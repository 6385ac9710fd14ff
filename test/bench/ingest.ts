// CPU time of the ingest path, as a ratio to the least any forwarder must do: gunzip and parse the envelope. Every round reads
// batches that were never read before (other calls, ids, times and amounts, of the same application), after one batch to warm
// up: reading remembers, and must not be flattered by it. `cold` is a process that starts. Rounds are interleaved and
// medians printed, because a shared machine is noisy. Run with `npm run bench`; docs/architecture.md says how to read it.
import { gunzipSync, gzipSync } from 'node:zlib';
import { contributionsOf } from '../../shared/contribution.ts';
import { decodeSubscription } from '../../shared/envelope.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { HOUR_MS } from '../../shared/window.ts';
import { MIXED, mixedEvents } from '../fixtures/mix.ts';
import { hexOf } from '../fixtures/rng.ts';

const ROUNDS = 9;
const AT_MS = Date.UTC(2026, 10, 17, 9);

type Payload = ReturnType<typeof payload>;
interface Count {
  counted: number;
  received: number;
}

interface Batch {
  readonly events: number;
  /** Share of events that belong to calls, a third of which failed. */
  readonly relevant: number;
  readonly isAscii: boolean;
}

/** One letter beyond ASCII anywhere makes the whole text of a batch twice as wide. */
const WIDE = { id: hexOf('wide', 32), timestamp: AT_MS, message: 'INFO app: заказ ✓' };

function payload({ events, relevant, isAscii }: Batch, seed: number): { awslogs: { data: string } } {
  const mixed = mixedEvents(events, AT_MS + seed * HOUR_MS, { carriers: MIXED, relevant, failed: 0.33, seed });
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
  const repeats = Math.ceil(10_000 / mix.events);
  const round = (n: number) => Array.from({ length: repeats }, (_, at) => payload(mix, n * repeats + at));
  const floor = (events: readonly Payload[]) => () => {
    for (const { awslogs } of events) JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString('utf8'));
  };
  const pipeline = (events: readonly Payload[], settings: Settings, count: Count) => () => {
    for (const event of events) {
      const decoded = decodeSubscription(event);
      if (decoded.kind !== 'batch') continue;
      for (const { totals } of contributionsOf(decoded.batch, settings, { nowMs: AT_MS })) {
        count.counted += totals.counted;
        count.received += totals.received;
      }
    }
  };
  // What is remembered belongs to a settings object.
  const warm = { ...DEFAULT_SETTINGS };
  pipeline(round(0), warm, { counted: 0, received: 0 })();
  const rounds = Array.from({ length: ROUNDS }, (_, n) => {
    const [events, count, unused] = [round(n + 1), { counted: 0, received: 0 }, { counted: 0, received: 0 }];
    const least = cpuMs(floor(events));
    const ours = cpuMs(pipeline(events, warm, count));
    return { floor: least, ours, cold: cpuMs(pipeline(events, { ...DEFAULT_SETTINGS }, unused)), ...count };
  });
  const each = (of: (one: (typeof rounds)[number]) => number): string => median(rounds.map(of)).toFixed(1);
  return [
    `${mix.events} events, ${Math.round(100 * mix.relevant)} % of calls, ${mix.isAscii ? 'ASCII' : 'non-ASCII'}:`,
    `${each(({ floor, ours }) => ours / floor)} x the floor, ${each(({ ours, received }) => (1000 * ours) / received)} µs an event`,
    `(cold ${each(({ cold, received }) => (1000 * cold) / received)})`,
    // What a record costs can only be told where there is nothing else.
    ...(mix.relevant === 1
      ? [`, ${each(({ floor, ours, counted }) => (1000 * (ours - floor)) / counted)} µs more for each record of a call`]
      : []),
  ].join(' ');
}

for (const events of [1000, 10_000])
  for (const isAscii of [true, false])
    for (const relevant of [0, 0.05, 0.5, 1]) console.log(measure({ events, relevant, isAscii }));
