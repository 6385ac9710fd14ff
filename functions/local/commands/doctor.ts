import { Command } from 'commander';
import { jsonOption, type MakeCommand } from './options.ts';

export const doctorCommand: MakeCommand = (finish) =>
  new Command('doctor')
    .description('what would stop a deployment: asks your AWS account about the log groups')
    .argument('<logGroups...>', 'names of log groups')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  gridwatch doctor /aws/lambda/app-a /ecs/app-b')
    .action(async (logGroups: string[], options) => {
      const { doctor } = await import('../doctor.ts');
      finish(await doctor(logGroups, options.json));
    });
