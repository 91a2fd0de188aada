/** What the names of settings that hold credentials contain, as patterns of LIKE. */
export const SECRET_WORDS = [
  '%token%',
  '%secret%',
  '%password%',
  '%passwd%',
  '%credential%',
  '%apikey%',
  '%api_key%',
  '%private_key%',
  '%access_key%',
];

/** What the names of settings that hold addresses contain. */
export const ADDRESS_WORDS = ['%remote%', '%url%', '%endpoint%', '%webhook%', '%host'];

/** The condition that a name, as SQL, fits one of some patterns, in any case. */
export function namesOneOf(
  name: string,
  patterns: readonly string[],
): { readonly text: string; readonly values: readonly string[] } {
  return { text: `(${patterns.map(() => `LOWER(${name}) LIKE ?`).join(' OR ')})`, values: patterns };
}
