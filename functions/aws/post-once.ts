/**
 * One message to Slack, once. The queue delivers at least once, so a document remembers what became of each notification:
 *   inflight  somebody is posting until `untilMs`; after that nobody is (it crashed), and the next may
 *   sent      done
 *   refused   Slack said no for good to this webhook; not asked again for an hour, unless the webhook is another by then
 * Claimed before the post, settled after it. A crash between the two, or an answer that never came, posts again: at most one
 * duplicate for each, and never no message.
 */
import type { Store } from '../../shared/ports.ts';
import type { Answer } from './webhook.ts';

export type Posted = 'sent' | 'duplicate' | 'later' | 'refused';

interface State {
  readonly state: 'inflight' | 'sent' | 'refused';
  readonly untilMs: number;
  readonly webhook: string;
}

/** Longer than a post may take. */
const CLAIM_MS = 30_000;
const REFUSED_MS = 3_600_000;
const PAUSE_KEY = 'slack/pause';

/** 429, 5xx and no answer pass; everything else that is not a success stays as it is until somebody does something. */
export const isLasting = ({ status }: Answer): boolean =>
  status !== null && status >= 300 && status < 500 && status !== 429 && status !== 408;
const isTaken = ({ status }: Answer): boolean => status !== null && status >= 200 && status < 300;

export interface PostOnce {
  readonly store: Store;
  readonly now: () => number;
  /** Names the webhook without telling it. */
  readonly webhook: string;
  /** Also names the webhook that gave the answer. */
  readonly post: () => Promise<{ readonly answer: Answer; readonly webhook: string }>;
  readonly onRefused: (answer: Answer) => Promise<void>;
}

export async function postOnce(id: string, { store, now, webhook, post, onRefused }: PostOnce): Promise<Posted> {
  const key = `slack/${id}`;
  const stored = await store.load(key);
  const known = stored?.value as State | undefined;
  if (known?.state === 'sent') return 'duplicate';
  const isHeld = known !== undefined && known.untilMs > now();
  if (isHeld && known.state === 'inflight') return 'later';
  if (isHeld && known.webhook === webhook) return 'refused';
  if (await isPaused(store, now())) return 'later';
  const version = stored?.version ?? 0;
  const claim: State = { state: 'inflight', untilMs: now() + CLAIM_MS, webhook };
  if (!(await store.save(key, claim, version))) return 'later';
  const settle = (state: State): Promise<boolean> => store.save(key, state, version + 1);
  const { answer, webhook: answered } = await post();
  if (isTaken(answer)) {
    await settle({ state: 'sent', untilMs: 0, webhook: answered });
    return 'sent';
  }
  if (isLasting(answer)) {
    // Told first: a crash between the two asks Slack once more, and then tells.
    await onRefused(answer);
    await settle({ state: 'refused', untilMs: now() + REFUSED_MS, webhook: answered });
    return 'refused';
  }
  if (answer.retryAfterMs !== null) await pause(store, now() + answer.retryAfterMs);
  await settle({ state: 'inflight', untilMs: 0, webhook: answered });
  return 'later';
}

async function isPaused(store: Store, nowMs: number): Promise<boolean> {
  const { untilMs } = Object((await store.load(PAUSE_KEY))?.value);
  return typeof untilMs === 'number' && untilMs > nowMs;
}

/** Losing the race to another pause is fine: both come from Slack just now. */
async function pause(store: Store, untilMs: number): Promise<void> {
  await store.save(PAUSE_KEY, { untilMs }, (await store.load(PAUSE_KEY))?.version ?? 0);
}
