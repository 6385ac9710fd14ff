/** Every minute: fold, judge, alert, send; then say how that went, for the alarms about gridwatch itself. */
import { evaluate } from '../shared/pipeline.ts';
import type { Store } from '../shared/ports.ts';
import type { Settings } from '../shared/settings.ts';
import { type Handler, invoked } from './aws/invocation.ts';
import { notices } from './aws/notice.ts';
import { takePulse } from './aws/pulse.ts';
import { presentAt } from './aws/tick.ts';
import { type Topic, topicNotifier } from './aws/topic.ts';
import { deployed, optional, settings, store, topic } from './aws/world.ts';

export interface EvaluateWorld {
  readonly store: Store;
  readonly settings: Settings;
  readonly alerts: Topic;
  readonly chat: Topic | null;
  readonly now: () => number;
}

export const evaluateHandler = (made: () => EvaluateWorld): Handler<unknown, void> =>
  invoked(async (event, { note, measure }) => {
    const world = made();
    const { nowMs, skewMs } = presentAt(event, world.now());
    note({ at: new Date(nowMs).toISOString(), skewMs });
    const { tell } = notices({ store: world.store, topic: world.alerts, now: () => nowMs, prefix: '' });
    const notifier = topicNotifier({
      alerts: world.alerts,
      chat: world.chat,
      onChatRefused: async (error) => {
        measure('ChatRefused', 1);
        const says = error instanceof Error ? error.message : String(error);
        await tell({
          code: 'CHAT_REFUSED',
          text: `${says} Alerts come by the other channels; deploy the stack again.`,
        });
      },
    });
    const { sent } = await evaluate({ store: world.store, settings: world.settings, nowMs, notifier });
    measure('MessagesSent', sent);
    await takePulse(world, nowMs, { note, measure });
  });

export const handler = evaluateHandler(() => {
  const chatArn = optional('chatTopicArn');
  const alerts = topic(deployed('alertTopicArn'));
  return {
    store: store(),
    settings: settings(),
    alerts,
    chat: chatArn === null ? null : topic(chatArn),
    now: Date.now,
  };
});
