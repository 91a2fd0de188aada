// @ts-check
/** Replaces zod's translated messages in tests: jest.config.mjs. */
export {};
