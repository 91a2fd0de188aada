// @ts-check
/** Runs before each unit test: takes away the programs that the other tests are given. */
for (const name of Object.keys(process.env)) {
  if (name.startsWith('DOLT_FEDERATION_TEST_')) delete process.env[name];
}
