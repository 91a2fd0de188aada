/** The text of a hash of Dolt, which names a commit or a table file: 20 bytes in base 32. For use in patterns. */
export const HASH_TEXT = '[0-9a-v]{32}';

/** A whole hash and nothing else. */
export const HASH = new RegExp(`^${HASH_TEXT}$`);
