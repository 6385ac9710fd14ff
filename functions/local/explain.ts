/** `gridwatch explain`: what a status, a cause or a pasted line means, and what to do. */
import pc from 'picocolors';
import { CAUSES, type Cause, causeById } from '../../shared/causes.ts';
import { classifyWith, type Outcome, type Rule } from '../../shared/classify.ts';
import { parseEvent } from '../../shared/parse.ts';
import type { LogBatch } from '../../shared/record.ts';
import type { Settings } from '../../shared/settings.ts';
import { signatureOf } from '../../shared/signature.ts';
import { RETRY_WORDS } from '../../shared/words.ts';
import { EXIT } from './exit.ts';
import { plain, print, say } from './terminal.ts';

interface Explanation {
  readonly about: string;
  readonly why: string;
  readonly causes: readonly Cause[];
  /** Of a line: what decided, by name. */
  readonly decision?: ReturnType<typeof decisionOf>;
}

export interface ExplainOptions {
  readonly json: boolean;
  readonly settings: Settings;
}

export function explain(words: readonly string[], { json, settings }: ExplainOptions): number {
  const text = words.join(' ').trim();
  const found = ofStatus(text) ?? ofCause(text) ?? ofLine(text, settings);
  if (found === null) {
    say(unknown(text));
    return EXIT.usage;
  }
  print(json ? JSON.stringify(found) : render(found));
  return EXIT.ok;
}

function ofStatus(text: string): Explanation | null {
  if (!/^\d{3}$/.test(text)) return null;
  const causes = CAUSES.filter((cause) => cause.statuses.includes(Number(text)));
  const documented = causes.filter((cause) => cause.documented && cause.statuses[0] === Number(text));
  return causes.length === 0
    ? null
    : {
        about: `Status ${text}`,
        why: `${documented.length} documented causes, and others that are seen under it`,
        causes: [...documented, ...causes.filter((cause) => !documented.includes(cause))],
      };
}

function ofCause(text: string): Explanation | null {
  const cause = causeById(text.toLowerCase().replaceAll('-', '_'));
  return cause ? { about: cause.id, why: 'a cause of the catalogue', causes: [cause] } : null;
}

/** Names only: what a line says stays in it. */
export function decisionOf({ record, rule, by, cause }: Outcome, { keySalt }: Settings) {
  const { shape, kind, status, statusSource, errorType, errorClass, limit, retryAfterMs } = record;
  const evidence = { kind, status, statusSource, errorType, errorClass, limit: limit?.dimension ?? null, retryAfterMs };
  return { shape, rule, by, evidence, signature: cause === 'unknown' ? signatureOf(record, keySalt) : null };
}

/** `type` and `status` say more with their value; a text row is the cause itself. */
const decidedBy = ({ rule, by, cause }: Outcome): string =>
  by === null || by === cause ? RULES[rule] : `${RULES[rule]}: ${plain(by)}`;

const RULES: Readonly<Record<Rule, string>> = {
  own: 'a rule of your settings',
  type: 'the type or code of the error body',
  limit: 'the limit the message states',
  text: 'what the message says',
  family: 'what the message says, which names no more than the family',
  hint: 'the class name of the error',
  status: 'the status alone',
  none: 'nothing known',
};

/** A pasted line: read as the pipeline would read it, whatever host it names. */
function ofLine(text: string, settings: Settings): Explanation | null {
  const event = { id: '1', timestamp: 0, message: text };
  const batch: LogBatch = { owner: 'local', logGroup: '', logStream: '', events: [event] };
  const parsed = parseEvent(event, batch, settings);
  if ('skipped' in parsed) return null;
  const outcome = classifyWith(settings.rules)(parsed.record);
  const { cause, failed, record } = outcome;
  const row = cause === null ? undefined : causeById(cause);
  if (!failed || row === undefined) return null;
  const status = record.status === null ? 'no status' : `status ${record.status}`;
  return {
    about: `${status}, read as ${row.id}`,
    why: `decided by ${decidedBy(outcome)}; log shape ${record.shape}`,
    decision: decisionOf(outcome, settings),
    causes: [row],
  };
}

function render({ about, why, causes }: Explanation): string {
  return [`${pc.bold(about)} ${pc.dim(`(${why})`)}`, ...causes.map((cause) => one(cause))].join('\n\n');
}

const list = (lines: readonly string[]): string => lines.map((line) => `  - ${line}`).join('\n');

const one = (cause: Cause): string =>
  [
    `${pc.cyan(pc.bold(cause.title))} ${pc.dim(cause.id)}${cause.documented ? '' : pc.dim(' · not documented by LLMGrid: our advice')}`,
    cause.meaning,
    'Common causes:',
    list(cause.commonCauses),
    'What to do:',
    list(cause.remediation),
    `Retry: ${RETRY_WORDS[cause.retry]}.`,
    ...(cause.doNot === null ? [] : [pc.yellow(cause.doNot)]),
    pc.underline(cause.docUrl),
  ].join('\n');

function unknown(text: string): string {
  const shown = plain(text).slice(0, 60);
  const statuses = [...new Set(CAUSES.flatMap((cause) => cause.statuses))].sort((a, b) => a - b).join(' ');
  return `"${shown}" is no status, cause or failed LLM call that gridwatch knows.\nStatuses: ${statuses}\nCauses: ${CAUSES.map(({ id }) => id).join(' ')}\nOr paste the line of the log, in quotes.`;
}
