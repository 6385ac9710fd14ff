/**
 * Messages of the same minute -> one. An e-mail subscription dies of a storm of messages, and so does a person's attention:
 * the worst stands first with its whole text, and every other with what to do and what happens.
 */
import { idOf } from './alert/state.ts';
import type { NotificationReason } from './alert.ts';
import type { Message } from './message.ts';

/** What has begun or grown comes before what goes on, and the end of something last. */
const ORDER: readonly NotificationReason[] = ['first', 'delayed', 'escalated', 'repeat', 'resolved'];
const WORDS: Record<NotificationReason, string> = {
  first: 'new',
  delayed: 'told late',
  escalated: 'worse',
  repeat: 'still failing',
  resolved: 'resolved',
};
const SUBJECT_LENGTH = 99;
const MOST_LISTED = 10;

const reasonOf = ({ json }: Message): NotificationReason =>
  ORDER.find((reason) => reason === json['reason']) ?? 'first';
const failuresOf = ({ json }: Message): number => Number(Object(json['alert']).failures) || 0;

/** The first two paragraphs say what to do and what happens. */
const shortly = ({ text }: Message): string => text.split('\n\n').slice(0, 2).join('\n');

export function digest(messages: readonly Message[], atMs: number): Message {
  const ordered = [...messages].sort(
    (a, b) => ORDER.indexOf(reasonOf(a)) - ORDER.indexOf(reasonOf(b)) || failuresOf(b) - failuresOf(a),
  );
  const id = idOf('storm', messages.map(({ notificationId }) => notificationId).sort());
  const counts = ORDER.map((reason) => [ordered.filter((m) => reasonOf(m) === reason).length, WORDS[reason]] as const);
  const said = counts.flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`])).join(', ');
  const [worst, ...others] = ordered;
  const listed = others.slice(0, MOST_LISTED - 1);
  const more = others.length - listed.length;
  const lines = [
    `${messages.length} alerts at once: ${said}. The worst comes first.`,
    ...(worst ? [`1. ${worst.subject}\n\n${worst.text.trimEnd()}`] : []),
    ...listed.map((message, nth) => `${nth + 2}. ${message.subject}\n\n${shortly(message)}\nAlert ${message.alertId}`),
    ...(more > 0 ? [`and ${more} more: see the summary.`] : []),
  ];
  return {
    notificationId: id,
    alertId: id,
    subject: `${messages.length} alerts (${said}): ${worst?.subject ?? ''}`.slice(0, SUBJECT_LENGTH),
    text: `${lines.join('\n\n')}\n`,
    json: {
      schema: 'gridwatch.storm/1',
      notificationId: id,
      reason: 'storm',
      at: new Date(atMs).toISOString(),
      summary: `${messages.length} alerts at once: ${said}.`,
      lines: ordered.slice(0, MOST_LISTED).map(({ subject }) => subject),
      more,
      alerts: ordered.slice(0, MOST_LISTED).map(({ json }) => json),
    },
  };
}
