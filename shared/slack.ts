/**
 * The machine form of a message -> what a Slack webhook takes. Everything stands in `plain_text`, escaped as well; only our
 * own links are markup. Limits: https://docs.slack.dev/reference/block-kit/blocks; beside them Slack refuses a message above
 * about 11,000 characters in all (bolt-js#2509), so the parts together stay below 9,000.
 */
import {
  causeLines,
  findingLines,
  firstOf,
  hitLines,
  inert,
  retryLine,
  safeLink,
  stormLines,
  type Told,
  type ToldAlert,
} from './told.ts';
import { lower, scopeWords } from './words.ts';

type Plain = { readonly type: 'plain_text'; readonly text: string; readonly emoji: false };
type Markup = { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true };
export type Block =
  | { readonly type: 'header'; readonly text: Plain }
  | { readonly type: 'section'; readonly text: Plain | Markup }
  | { readonly type: 'section'; readonly fields: readonly Plain[] }
  | { readonly type: 'context'; readonly elements: readonly Plain[] };

export interface SlackPayload {
  /** What a notification on a phone shows. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const LENGTH = { header: 150, section: 1500, short: 600, field: 350, steps: 2400, context: 300 } as const;

/** Slack refuses an empty text. */
const shown = (text: string, most: number): string => inert(text, most).trim() || '(nothing)';
const plain = (text: string, most: number): Plain => ({ type: 'plain_text', text: shown(text, most), emoji: false });
const section = (text: string, most: number = LENGTH.section): Block => ({ type: 'section', text: plain(text, most) });
const field = (name: string, lines: readonly string[]): Plain => plain([name, ...lines].join('\n'), LENGTH.field);

export function slackPayload(message: Told): SlackPayload {
  const { title, blocks } = partsOf(message);
  const header: Block = { type: 'header', text: plain(title, LENGTH.header) };
  return {
    text: shown(title, LENGTH.header),
    blocks: [header, ...blocks],
    unfurl_links: false,
    unfurl_media: false,
  };
}

interface Parts {
  readonly title: string;
  readonly blocks: readonly Block[];
}

function partsOf(message: Told): Parts {
  switch (message.kind) {
    case 'alert': {
      const { told } = message;
      return { title: told.subject ?? `${told.title}: ${scopeWords(told.alert.scope)}`, blocks: alertBlocks(told) };
    }
    case 'storm': {
      const { subject, summary } = message.told;
      const list = section(stormLines(message.told).join('\n'), LENGTH.steps);
      return { title: subject ?? summary, blocks: [section(summary), list] };
    }
    case 'notice': {
      const { code, text } = message.told;
      return { title: `gridwatch: ${code}`, blocks: [section(text)] };
    }
    case 'alarm': {
      const { AlarmName, AlarmDescription, NewStateValue, NewStateReason } = message.told;
      const state = NewStateValue === 'OK' ? 'OK again' : NewStateValue;
      const says = AlarmDescription ?? 'An alarm about gridwatch itself.';
      return { title: `${state}: ${AlarmName}`, blocks: [section(says), section(NewStateReason)] };
    }
  }
}

function alertBlocks(told: ToldAlert): Block[] {
  const isOver = told.reason === 'resolved';
  const { id, since, scope, blastRadius, causes } = told.alert;
  const findings = findingLines(told).map((says) => `• ${says}`);
  const fields = [
    field('Who is hit', [scopeWords(scope)]),
    field('Since', [since.replace('T', ' ').replace(/:\d\d\.\d+Z$/, ' UTC')]),
    ...(causes.length > 1 ? [field('Why', firstOf(causeLines(told), 4))] : []),
    ...(blastRadius.length > 0 ? [field('Where these failures are', firstOf(hitLines(told), 6))] : []),
  ];
  const steps = told.remediation.map((step, index) => `${index + 1}. ${step}`);
  const remedy: Block[] = isOver
    ? []
    : [
        ...(steps.length > 0 ? [section(['What to do', ...firstOf(steps, 8)].join('\n'), LENGTH.steps)] : []),
        section([retryLine(told), ...(told.doNot === null ? [] : [told.doNot])].join('\n'), LENGTH.short),
      ];
  return [
    ...(told.first ? [section(`Do this first: ${lower(told.first)}`, LENGTH.short)] : []),
    section(told.evidence, LENGTH.short),
    ...(isOver || findings.length === 0 ? [] : [section(firstOf(findings, 6).join('\n'))]),
    { type: 'section', fields },
    ...remedy,
    ...links(told),
    { type: 'context', elements: [plain(`Alert ${id}, ${told.reason}`, LENGTH.context)] },
  ];
}

/** The only markup: addresses from the catalogue and from the settings, never from a log. */
function links({ docUrl, summaryUrl }: ToldAlert): Block[] {
  const written = [
    { address: safeLink(summaryUrl), name: 'Summary' },
    { address: safeLink(docUrl), name: 'LLMGrid documentation' },
  ].flatMap(({ address, name }) => (address === null ? [] : [`<${address.replaceAll('&', '&amp;')}|${name}>`]));
  if (written.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: written.join('  '), verbatim: true } }];
}
