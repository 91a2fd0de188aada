import { isNode, isScalar, Scalar, visit } from 'yaml';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { plain } from '../../core/text.ts';
import { isOurKey } from '../known-keys.ts';
import type { YamlText } from './parse.ts';

/** Booleans of YAML 1.1 (https://yaml.org/type/bool.html) that are text in YAML 1.2. */
const WORD = /^(?:y|n|yes|no|on|off)$/i;
/** Octal in YAML 1.1 and decimal in YAML 1.2, or only in YAML 1.2 octal. */
const OCTAL = /^[-+]?(?:0[0-9_]+|0o[0-7]+)$/;

/**
 * Warnings about unquoted names and values in our sections that YAML 1.1 reads differently. dolt-federation reads YAML
 * 1.2, but other programs read the same file.
 */
export function yamlTraps(yaml: YamlText): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const { key, value } of yaml.root?.items ?? []) {
    if (!isScalar(key) || !isOurKey(String(key.value)) || !isNode(value)) continue;
    visit(value, {
      Scalar(_, node) {
        const trap = trapOf(node);
        if (trap !== null) {
          found.push({ severity: 'warning', code: 'yaml-ambiguous', ...trap, location: yaml.place(node) });
        }
      },
    });
  }
  return found;
}

function trapOf({ type, value, source }: Scalar): Pick<Diagnostic, 'message' | 'hint'> | null {
  if (type !== Scalar.PLAIN || source === undefined) return null;
  if (typeof value === 'string' && WORD.test(value)) {
    return {
      message: `programs that read YAML 1.1 take ${value} without quotes as true or false`,
      hint: `Write '${value}' in quotes, or use another name.`,
    };
  }
  if (typeof value === 'number' && OCTAL.test(source)) {
    return {
      message: `${plain(source)} is ${value} here, and another number for programs that read YAML 1.1`,
      hint: `Write ${value}, without a leading zero.`,
    };
  }
  return null;
}
