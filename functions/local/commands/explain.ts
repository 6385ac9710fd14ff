import { Command } from 'commander';
import { explain } from '../explain.ts';
import { jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

export const explainCommand: MakeCommand = (finish) =>
  new Command('explain')
    .description('what a status, a cause or a pasted log line means, and what to do')
    .argument('<words...>', '429, budget_exceeded, or a line of a log in quotes')
    .addOption(settingsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch explain 429\n  gridwatch explain budget_exceeded\n  gridwatch explain 'Error code: 429 - …'",
    )
    .action((words: string[], options) =>
      finish(explain(words, { json: options.json, settings: settingsOf({ ...options, hosts: 'any' }) })),
    );
