/** The world of the deployed evaluation. */
import type { Store } from '../../shared/ports.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Topic } from './topic.ts';
import { deployed, optional, settings, store, topic } from './world.ts';

export interface EvaluateWorld {
  readonly store: Store;
  readonly settings: Settings;
  readonly alerts: Topic;
  readonly chat: Topic | null;
  readonly now: () => number;
}

export function evaluateWorld(): EvaluateWorld {
  const chatArn = optional('chatTopicArn');
  const alerts = topic(deployed('alertTopicArn'));
  return {
    store: store(),
    settings: settings(),
    alerts,
    chat: chatArn === null ? null : topic(chatArn),
    now: Date.now,
  };
}
