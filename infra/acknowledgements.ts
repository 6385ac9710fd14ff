import type { Construct } from 'constructs';
export function acknowledge(_gridwatch: Construct): void {}
