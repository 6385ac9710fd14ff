/**
 * Notification -> the texts that are sent. Built from closed fields only: no log text ever. The names of models, keys,
 * tenants … do come from logs, so they pass `printable` first.
 *
 * Written for the person who is woken by it: the first line says what to do, the next what happens; addresses stand on
 * their own line so that they can be tapped. E-mail shows proportional fonts, so nothing is aligned by blanks.
 */
import type { CauseShare, Notification } from './alert.ts';
import { type Cause, causeById, type RetryVerdict } from './causes.ts';
import { clock, count, type FailureGroup, percent, type Scope, sentence } from './detect.ts';

export interface Message {
  readonly notificationId: string;
  readonly alertId: string;
  /** At most 99 printable characters, no line break: the limit of an SNS subject. */
  readonly subject: string;
  /** Plain text for e-mail and the terminal, at most 72 columns, no column alignment. */
  readonly text: string;
  /** The machine form, for queues and functions. */
  readonly json: Readonly<Record<string, unknown>>;
}

type Told = Notification['alert'];

const KINDS: readonly Scope['by'][] = ['logGroup', 'key', 'project', 'tenant', 'model', 'provider'];
const COLUMNS = 72;
const SUBJECT_LENGTH = 99;
const VALUE_LENGTH = 128;
const HITS_SHOWN_PER_KIND = 4;

const SCOPE_WORDS: Record<Scope['by'], string> = {
  all: 'all calls',
  logGroup: 'log group',
  provider: 'provider',
  model: 'model',
  tenant: 'tenant',
  project: 'project',
  key: 'key',
};
const GROUP_WORDS: Record<FailureGroup, { readonly title: string; readonly failedWith: string }> = {
  e429: { title: 'Calls throttled', failedWith: '429' },
  e5xx: { title: 'Service failing', failedWith: '5xx or no answer' },
  auth: { title: 'Calls refused', failedWith: '401 or 403' },
};
const RETRY_WORDS: Record<RetryVerdict, string> = {
  never: 'Retry: no. The same call will fail again.',
  backoff: 'Retry: yes, with exponential back-off and jitter.',
  'long-backoff': 'Retry: yes, but wait clearly longer than after a 500.',
  'after-reset': 'Retry: only once the limit has been raised or has reset.',
  'if-idempotent': 'Retry: only if sending the call twice does no harm.',
};

/** A value from a log, made fit to be shown: no control, format or lone surrogate characters, 128 code points at most. */
export function printable(value: string): string {
  const clean = value
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  const points = [...clean];
  if (points.length === 0) return '(no name)';
  return points.length <= VALUE_LENGTH ? clean : `${points.slice(0, VALUE_LENGTH - 1).join('')}…`;
}

