/** Every minute: fold, judge, alert, send; then say how that went, for the alarms about gridwatch itself. */
import { evaluate } from '../shared/pipeline.ts';
import { type EvaluateWorld, evaluateWorld } from './aws/evaluate-world.ts';
import { type Handler, invoked } from './aws/invocation.ts';
import { refusedChat } from './aws/notice.ts';
import { takePulse } from './aws/pulse.ts';
import { presentAt } from './aws/tick.ts';
import { topicNotifier } from './aws/topic.ts';

export const evaluateHandler = (made: () => EvaluateWorld): Handler<unknown, void> =>
  invoked(async (event, account) => {
    const world = made();
    const { nowMs, skewMs } = presentAt(event, world.now());
    account.note({ at: new Date(nowMs).toISOString(), skewMs });
    const onChatRefused = refusedChat({ store: world.store, topic: world.alerts, now: () => nowMs }, account);
    const notifier = topicNotifier({ alerts: world.alerts, chat: world.chat, onChatRefused });
    const evaluated = await evaluate({ store: world.store, settings: world.settings, nowMs, notifier });
    account.measure('MessagesSent', evaluated.sent);
    await takePulse(world, evaluated, nowMs, account);
  });

export const handler = evaluateHandler(evaluateWorld);
