// CPU time of the ingest path, per log event, as a ratio to the least any forwarder must do: gunzip and parse the envelope.
// Rounds are interleaved and the median is printed, because a shared machine is noisy. Run with `npm run bench`.
import { gunzipSync, gzipSync } from 'node:zlib';
import { contributionsOf } from '../../shared/contribution.ts';
import { decodeSubscription } from '../../shared/envelope.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { FAILURES, SUCCESS } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { rng } from '../fixtures/rng.ts';
import { type Call, canRender, SHAPES } from '../fixtures/shapes.ts';

const EVENTS = 5000;
const ROUNDS = 9;
const AT_MS = Date.UTC(2026, 10, 17, 9);

/** A subscription payload of which this share of events belongs to calls, a third of them failed. */
function payload(relevant: number): { awslogs: { data: string } } {
  const random = rng(7);
  const logEvents: { id: string; timestamp: number; message: string }[] = [];
  while (logEvents.length < EVENTS) {
    const atMs = AT_MS + logEvents.length * 10;
    const messages = random.chance(relevant) ? callLines(random, atMs) : [random.pick(NOISE)];
    for (const message of messages) logEvents.push({ id: String(logEvents.length), timestamp: atMs, message });
  }
  const envelope = { messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: '/app', logStream: 's', logEvents };
  return { awslogs: { data: gzipSync(JSON.stringify(envelope)).toString('base64') } };
}

function callLines(random: ReturnType<typeof rng>, atMs: number): string[] {
  const shape = SHAPES[random.pick(['pino', 'httpx-line', 'powertools-ts', 'openai-python'])];
  if (shape === undefined) return [];
  const failure = random.pick(FAILURES.filter((row) => canRender(shape, row)));
  const base = { atMs, model: 'gpt-4o', latencyMs: 900, requestId: `req-${atMs}` };
  return shape.render((random.chance(0.33) ? { ...base, failure } : { ...base, success: SUCCESS }) as Call);
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

for (const relevant of [0, 0.05, 0.5, 1]) {
  const event = payload(relevant);
  const floor = () => JSON.parse(gunzipSync(Buffer.from(event.awslogs.data, 'base64')).toString('utf8'));
  const pipeline = () => {
    const decoded = decodeSubscription(event);
    if (decoded.kind === 'batch') contributionsOf(decoded.batch, DEFAULT_SETTINGS, { nowMs: AT_MS });
  };
  const rounds = Array.from({ length: ROUNDS }, () => ({ floor: cpuMs(floor), ours: cpuMs(pipeline) }));
  const ours = median(rounds.map((round) => round.ours));
  const ratio = median(rounds.map((round) => round.ours / round.floor));
  const perEvent = ((1000 * ours) / EVENTS).toFixed(1);
  console.log(`${Math.round(100 * relevant)} % of calls: ${perEvent} µs an event, ${ratio.toFixed(1)} x the floor`);
}
