import { Command } from 'commander';
import type { ShownAlert } from '../../../shared/shown.ts';
import { show } from '../asked.ts';
import { explain } from '../explain.ts';
import { alertView } from '../views.ts';
import { withPlace } from './asking.ts';
import { jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

/** The id of an alert: no status, cause or log line looks like it. */
const ALERT_ID = /^[0-9a-f]{12}$/;

export const explainCommand: MakeCommand = (finish) =>
  withPlace(new Command('explain'))
    .description('what a status, a cause, an alert or a pasted log line means, and what to do')
    .argument('<words...>', '429, budget_exceeded, the id of an alert, or a line of a log in quotes')
    .addOption(settingsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch explain 429\n  gridwatch explain budget_exceeded\n  gridwatch explain 1a2b3c4d5e6f --profile prod\n  gridwatch explain 'Error code: 429 - …'",
    )
    .action(async (words: string[], options) => {
      const [word = ''] = words;
      if (words.length === 1 && ALERT_ID.test(word))
        return finish(await show<ShownAlert>(options, options, { path: `/v1/alerts/${word}`, render: alertView }));
      finish(explain(words, { json: options.json, settings: settingsOf({ ...options, hosts: 'any' }) }));
    });
