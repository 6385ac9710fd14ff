/** The world of the deployed Slack function. */
import { notices } from './notice.ts';
import type { SlackWorld } from './slack-channel.ts';
import { postJson, webhookUrl } from './webhook.ts';
import { deployed, secrets, store, topic } from './world.ts';

export const slackWorld = (): SlackWorld => ({
  store: store(),
  secrets: secrets(),
  secretArn: deployed('slackSecretArn'),
  allowed: webhookUrl,
  post: postJson,
  now: Date.now,
  notices: notices({ store: store(), topic: topic(deployed('alertTopicArn')), now: Date.now, prefix: 'slack/' }),
});
