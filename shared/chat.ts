/**
 * The machine form of a message -> the custom notification of Amazon Q Developer in chat applications, which drops whatever
 * is not in this schema: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html. Messages of one alert
 * share a thread.
 */
import {
  causeLines,
  findingLines,
  firstOf,
  hitLines,
  inert,
  readTold,
  retryLine,
  safeLink,
  stormLines,
  type ToldAlert,
  type ToldStorm,
} from './told.ts';
import { lower, scopeWords } from './words.ts';

export interface ChatNotification {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly id: string;
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
  };
}

const LENGTH = { title: 250, description: 8000, line: 400, step: 350, summary: 250 } as const;
const MAX_STEPS = 8;

const calm = (text: string, most: number): string => inert(text, most, true);

/** Throws for anything that is not an alert: nothing else is sent to chat. */
export function chatNotification(json: unknown, subject: string): ChatNotification {
  const read = readTold(json);
  if (read?.kind === 'storm') return stormNotification(read.told, subject);
  if (read?.kind !== 'alert') throw new Error('only alerts are sent to chat');
  const { told } = read;
  const isOver = told.reason === 'resolved';
  return {
    version: '1.0',
    source: 'custom',
    id: told.notificationId,
    content: {
      textType: 'client-markdown',
      title: calm(subject, LENGTH.title),
      description: description(told, isOver).slice(0, LENGTH.description),
      ...(isOver ? {} : { nextSteps: told.remediation.slice(0, MAX_STEPS).map((step) => calm(step, LENGTH.step)) }),
    },
    metadata: {
      threadId: told.alert.id,
      summary: calm(subject, LENGTH.summary),
      eventType: `gridwatch.${told.reason}`,
    },
  };
}

/** Several alerts at once have no thread in common: each goes on in its own. */
function stormNotification(told: ToldStorm, subject: string): ChatNotification {
  const lines = [told.summary, ...stormLines(told)].map((line) => calm(line, LENGTH.line));
  return {
    version: '1.0',
    source: 'custom',
    id: told.notificationId,
    content: {
      textType: 'client-markdown',
      title: calm(subject, LENGTH.title),
      description: lines.join('\n').slice(0, LENGTH.description),
    },
    metadata: {
      threadId: told.notificationId,
      summary: calm(subject, LENGTH.summary),
      eventType: 'gridwatch.storm',
    },
  };
}

function description(told: ToldAlert, isOver: boolean): string {
  const hits = hitLines(told);
  const causes = causeLines(told);
  const lines = [
    ...(told.first ? [`Do this first: ${lower(told.first)}`] : []),
    `${told.title}: ${scopeWords(told.alert.scope)}. ${told.evidence}`,
    ...(isOver ? [] : findingLines(told)),
    ...(hits.length > 0 ? [`Where these failures are: ${firstOf(hits, 6).join(', ')}`] : []),
    ...(causes.length > 1 ? [`Why: ${firstOf(causes, 4).join('; ')}`] : []),
    ...(isOver ? [] : [retryLine(told), ...(told.doNot === null ? [] : [told.doNot])]),
  ].map((line) => calm(line, LENGTH.line));
  const links = [safeLink(told.summaryUrl), safeLink(told.docUrl)].filter((link) => link !== null);
  return [...lines, ...links].join('\n');
}
