import { quoteEndpoint } from '../../config/endpoint/text.ts';
import { Failure } from '../../core/failure.ts';
import { suggestion } from '../../core/suggestion.ts';

/** The refusal of a name that no peer has, with the name that was probably meant. */
export function absentPeer(name: string, names: readonly string[]): Failure {
  const near = suggestion(name, names);
  const known = names.length === 0 ? 'No peer is configured.' : `The peers are ${names.join(', ')}.`;
  return new Failure('unknown-peer', `there is no peer ${quoteEndpoint(name)}`, {
    hint:
      near === null
        ? `${known} Add one with \`dolt-federation add-peer <name> <endpoint>\`.`
        : `Did you mean \`${near}\`?`,
  });
}
