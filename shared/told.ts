/**
 * The machine form of a message, read back where it arrives: as an alert or several, as a notice about gridwatch's own channels, or as
 * an alarm of CloudWatch about gridwatch. Closed fields only; whatever else a message holds is not looked at.
 */
import * as z from 'zod/mini';
import { causeById } from './causes.ts';
import { percent } from './detect.ts';
import { scopeWords } from './words.ts';

const scope = { by: z.string(), value: z.string() };
const share = { failures: z.number(), share: z.nullable(z.number()) };

const alert = z.object({
  schema: z.literal('gridwatch.alert/1'),
  notificationId: z.string().check(z.minLength(1)),
  reason: z.string(),
  at: z.string(),
  /** The one line that names everything. */
  subject: z.optional(z.string()),
  alert: z.object({
    id: z.string().check(z.minLength(1)),
    scope: z.object(scope),
    since: z.string(),
    causes: z.array(z.object({ cause: z.string(), status: z.nullable(z.number()), ...share })),
    blastRadius: z.array(z.object({ ...scope, ...share })),
    /** Not in messages of older versions, which may still wait in a queue; so it is with all that is optional. */
    findings: z.optional(z.array(z.object({ kind: z.string(), says: z.string() }))),
  }),
  evidence: z.string(),
  title: z.string(),
  first: z.nullish(z.string()),
  remediation: z.array(z.string()),
  retry: z.string(),
  retryAdvice: z.optional(z.string()),
  doNot: z.nullable(z.string()),
  docUrl: z.nullable(z.string()),
  summaryUrl: z.nullable(z.string()),
});
const notice = z.object({
  schema: z.literal('gridwatch.notice/1'),
  id: z.string().check(z.minLength(1)),
  code: z.string(),
  text: z.string(),
});
/** Several alerts of one minute in one message. */
const storm = z.object({
  schema: z.literal('gridwatch.storm/1'),
  notificationId: z.string().check(z.minLength(1)),
  subject: z.optional(z.string()),
  summary: z.string(),
  lines: z.array(z.string()),
  more: z.number(),
});
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html */
const alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.nullish(z.string()),
  NewStateValue: z.string(),
  NewStateReason: z.string(),
});

export type ToldAlert = z.output<typeof alert>;
export type ToldStorm = z.output<typeof storm>;
export type ToldNotice = z.output<typeof notice>;
export type ToldAlarm = z.output<typeof alarm>;
export type Told =
  | { readonly kind: 'alert'; readonly told: ToldAlert }
  | { readonly kind: 'storm'; readonly told: ToldStorm }
  | { readonly kind: 'notice'; readonly told: ToldNotice }
  | { readonly kind: 'alarm'; readonly told: ToldAlarm };

/** Null for anything that is none of the four. */
export function readTold(json: unknown): Told | null {
  const asAlert = alert.safeParse(json);
  if (asAlert.success) return { kind: 'alert', told: asAlert.data };
  const asStorm = storm.safeParse(json);
  if (asStorm.success) return { kind: 'storm', told: asStorm.data };
  const asNotice = notice.safeParse(json);
  if (asNotice.success) return { kind: 'notice', told: asNotice.data };
  const asAlarm = alarm.safeParse(json);
  return asAlarm.success ? { kind: 'alarm', told: asAlarm.data } : null;
}

/** The first items as lines, and how many more there are. */
export function firstOf(lines: readonly string[], most: number): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most), `+${lines.length - most} more`];
}

export const causeLines = ({ alert: { causes } }: ToldAlert): string[] =>
  causes.map((c) => `${percent(c.share ?? 0)} ${causeById(c.cause)?.title ?? c.cause}, ${c.status ?? 'no answer'}`);
export const hitLines = ({ alert: { blastRadius } }: ToldAlert): string[] =>
  blastRadius.map((hit) => `${percent(hit.share ?? 0)} ${scopeWords(hit)}`);

/** One line for each alert of a storm, and how many more there are. */
export const stormLines = ({ lines, more }: ToldStorm): string[] => [
  ...lines.map((line, nth) => `${nth + 1}. ${line}`),
  ...(more > 0 ? [`and ${more} more`] : []),
];

/** What the minutes show, and the retry verdict; the share is told with the evidence. */
export const findingLines = ({ alert: { findings = [] } }: ToldAlert): string[] => findings.map(({ says }) => says);
export const retryLine = ({ retry, retryAdvice = retry }: ToldAlert): string => `Retry: ${retryAdvice}.`;

/** An https address that cannot end the link it stands in, or null. */
export function safeLink(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  const plain = href.replace(/[|<>()[\]\s]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return protocol === 'https:' && plain.length <= 1000 ? plain : null;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const MARKDOWN = '*_~`[]';

/**
 * Text that a chat program shows as it is: no mention, channel call or link can come out of it, and with `markdown` no
 * emphasis either. At most `most` characters as sent, cut between code points and never within an escape.
 */
export function inert(text: string, most: number, markdown = false): string {
  const calm = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, (sign) => (sign === '\n' ? sign : ''))
    .replace(/:\/\//g, ': //')
    .replace(/@(?=here|channel|everyone)/gi, '@\u200b');
  let out = '';
  for (const point of calm) {
    const sign = ESCAPES[point] ?? (markdown && MARKDOWN.includes(point) ? `${point}\u200b` : point);
    if (out.length + sign.length > most - 1) return `${out}…`;
    out += sign;
  }
  return out;
}
