/** Import this first: Powertools reads its names from the environment when it is loaded, as it is in Lambda. */
process.env['POWERTOOLS_METRICS_NAMESPACE'] = 'gridwatch';
process.env['POWERTOOLS_SERVICE_NAME'] = 'Test';
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

export {};
