/**
 * The e-mail. The first line says what to do, the next what happens, then what the minutes show, where, and how to mend it.
 * Read on a phone at night: short lines, nothing aligned by blanks, addresses on their own line so that they can be tapped.
 */
import type { Hit, Notification } from '../alert.ts';
import { type Cause, causeById } from '../causes.ts';
import { clock, count, percent, type Scope } from '../detect.ts';
import { kindWords, lasted, nameWords, RETRY_WORDS, scopeWords } from '../words.ts';
import { firstStep, plainStep } from './first-step.ts';
import { endOf, evidenceOf, isFoundLate, type Lead, type Told } from './lead.ts';

const COLUMNS = 72;
const KINDS: readonly Scope['by'][] = ['logGroup', 'key', 'project', 'tenant', 'model', 'provider'];
const SHOWN_PER_KIND = 4;
/** A second cause with so much of the failures gets its advice too. */
const ALSO = 0.2;

/** Breaks at blanks, but not before a per cent sign; a word longer than a line is cut. */
function wrap(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/\S{1,60}( %\S{0,3})?/gu) ?? []) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
const item = (text: string): string => wrap(`- ${text}`, '  ');

/** Why this is sent now, and what to do first. */
function opening({ reason, alert, atMs }: Notification, lead: Lead): string[] {
  const first = `Do this first: ${firstStep(alert, lead)}`;
  switch (reason) {
    case 'first':
      return [first, ...isBack(alert)];
    case 'escalated':
      return alert.reason === 'wider'
        ? [first, `It is getting worse: it has spread to ${scopeWords(alert.scope)}.`]
        : [first, 'It is getting worse: ten times as many failures a minute as when you were last told.'];
    case 'repeat':
      return [first, `It still fails, ${lasted(atMs - alert.sinceMs)} after it began.`];
    case 'delayed':
      return [
        first,
        lateness(alert, atMs) ??
          `You are told late: gridwatch was behind when it evaluated ${clock(atMs)}. It may be over by now.`,
      ];
    case 'resolved':
      if (isFoundLate(alert)) return ['Nothing to do now: calls are back to normal.', lateness(alert, atMs) ?? ''];
      return alert.reason === 'silence'
        ? [
            'Check that the application runs: nobody has called for an hour. This alert is closed, but nothing shows that calls work again.',
          ]
        : ['Nothing to do now: calls are back to normal.'];
  }
}

/** That the log data came late, and what that says about now; null where they came on time. */
function lateness(alert: Told, atMs: number): string | null {
  if (alert.lateMs === undefined) return null;
  const came = clock(alert.lateMs, atMs);
  return isFoundLate(alert)
    ? `You are told late: it was over before its log data came, at ${came}.`
    : `You are told late: the log data came late, at ${came}. The last failing minute so far ended at ${clock(endOf(alert), atMs)}.`;
}

