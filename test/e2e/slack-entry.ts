/** The Slack function as it is deployed, but for one thing: a good webhook address is asked for at the test's own Slack. */
import { slackWorld } from '../../functions/aws/slack-world.ts';
import { webhookUrl } from '../../functions/aws/webhook.ts';
import { slackHandler } from '../../functions/slack.ts';

export const handler = slackHandler(() => ({
  ...slackWorld(),
  allowed: (secret) => {
    const url = webhookUrl(secret);
    return url && new URL(url.pathname, process.env['TEST_SLACK_URL']);
  },
}));
