/** What and how bad, in one line: at most 99 printable ASCII characters, the limit of an SNS subject. */
import type { Notification } from '../alert.ts';
import { count, percent } from '../detect.ts';
import { lasted, scopeWords } from '../words.ts';
import { endOf, findingOf, isFoundLate, type Lead, shareOf, type Told } from './lead.ts';

const LENGTH = 99;

/** "Back after 3 days" for an incident that is known; one that came back within the hour is the same alert. */
function isBack({ reason, history }: Told): string {
  if (reason === 'reopened') return 'Back again: ';
  const ms = history?.backAfterMs ?? null;
  return ms === null ? '' : `Back after ${lasted(ms)}: `;
}

/** How bad: a share of the scope's calls, or a number where no calls of the scope alone can be told from the others. */
function failing(alert: Told): string {
  if (alert.scope.by === 'all') return '';
  const by = findingOf(alert, 'share')?.figures['by'];
  if (by === 'all' || by === 'tenant' || by === 'logGroup') return `, ${count(alert.failures)} calls failing`;
  const share = shareOf(alert);
  return share === 1 ? ', all calls failing' : `, ${percent(share)} of calls failing`;
}

function ended(alert: Told): string {
  const length = lasted(endOf(alert) - alert.sinceMs);
  if (isFoundLate(alert)) return `, ${count(alert.failures)} calls failed in ${length}`;
  return alert.reason === 'silence' ? '' : `, after ${length}`;
}

function whatOf(alert: Told, isOver: boolean): string {
  if (alert.scope.by !== 'all' || isOver) return scopeWords(alert.scope);
  const share = shareOf(alert);
  return share === 1 ? 'all calls failing' : `${percent(share)} of all calls failing`;
}

export function subjectOf({ reason, alert }: Notification, lead: Lead): string {
  const isSilent = alert.reason === 'silence';
  const start = {
    first: isBack(alert),
    delayed: 'Delayed: ',
    escalated: 'Worse: ',
    repeat: 'Still failing: ',
    resolved: isSilent ? 'Closed, nobody calls: ' : isFoundLate(alert) ? 'Found late, over: ' : 'Resolved: ',
  }[reason];
  const end = reason === 'resolved' ? ended(alert) : `, ${lead.failedWith}${failing(alert)}`;
  const ascii = whatOf(alert, reason === 'resolved').replace(/[^\x20-\x7e]/gu, '?');
  const room = LENGTH - `${start}${lead.title}: ${end}`.length;
  const scope = ascii.length <= room ? ascii : `${ascii.slice(0, Math.max(0, room - 3))}...`;
  return `${start}${lead.title}: ${scope}${end}`.slice(0, LENGTH);
}
