/** `gridwatch redrive`: has a deployed gridwatch try batches of its quarantine again. */
import { bucketObjects } from '../aws/objects.ts';
import { requeue } from '../aws/requeue.ts';
import { EXIT, UsageError } from './exit.ts';
import { print } from './terminal.ts';

export async function redrive(addresses: readonly string[], json: boolean): Promise<number> {
  const places = addresses.map(placeOf);
  let batches = 0;
  for (const { bucket, at } of places) batches += await requeue(bucketObjects(bucket), at);
  if (json) print(JSON.stringify({ batches }));
  else
    print(
      `${batches} ${batches === 1 ? 'batch' : 'batches'} put back; the deployed redrive counts them within 5 minutes.`,
    );
  return EXIT.ok;
}

function placeOf(address: string): { readonly bucket: string; readonly at: string } {
  const [, bucket, at] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(address) ?? [];
  if (bucket === undefined || at === undefined) {
    throw new UsageError(
      'Give the address of a kept batch, as the log of ingest says it: s3://BUCKET/quarantine/2026-11-17/DIGEST, or s3://BUCKET/quarantine/ for all.',
    );
  }
  return { bucket, at };
}
