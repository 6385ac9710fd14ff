import { endChildren, run } from './cli.ts';

afterAll(endChildren);

test.each(['quarantine/2026-11-17/cafe', 's3://Bucket/quarantine/', 's3://bucket', 'https://bucket/quarantine/'])(
  'the address %s is refused with the form of a good one',
  async (address) => {
    const { code, stdout, stderr } = await run(['redrive', address]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('s3://BUCKET/quarantine/2026-11-17/DIGEST');
  },
);
