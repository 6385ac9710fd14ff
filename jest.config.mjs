// swc emits CommonJS: Jest's ESM mode is still experimental, and swc rewrites import.meta for us.
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
const frozen = { setupFiles: ['<rootDir>/test/setup/freeze.ts'] };

/** Child processes, emulators and CDK: minutes rather than seconds, so CI runs them and `npm test` does not. */
const SLOW = [
  '/test/(?:infra|e2e|aws|functions|endpoint|browser)/',
  '/test/contract/(?:dynamo|sqlite)-',
  '/test/local/(?:packet|start|analyze|backtest|crash|classify|detect|explain|asking|completion).test',
  '/test/(?:docs|regexes).test',
  // Properties over many generated cases, and hours in virtual time.
  '/test/(?:scenario|shared)/(?:fold|literal|screen|slack|pipeline|summary|message|parse|outbox|incidents|messages|lifecycle|scopes|late|late-faults).test',
  '/test/fixtures/',
];

export default {
  projects: [
    {
      ...base,
      ...frozen,
      displayName: 'domain',
      globalSetup: '<rootDir>/test/setup/build.ts',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...SLOW],
    },
    {
      ...base,
      ...frozen,
      displayName: 'world',
      globalSetup: '<rootDir>/test/setup/build.ts',
      testMatch: [
        '<rootDir>/test/{e2e,aws,functions}/**/*.test.ts',
        '<rootDir>/test/contract/{dynamo,sqlite}-*.test.ts',
        '<rootDir>/test/docs.test.ts',
        '<rootDir>/test/{scenario,shared}/{fold,literal,screen,slack,pipeline,summary,message,parse,outbox,incidents,messages,lifecycle,scopes,late,late-faults}.test.ts',
        '<rootDir>/test/fixtures/*.test.ts',
        '<rootDir>/test/local/{packet,start,analyze,backtest,crash,classify,detect,explain,asking,completion}.test.ts',
      ],
    },
    {
      ...base,
      // A real chromium on the real page: `npm run test:browser`.
      displayName: 'browser',
      globalSetup: '<rootDir>/test/setup/build.ts',
      testMatch: ['<rootDir>/test/browser/*.test.ts'],
    },
    {
      ...base,
      // Against whatever answers at AWS_ENDPOINT_URL: `npm run test:aws`.
      displayName: 'endpoint',
      testMatch: ['<rootDir>/test/endpoint/**/*.test.ts'],
    },
    {
      ...base,
      // CDK and the checker of regular expressions assign to what freeze.ts freezes.
      displayName: 'infra',
      globalSetup: '<rootDir>/test/setup/build.ts',
      testMatch: ['<rootDir>/test/infra/**/*.test.ts', '<rootDir>/test/regexes.test.ts'],
    },
  ],
};
