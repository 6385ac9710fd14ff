// Import this first. Every Template.fromStack would run CloudFormation's rule set otherwise: 3 s of CPU per test file.
// `cdk synth` runs it, and synth.test.ts runs `cdk synth`.
process.env['CDK_VALIDATION'] = 'false';
