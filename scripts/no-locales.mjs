// @ts-check
/** Stands for the languages of zod's messages in tests: jest.config.mjs. */
export {};