function isBack({ reason, history }: Told): string[] {
  if (reason === 'reopened') return ['This was resolved within the last hour and is back again.'];
  if (history?.backAfterMs == null) return [];
  const { firstSeenMs, times, backAfterMs } = history;
  return [`It is back after ${lasted(backAfterMs)}, for the ${nth(times)} time since ${day(firstSeenMs)}.`];
}
const nth = (n: number): string => `${n}${/1\d$/.test(String(n)) ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** For those who read no more than this: the evidence, and that it is told late. */
export function evidenceWithLateness(notification: Notification, lead: Lead): string {
  const { reason, alert, atMs } = notification;
  const late = reason === 'delayed' || isFoundLate(alert) ? lateness(alert, atMs) : null;
  return [evidence(notification, lead), ...(late ? [late] : [])].join(' ');
}

function evidence({ reason, alert, atMs }: Notification, lead: Lead): string {
  const what = evidenceOf(alert, atMs, lead);
  if (reason !== 'resolved') return what;
  const span = `From ${clock(alert.sinceMs, atMs)} to ${clock(endOf(alert), atMs)} (${lasted(endOf(alert) - alert.sinceMs)})`;
  return what.replace(/^Since [^,]*/, span);
}

/** "log groups /app/a 60 %, /app/b 40 %", the most hit first. */
function split(by: Scope['by'], hits: readonly Hit[]): string {
  const names = hits.slice(0, SHOWN_PER_KIND).map(({ scope, share }) => `${nameWords(scope)} ${percent(share)}`);
  const more = hits.length - names.length;
  const isPart = hits.reduce((sum, { share }) => sum + share, 0) < 0.95;
  const rest = [
    ...(more > 0 ? [`${count(more)} more`] : []),
    ...(isPart && more === 0 ? ['the rest is not named'] : []),
  ];
  return `${kindWords(by)}${hits.length > 1 ? 's' : ''} ${[...names, ...rest].join(', ')}`;
}

/** What else shares the failures, a line for each kind, what the team knows best first. */
function radius({ blastRadius }: Told): string[] {
  const kinds = KINDS.map((by) => ({ by, hits: blastRadius.filter((hit) => hit.scope.by === by) }));
  const isWhole = (hits: readonly Hit[]) => hits.length === 1 && (hits[0]?.share ?? 0) > 0.995;
  const whole = kinds
    .filter(({ hits }) => isWhole(hits))
    .flatMap(({ hits }) => hits.map(({ scope }) => scopeWords(scope)));
  const parts = kinds.filter(({ hits }) => hits.length > 0 && !isWhole(hits));
  const shares = (by: Scope['by']) =>
    String(parts.find((part) => part.by === by)?.hits.map(({ share }) => percent(share)));
  // A project with its own key says the same twice.
  const told = parts.filter(({ by }) => by !== 'project' || ![shares('key'), shares('logGroup')].includes(shares(by)));
  const lines = [
    ...(whole.length > 0 ? [`all in ${whole.join(', ')}`] : []),
    ...told.map(({ by, hits }) => split(by, hits)),
  ];
  return lines.length > 0 ? ['Where these failures are:', ...lines.map(item)] : [];
}

const shareOfCause = ({ causes }: Told, failures: number): number =>
  failures / causes.reduce((sum, cause) => sum + cause.failures, 0);

/** Said only where there are several: of one, the title says it. */
function causeLines(alert: Told): string[] {
  if (alert.causes.length < 2) return [];
  const lines = alert.causes.slice(0, 5).map(({ cause, status, failures }) => {
    const title = causeById(cause)?.title ?? 'Cause not recognised';
    return item(`${percent(shareOfCause(alert, failures))}: ${title}, ${status ?? 'no answer'}`);
  });
  return ['Why they fail:', ...lines];
}

const isOurs = (step: string): boolean => step.startsWith('Ours: ');

export const ourStep = (step: string): string => (isOurs(step) ? `${plainStep(step)} (Our advice.)` : step);

function remedy({ cause, retry }: Lead): string[] {
  if (cause === undefined) return [];
  const isAllOurs = !cause.documented || cause.remediation.every(isOurs);
  const source = isAllOurs ? "our advice; LLMGrid's page has none for this" : "LLMGrid's advice, in our words";
  const word = isAllOurs ? plainStep : ourStep;
  const steps = cause.remediation.map((step, i) => wrap(`${i + 1}. ${word(step)}`, '   '));
  const doNot = cause.doNot === null ? [] : [wrap(cause.doNot)];
  return [wrap(`What to do (${source}):`), ...steps, wrap(`Retry: ${RETRY_WORDS[retry]}.`), ...doNot];
}

function alsoRemedy(alert: Told): string[] {
  const second = alert.causes[1];
  const cause = second && causeById(second.cause);
  if (!second || !cause || cause.id === 'unknown' || cause.id === alert.causes[0]?.cause) return [];
  const share = shareOfCause(alert, second.failures);
  if (share < ALSO) return [];
  return [
    wrap(`For the ${percent(share)} "${cause.title}": ${plainStep(cause.remediation[0] ?? '')}`),
    wrap(`Retry: ${RETRY_WORDS[cause.retry]}.`),
  ];
}

const needsSupport = (cause: Cause | undefined): boolean => /\bsupport\b/.test(cause?.remediation.join(' ') ?? '');

export function textOf(notification: Notification, lead: Lead, summaryUrl: string | null): string {
  const { alert, reason, atMs } = notification;
  const isOver = reason === 'resolved';
  const link = (label: string, url: string | null | undefined) => (url ? [[`${label}:`, url]] : []);
  const findings = isOver ? [] : (alert.findings ?? []).map(({ says }) => item(says));
  const support = needsSupport(lead.cause) ? [['For LLMGrid support:', `gridwatch packet ${alert.id}`]] : [];
  const sections: string[][] = [
    opening(notification, lead).map((line) => wrap(line)),
    [wrap(`${lead.title}: ${scopeWords(alert.scope)}.`), wrap(evidence(notification, lead))],
    findings.length > 0 ? ['What the minutes show:', ...findings] : [],
    radius(alert),
    causeLines(alert),
    ...(isOver ? [] : [remedy(lead), alsoRemedy(alert), ...support]),
    ...link('LLMGrid documentation', isOver ? null : lead.cause?.docUrl),
    ...link('Summary', summaryUrl),
    [`Alert ${alert.id}, ${clock(atMs, 0)}. All times are UTC.`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
