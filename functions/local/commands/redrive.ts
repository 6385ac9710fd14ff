import { Command } from 'commander';
import { jsonOption, type MakeCommand } from './options.ts';

export const redriveCommand: MakeCommand = (finish) =>
  new Command('redrive')
    .description('have a deployed gridwatch try quarantined batches again, once what was wrong is put right')
    .argument('<addresses...>', 's3://BUCKET/quarantine/… as the log of ingest says it; ends in / for all below')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  gridwatch redrive s3://BUCKET/quarantine/2026-11-17/')
    .action(async (addresses: string[], options) => {
      const { redrive } = await import('../redrive.ts');
      finish(await redrive(addresses, options.json));
    });
