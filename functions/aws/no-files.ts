/** What the SDK finds in `~/.aws` in Lambda: nothing. build.mjs puts this in the place of its reader, under the same names. */
export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });
export const CONFIG_PREFIX_SEPARATOR = '.';
