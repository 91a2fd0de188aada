import type { PeerChanges } from '../../config/peer-changes.ts';
import { parseSettingValue } from '../../config/setting-keys.ts';
import { PEER_SETTING_NAMES, PEER_SETTINGS, type PeerSettingName } from '../../contract/peer-options.ts';
import { Failure } from '../../core/failure.ts';
import { splitList } from '../../core/lists.ts';
import type { RawRequest } from '../command.ts';

/**
 * The options of a peer on the command line; `add-peer` and `set-peer` read the same ones.
 * @param empty whether an empty value removes an option
 * @throws Failure `bad-usage` if a value does not fit its option, or if it is to be set and removed
 */
export function requestedPeerChanges(
  { read, written }: Pick<RawRequest, 'read' | 'written'>,
  empty: 'empty-removes' | 'refuse-empty',
): PeerChanges {
  const removed = new Set(requestedRemovals(read('unset')));
  const set: PeerChanges['set'][number][] = [];
  for (const name of PEER_SETTING_NAMES) {
    const { path, form } = PEER_SETTINGS[name];
    const text = written(name);
    if (text === undefined) continue;
    if (text === '' && empty === 'empty-removes') removed.add(name);
    else {
      if (removed.has(name))
        throw new Failure('bad-usage', `--${name} has a value, and --unset removes it`, {
          hint: `Keep --${name}, or --unset ${name}.`,
        });
      // The file keeps the value as the user wrote it, such as `90s`, except for the case of a word.
      const value = read(name);
      set.push({ path, value: parseSettingValue(typeof value === 'string' ? value : text, form) });
    }
  }
  return { set, unset: [...removed].map((name) => PEER_SETTINGS[name].path) };
}

function requestedRemovals(text: string | undefined): readonly PeerSettingName[] {
  return splitList(text).map((word) => {
    const spelled = word.replace(/^-+/, '').replaceAll('.', '-');
    const name = PEER_SETTING_NAMES.find((one) => one === spelled);
    if (name !== undefined) return name;
    throw new Failure('bad-usage', `--unset contains ${JSON.stringify(word)}, which is not an option of a peer`, {
      hint: `Use one of ${PEER_SETTING_NAMES.join(', ')}.`,
    });
  });
}
