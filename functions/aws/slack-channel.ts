/**
 * The Slack channel of a deployment: its webhook out of a secret, one post per message, and a word through another channel
 * when it is gone. The refusals that stay are said once a day; the message itself stays in the queue without being posted
 * again, and ends in the dead-letter queue, from where it can be sent once the webhook is right.
 */
import type { Store } from '../../shared/ports.ts';
import { slackPayload } from '../../shared/slack.ts';
import { sha256 } from '../../shared/window.ts';
import { type Account, errorFacts } from './invocation.ts';
import type { Notices } from './notice.ts';
import { isLasting, type Posted, postOnce } from './post-once.ts';
import { readRecord } from './record.ts';
import type { Secrets } from './secrets.ts';
import type { Answer } from './webhook.ts';

export interface SlackWorld {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly secretArn: string;
  readonly notices: Notices;
  /** The address a secret holds, or null when it must not be talked to. */
  readonly allowed: (secret: string) => URL | null;
  readonly post: (url: URL, body: string) => Promise<Answer>;
  readonly now: () => number;
}

/** `own`: a notice about this very channel, which cannot come through it. */
export type Delivered = Posted | 'own' | 'unreadable';

const ENDED: readonly string[] = ['sent', 'duplicate', 'own'] satisfies Delivered[];

/**
 * One message after the other, for Slack takes about one a second. Who is not `ENDED` is named in `unfinished`: it stays in
 * the queue and comes back after the visibility time-out, until the dead-letter queue keeps it. Nothing is thrown: one
 * message that cannot be sent does not hold up its neighbours.
 */
export async function deliverRecords(
  records: readonly { readonly messageId: string; readonly body: string }[],
  made: () => SlackWorld,
  { hasTime, account }: { readonly hasTime: () => boolean; readonly account: Pick<Account, 'note'> },
): Promise<{ counts: Readonly<Record<string, number>>; unfinished: readonly string[] }> {
  const counts: Record<string, number> = {};
  const unfinished: string[] = [];
  for (const { messageId, body } of records) {
    let became: Delivered | 'failed' = 'later';
    try {
      if (hasTime()) became = await deliver(body, made());
    } catch (error) {
      became = 'failed';
      account.note(errorFacts(error));
    }
    counts[became] = (counts[became] ?? 0) + 1;
    if (!ENDED.includes(became)) unfinished.push(messageId);
  }
  return { counts, unfinished };
}

/** Throws when the store or SNS fails, or Secrets Manager for the moment: the message stays in the queue. */
export async function deliver(body: string, world: SlackWorld): Promise<Delivered> {
  const read = readRecord(body);
  if (read === null) return 'unreadable';
  if (read.message.kind === 'notice' && read.message.told.code.startsWith('SLACK_')) return 'own';
  const { secretArn, notices } = world;
  const webhook = await usableWebhook(world);
  if (webhook === null) return 'refused';
  const payload = JSON.stringify(slackPayload(read.message));
  return postOnce(read.id, {
    store: world.store,
    now: world.now,
    webhook: nameOf(webhook.secret),
    post: async () => {
      const answer = await world.post(webhook.url, payload);
      if (!isLasting(answer)) return { answer, webhook: nameOf(webhook.secret) };
      // It may have been replaced within the minutes that a secret is kept for.
      const fresh = await world.secrets.get(secretArn, { fresh: true });
      const url = fresh === webhook.secret ? null : world.allowed(fresh);
      if (url === null) return { answer, webhook: nameOf(webhook.secret) };
      return { answer: await world.post(url, payload), webhook: nameOf(fresh) };
    },
    onRefused: async (answer) => {
      await notices.tell(refusalNotice(answer, secretArn));
    },
  });
}

const nameOf = (secret: string): string => sha256(secret).slice(0, 16);

/** Null when there is none to use, which is then said. */
async function usableWebhook({ secrets, secretArn, notices, allowed }: SlackWorld) {
  try {
    for (const fresh of [false, true]) {
      const secret = await secrets.get(secretArn, { fresh });
      const url = allowed(secret);
      if (url !== null) return { secret, url };
    }
    await notices.tell({
      code: 'SLACK_WEBHOOK_INVALID',
      text: `Secret ${secretArn} does not hold the address of a Slack webhook (https://hooks.slack.com/services/…), so no alert reaches Slack. ${REPAIR}`,
    });
  } catch (error) {
    if (Object(error).code !== 'SECRET_UNREADABLE') throw error;
    await notices.tell({
      code: 'SLACK_SECRET_UNREADABLE',
      text: `${Object(error).message} Until then no alert reaches Slack. ${REPAIR}`,
    });
  }
  return null;
}

const REPAIR =
  'Put the address of a working incoming webhook into it, as text; what waits in the dead-letter queue can then be redriven.';

function refusalNotice({ status, word }: Answer, secretArn: string) {
  const said = word === null ? String(status) : `${status} ${word}`;
  if (status === 400) {
    return {
      code: 'SLACK_PAYLOAD_REFUSED',
      text: `Slack refused a message as malformed (${said}). The webhook of secret ${secretArn} may be fine; please report this as a bug of gridwatch.`,
    };
  }
  return {
    code: 'SLACK_WEBHOOK_REVOKED',
    text: `Slack answers ${said} to the webhook in secret ${secretArn}, so no alert reaches Slack. ${REPAIR}`,
  };
}
