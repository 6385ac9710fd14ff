/** `gridwatch classify`: one JSON line in, one verdict out, in order. For tests of rules, and for scripts. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { classifyWith, type Outcome } from '../../shared/classify.ts';
import { parseEvent } from '../../shared/parse.ts';
import type { LogBatch } from '../../shared/record.ts';
import type { Settings } from '../../shared/settings.ts';
import { timestampOf } from '../../shared/timestamp.ts';
import { type Triage, triage } from '../../shared/triage.ts';
import { EXIT, UsageError } from './exit.ts';
import { decisionOf } from './explain.ts';
import { print, say } from './terminal.ts';

interface Line {
  readonly id: unknown;
  readonly message: string;
  readonly timestamp: number | null;
  readonly logGroup: string;
  readonly logStream: string;
}

export async function classifyLines(file: string, settings: Settings, explained = false): Promise<number> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let at = 0;
  let bad = 0;
  const failed = new Promise<never>((_, reject) =>
    input.once('error', (error: Error) =>
      reject(
        new UsageError(
          `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}); name a file of JSON lines, or - for standard input.`,
        ),
      ),
    ),
  );
  const read = (async () => {
    for await (const text of lines) {
      at += 1;
      if (text.trim() === '') continue;
      const line = readLine(text);
      if (line === null) {
        bad += 1;
        say(`line ${at} is no JSON string and no object with a "message"; it was answered with "skipped":"malformed".`);
        print(JSON.stringify(answer(idOf(text), null, 'malformed')));
      } else print(JSON.stringify(verdict(line, String(at), settings, explained)));
    }
  })();
  await Promise.race([read, failed]);
  return bad > 0 ? EXIT.usage : EXIT.ok;
}

/** Of a line that is no question, for the script that asked it. */
function idOf(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && Object.hasOwn(json, 'id') && 'id' in json ? json.id : null;
  } catch {
    return null;
  }
}

function readLine(text: string): Line | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json === 'string') json = { message: json };
  if (typeof json !== 'object' || json === null || !('message' in json) || typeof json.message !== 'string')
    return null;
  const field = (name: string): unknown =>
    Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined;
  const text_ = (name: string): string => (typeof field(name) === 'string' ? String(field(name)) : '');
  const timestamp = field('timestamp');
  return {
    id: field('id') ?? null,
    message: json.message,
    timestamp: typeof timestamp === 'number' ? timestamp : null,
    logGroup: text_('logGroup'),
    logStream: text_('logStream'),
  };
}

function verdict(line: Line, ordinal: string, settings: Settings, explained: boolean): Record<string, unknown> {
  const event = { id: ordinal, timestamp: line.timestamp ?? timestampOf(line.message) ?? 0, message: line.message };
  const batch: LogBatch = { owner: 'local', logGroup: line.logGroup, logStream: line.logStream, events: [event] };
  const parsed = parseEvent(event, batch, settings);
  if ('skipped' in parsed) {
    const said = answer(line.id, null, parsed.skipped);
    return explained ? { ...said, decision: { signature: parsed.signature ?? null } } : said;
  }
  const outcome = classifyWith(settings.rules)(parsed.record);
  const said = answer(line.id, outcome, null);
  return explained ? { ...said, decision: decisionOf(outcome, settings) } : said;
}

const NO_TRIAGE: Triage = { category: null, origin: null, retry: null };

const answer = (id: unknown, outcome: Outcome | null, skipped: string | null): Record<string, unknown> => {
  const { category, origin, retry } = outcome ? triage(outcome) : NO_TRIAGE;
  return {
    id,
    call: outcome !== null,
    kind: outcome?.record.kind ?? null,
    failed: outcome?.failed ?? false,
    status: outcome?.record.status ?? null,
    category,
    cause: outcome?.cause ?? null,
    origin,
    retry,
    provider: outcome?.record.provider ?? null,
    model: outcome?.record.model ?? null,
    shape: outcome?.record.shape ?? null,
    skipped,
  };
};
