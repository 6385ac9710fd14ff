/**
 * What gridwatch has to say about its own channels, such as a webhook that is gone: one clear message through the alert
 * topic, at most once a day for each code. Published before it is remembered: a crash between the two says it twice, never
 * not at all.
 */
import type { Store } from '../../shared/ports.ts';
import type { Account } from './invocation.ts';
import type { Topic } from './topic.ts';

export interface Notice {
  readonly code: string;
  /** What happened, where, what to do. Nothing of a secret, an event or a log. */
  readonly text: string;
}

export interface Notices {
  /** Publishes unless this code was published within a day; says whether it did. */
  tell(notice: Notice): Promise<boolean>;
}

const DAY_MS = 24 * 3_600_000;

export interface NoticesOptions {
  readonly store: Store;
  readonly topic: Topic;
  readonly now: () => number;
  /** Of the documents that remember, such as `slack/`: a role may be allowed no other. */
  readonly prefix?: string;
}

export function notices({ store, topic, now, prefix = '' }: NoticesOptions): Notices {
  return {
    tell: async ({ code, text }) => {
      const key = `${prefix}notice/${code}`;
      const stored = await store.load(key);
      const { atMs } = Object(stored?.value);
      if (typeof atMs === 'number' && now() - atMs < DAY_MS) return false;
      const at = new Date(now()).toISOString();
      await topic.publish({
        subject: `gridwatch: ${code}`,
        text: `${code}: ${text}\n\nThis is about gridwatch itself, ${at}. It is not repeated within 24 hours.\n`,
        json: { schema: 'gridwatch.notice/1', id: `${code}-${at.slice(0, 10)}`, code, text, at },
        attributes: { reason: 'notice' },
      });
      await store.save(key, { atMs: now() }, stored?.version ?? 0);
      return true;
    },
  };
}

/** Chat that refuses a message is said by the other channels; the message itself was told there. */
export function refusedChat(options: NoticesOptions, { measure }: Account): (error: unknown) => Promise<void> {
  const { tell } = notices(options);
  return async (error) => {
    measure('ChatRefused', 1);
    const says = error instanceof Error ? error.message : String(error);
    const text = `${says} Alerts come by the other channels; deploy the stack again.`;
    await tell({ code: 'CHAT_REFUSED', text });
  };
}
