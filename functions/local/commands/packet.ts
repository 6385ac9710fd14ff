import { Command } from 'commander';
import { packet } from '../packet.ts';
import { hostsOption, jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

export const packetCommand: MakeCommand = (finish) =>
  new Command('packet')
    .description('what LLMGrid support needs of an alert: times, names, counts, call ids; no text of your logs')
    .argument('<alert>', 'id of the alert, as its message says it')
    .option('--db <path>', 'the store', 'gridwatch.db')
    .option('--logs <files...>', 'log files to read the ids of its calls from; the store keeps none')
    .addOption(hostsOption())
    .addOption(settingsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  gridwatch packet 358b5448c983\n  gridwatch packet 358b5448c983 --logs "logs/*.gz" --json',
    )
    .action(async (alert: string, options) =>
      finish(await packet(alert, { ...options, settings: settingsOf(options) })),
    );