/** A mail program makes links of addresses; a name from a log must not become one. */
const inert = (value: string) => printable(value).replace(/:\/\//g, ': //');

function scopeWords({ by, value }: Scope): string {
  if (by === 'all') return SCOPE_WORDS.all;
  const hash = by === 'key' ? /^key:([0-9a-f]{8})$/.exec(value)?.[1] : undefined;
  return hash === undefined ? `${SCOPE_WORDS[by]} ${inert(value)}` : `key with hash ${hash}`;
}

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

function lasted(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const part = (n: number, unit: string) => (n === 0 ? [] : [`${n} ${unit}${n === 1 ? '' : 's'}`]);
  return [...part(days, 'day'), ...part(hours, 'hour'), ...(days > 0 ? [] : part(rest, 'minute'))].join(' ');
}

interface Lead {
  readonly cause: Cause | undefined;
  readonly title: string;
  /** The status most failures have in common, or the words for the group. */
  readonly failedWith: string;
  readonly retry: RetryVerdict;
}

function leadOf({ causes, group }: Told): Lead {
  const total = causes.reduce((sum, c) => sum + c.failures, 0);
  const first = causes[0];
  const cause = first && first.cause !== 'unknown' ? causeById(first.cause) : undefined;
  const alike = causes.filter((c) => c.status === first?.status).reduce((sum, c) => sum + c.failures, 0);
  const isCommon = first?.status != null && alike >= 0.9 * total;
  return {
    cause: cause ?? causeById('unknown'),
    title: cause?.title ?? GROUP_WORDS[group].title,
    failedWith: isCommon ? String(first.status) : GROUP_WORDS[group].failedWith,
    retry: cause?.retry ?? (group === 'auth' ? 'never' : 'backoff'),
  };
}

const shareOf = ({ failures, calls }: Told) => (calls === 0 ? 0 : failures / calls);
const endOf = (alert: Told) => alert.untilMs ?? alert.resolvedMs ?? alert.evaluatedMs;

function subjectOf({ reason, alert }: Notification, lead: Lead): string {
  const isSilent = alert.reason === 'silence';
  const start = {
    first: alert.reason === 'reopened' ? 'Back again: ' : '',
    delayed: 'Delayed: ',
    escalated: 'Worse: ',
    repeat: 'Still failing: ',
    resolved: isSilent ? 'Closed, nobody calls: ' : 'Resolved: ',
  }[reason];
  const share = alert.failures === alert.calls ? 'all calls failing' : `${percent(shareOf(alert))} of calls failing`;
  const length = lasted(endOf(alert) - alert.sinceMs);
  const end = reason === 'resolved' ? (isSilent ? '' : `, after ${length}`) : `, ${lead.failedWith}, ${share}`;
  const ascii = scopeWords(alert.scope).replace(/[^\x20-\x7e]/gu, '?');
  const room = SUBJECT_LENGTH - `${start}${lead.title}: ${end}`.length;
  const scope = ascii.length <= room ? ascii : `${ascii.slice(0, Math.max(0, room - 3))}...`;
  return `${start}${lead.title}: ${scope}${end}`.slice(0, SUBJECT_LENGTH);
}

/** Why this is sent now, and what to do first. */
function opening({ reason, alert, atMs }: Notification, lead: Lead): string[] {
  const first = `Do this first: ${plainStep(lead.cause?.remediation[0] ?? 'Look at the summary.')}`;
  const since = lasted(atMs - alert.sinceMs);
  switch (reason) {
    case 'first':
      return alert.reason === 'reopened'
        ? [first, 'This was resolved within the last hour and is back again.']
        : [first];
    case 'escalated':
      return alert.reason === 'wider'
        ? [first, `It is getting worse: it has spread to ${scopeWords(alert.scope)}.`]
        : [first, 'It is getting worse: ten times as many failures a minute as when you were last told.'];
    case 'repeat':
      return [first, `It still fails, ${since} after it began.`];
    case 'delayed':
      return [
        first,
        `You are told late: gridwatch was behind when it evaluated ${clock(atMs)}. It may be over by now.`,
      ];
    case 'resolved':
      return alert.reason === 'silence'
        ? [
            'Check that the application runs: nobody has called for an hour. This alert is closed, but nothing shows that calls work again.',
          ]
        : ['Nothing to do now: calls are back to normal.'];
  }
}

const plainStep = (step: string) => step.replace(/^Ours: /, '');
const ourStep = (step: string) => (step.startsWith('Ours: ') ? `${plainStep(step)} (Our advice.)` : step);

function evidence({ reason, alert, atMs }: Notification, lead: Lead): string {
  const what = sentence({ ...alert, atMs }, lead.failedWith);
  if (reason !== 'resolved') return what;
  const span = `From ${clock(alert.sinceMs, atMs)} to ${clock(endOf(alert), atMs)} (${lasted(endOf(alert) - alert.sinceMs)})`;
  return what.replace(/^Since [^,]*/, span);
}

/** What else shares the failures, what the team knows best first, the most hit of each kind first. */
function radius({ blastRadius, scope }: Told): string[] {
  const lines = KINDS.flatMap((by) => {
    const hits = blastRadius.filter((hit) => hit.scope.by === by);
    const shown = hits
      .slice(0, HITS_SHOWN_PER_KIND)
      .map((hit) => wrap(`- ${scopeWords(hit.scope)}: ${percent(hit.share)}`, '  '));
    const more = hits.length - shown.length;
    return more > 0 ? [...shown, `- ${count(more)} more ${SCOPE_WORDS[by]}${more === 1 ? '' : 's'}`] : shown;
  });
  return [
    wrap(`Who is hit: ${scopeWords(scope)}`),
    ...(lines.length > 0 ? ['Where these failures are:', ...lines] : []),
  ];
}

function causeLines(causes: readonly CauseShare[]): string[] {
  const total = causes.reduce((sum, c) => sum + c.failures, 0);
  const shown = causes.slice(0, 5).map(({ cause, status, failures }) => {
    const row = causeById(cause);
    return wrap(
      `- ${percent(failures / total)}: ${row?.title ?? 'Cause not recognised'}, ${status ?? 'no status'}`,
      '  ',
    );
  });
  return shown.length === 0 ? [] : ['Why:', ...shown];
}

function remedy({ cause, retry }: Lead): string[] {
  if (cause === undefined) return [];
  const source = cause.documented ? "LLMGrid's advice, in our words" : "our advice; LLMGrid's page does not cover this";
  const steps = cause.remediation.map((step, i) => wrap(`${i + 1}. ${ourStep(step)}`, '   '));
  const doNot = cause.doNot === null ? [] : [wrap(cause.doNot)];
  return [wrap(`What to do (${source}):`), ...steps, wrap(RETRY_WORDS[retry]), ...doNot];
}

function textOf(notification: Notification, lead: Lead, summaryUrl: string | null): string {
  const { alert, reason, atMs } = notification;
  const when = reason === 'resolved' ? [] : [`Since: ${clock(alert.sinceMs, 0)}, for ${lasted(atMs - alert.sinceMs)}`];
  const link = (label: string, url: string | null | undefined) => (url ? [[`${label}:`, url]] : []);
  const sections: string[][] = [
    opening(notification, lead).map((line) => wrap(line)),
    [wrap(`${lead.title}: ${scopeWords(alert.scope)}.`), wrap(evidence(notification, lead)), ...when],
    radius(alert),
    causeLines(alert.causes),
    ...(reason === 'resolved' ? [] : [remedy(lead)]),
    ...link('LLMGrid documentation', lead.cause?.docUrl),
    ...link('Summary', summaryUrl),
    [`Alert ${alert.id}, ${clock(atMs, 0)}. All times are UTC.`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString());
const plainScope = ({ by, value }: Scope) => ({ by, value: by === 'all' ? '' : printable(value) });

function jsonOf(notification: Notification, lead: Lead, summaryUrl: string | null): Message['json'] {
  const { alert, reason, atMs, id } = notification;
  const total = alert.causes.reduce((sum, c) => sum + c.failures, 0);
  return {
    schema: 'gridwatch.alert/1',
    notificationId: id,
    reason,
    at: iso(atMs),
    alert: {
      id: alert.id,
      group: alert.group,
      state: alert.state,
      reason: alert.reason,
      scope: plainScope(alert.scope),
      since: iso(alert.sinceMs),
      until: iso(alert.untilMs),
      fired: iso(alert.firedMs),
      resolved: iso(alert.resolvedMs),
      calls: alert.calls,
      failures: alert.failures,
      share: shareOf(alert),
      normalShare: alert.normalShare,
      causes: alert.causes.map(({ cause, status, failures }) => ({
        cause: causeById(cause)?.id ?? 'unknown',
        status,
        failures,
        share: failures / total,
      })),
      blastRadius: alert.blastRadius.map((hit) => ({
        ...plainScope(hit.scope),
        failures: hit.failures,
        share: hit.share,
      })),
    },
    evidence: evidence(notification, lead),
    title: lead.title,
    remediation: (lead.cause?.remediation ?? []).map(ourStep),
    retry: lead.retry,
    doNot: lead.cause?.doNot ?? null,
    docUrl: lead.cause?.docUrl ?? null,
    summaryUrl,
  };
}

export function render(notification: Notification, { summaryUrl }: { readonly summaryUrl: string | null }): Message {
  const lead = leadOf(notification.alert);
  return {
    notificationId: notification.id,
    alertId: notification.alert.id,
    subject: subjectOf(notification, lead),
    text: textOf(notification, lead, summaryUrl),
    json: jsonOf(notification, lead, summaryUrl),
  };
}
