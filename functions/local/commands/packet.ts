import { Command } from 'commander';
import { packet } from '../packet.ts';
import { withPlace } from './asking.ts';
import { hostsOption, jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

const EXAMPLES = `
Examples:
  gridwatch packet 358b5448c983
  gridwatch packet 358b5448c983 --db gridwatch.db --logs "logs/*.gz" --json`;

export const packetCommand: MakeCommand = (finish) =>
  withPlace(
    new Command('packet')
      .description('what LLMGrid support needs of an alert: times, names, counts, call ids; no text of your logs')
      .argument('<alert>', 'id of the alert, as its message says it'),
  )
    .option('--logs <files...>', 'log files to read the ids of its calls from; the store keeps none')
    .addOption(hostsOption())
    .addOption(settingsOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (alert: string, options) =>
      finish(await packet(alert, options, { ...options, settings: settingsOf(options) })),
    );
