/** `gridwatch packet`: an alert as LLMGrid support needs it, with call ids read anew from the user's own log files. */
import { joinCalls } from '../../shared/calls.ts';
import { classifyWith } from '../../shared/classify.ts';
import { type Packet, type PacketCall, packetCall, packetText, spread } from '../../shared/packet.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { Settings } from '../../shared/settings.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { answerOf } from './asked.ts';
import { openClient, type Place } from './client.ts';
import { EXIT, isFatal } from './exit.ts';
import { openSources } from './sources.ts';
import { print, say } from './terminal.ts';

export interface PacketOptions {
  readonly logs?: readonly string[] | undefined;
  readonly json: boolean;
  readonly settings: Settings;
}

export async function packet(id: string, place: Place, { logs, json, settings }: PacketOptions): Promise<number> {
  const told = await packetFrom(place, id);
  const { calls, isWhole } = logs ? await callsOf(told, logs, settings) : { calls: null, isWhole: true };
  print(json ? JSON.stringify({ ...told, calls: calls ?? [] }) : packetText(told, calls));
  return isWhole ? EXIT.ok : EXIT.usage;
}

async function packetFrom(place: Place, id: string): Promise<Packet> {
  const client = await openClient(place);
  try {
    return JSON.parse(await answerOf(client, { path: `/v1/alerts/${encodeURIComponent(id)}/packet` }));
  } finally {
    await client.close();
  }
}

async function callsOf(told: Packet, logs: readonly string[], settings: Settings) {
  const calls: PacketCall[] = [];
  let isWhole = true;
  const classified = classifyWith(settings.rules);
  const sources = openSources(logs, {
    nowMs: Date.now,
    fromMs: Date.parse(told.from) - MINUTE_MS,
    toMs: Date.parse(told.to) + MINUTE_MS,
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
    calls.push(...joinCalls(outcomes).flatMap((placed) => packetCall(told, placed) ?? []));
  }
  return { calls: spread(calls), isWhole };
}
