/**
 * DynamoDB has one endpoint for each region, so there is none to discover. The SDK's client brings the means for it, switched
 * off by default; build.mjs puts this in their place, which spares each bundle a cache that is made whenever one starts.
 */

/** Both have the names and shapes of what they replace. */
export const resolveEndpointDiscoveryConfig = <Config>(config: Config): Config => config;

const off = (): boolean => false;
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: off,
  configFileSelector: off,
  default: false,
};
