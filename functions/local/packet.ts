/** `gridwatch packet`: an alert of a local store as LLMGrid support needs it, with call ids read anew from log files. */
import { existsSync } from 'node:fs';
import type { Alert } from '../../shared/alert.ts';
import { joinCalls } from '../../shared/calls.ts';
import { classifyWith } from '../../shared/classify.ts';
import { type PacketCall, packetCall, packetOf, packetText, rangeOfPacket } from '../../shared/packet.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { Store } from '../../shared/ports.ts';
import type { Settings } from '../../shared/settings.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { EXIT, isFatal, UsageError } from './exit.ts';
import { openSources } from './sources.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { print, say } from './terminal.ts';

export interface PacketOptions {
  readonly db: string;
  readonly logs?: readonly string[] | undefined;
  readonly json: boolean;
  readonly settings: Settings;
}

export async function packet(id: string, options: PacketOptions): Promise<number> {
  if (!existsSync(options.db))
    throw new UsageError(`There is no store at ${options.db}; name it with --db, as gridwatch start was told.`);
  const store = openSqliteStore(options.db);
  try {
    const alert = await alertOf(store, id);
    const { fromMs, toMs } = rangeOfPacket(alert);
    const { calls, isWhole } = await callsOf(alert, options);
    const told = packetOf(alert, await store.rollUps('minute', fromMs, toMs), calls);
    print(options.json ? JSON.stringify(told) : packetText(told, options.logs !== undefined));
    return isWhole ? EXIT.ok : EXIT.usage;
  } finally {
    await store.close();
  }
}

/** The beginning of an id will do, if only one alert has it. */
async function alertOf(store: Store, id: string): Promise<Alert> {
  const alerts = (await store.list('alert/')).map(({ value }) => value as Alert);
  const [found, ...others] = alerts.filter((alert) => alert.id.startsWith(id));
  if (found !== undefined && others.length === 0) return found;
  const known = alerts.filter(({ firedMs }) => firedMs !== null).map((alert) => alert.id);
  const list = known.length === 0 ? 'it holds none' : `it holds ${known.slice(-10).join(', ')}`;
  throw new UsageError(
    `${found ? 'More than one alert begins' : 'No alert of this store begins'} with ${id.slice(0, 40)}; ${list}.`,
  );
}

async function callsOf(alert: Alert, { logs = [], settings }: PacketOptions) {
  const calls: PacketCall[] = [];
  let isWhole = true;
  if (logs.length === 0) return { calls, isWhole };
  const { fromMs, toMs } = rangeOfPacket(alert);
  const classified = classifyWith(settings.rules);
  const sources = openSources(logs, {
    nowMs: Date.now,
    fromMs: fromMs - MINUTE_MS,
    toMs: toMs + MINUTE_MS,
    live: false,
    onProblem: ({ code, message }) => {
      isWhole &&= !isFatal(code);
      say(message);
    },
  });
  for await (const { batch } of sources) {
    const outcomes = [...parseBatch(batch, settings)].flatMap((block) =>
      'record' in block ? [classified(block.record)] : [],
    );
    calls.push(...joinCalls(outcomes).flatMap((placed) => packetCall(alert, placed) ?? []));
  }
  return { calls, isWhole };
}
