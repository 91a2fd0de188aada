// @ts-check
/**
 * `node docs/adr/reproductions/yaml-document.mjs`: which texts `parseDocument(text).toString()` changes although nothing
 * was edited, and which ones the tokens of the same library change.
 */
import { CST, Parser, parseDocument } from 'yaml';

/** One habit of a configuration file each. */
const TEXTS = {
  'two quotes': `a: 'x'\nb: "y"\n`,
  'a long line': `a: ${'word '.repeat(60)}end\n`,
  'an anchor and a merge key': 'base: &b\n  x: 1\nuse:\n  <<: *b\n',
  'a start of a document': '---\na: 1\n',
  'aligned values': 'a:    1\n',
  'an aligned comment': 'a: 1    # why\n',
  'two blank lines': 'a: 1\n\n\nb: 2\n',
  'blank lines at the end': 'a: 1\n# end\n\n\n',
  'a list below its key': 'a:\n- x\n',
  'a deeper list': 'a:\n    - x\n',
  'four blanks of indentation': 'a:\n    b: 1\n',
  braces: 'a: {b: 1}\n',
  'a folded text': 'a: >\n  two\n  lines\n',
  'a text of two lines': 'a: one\n  two\n',
  'a comment deeper than its key': 'a:\n  b: 1\n    # odd\nc: 1\n',
  'a comment below a mapping': 'a:\n  b: 1\n# top\n  # odd\nc: 1\n',
  'a hexadecimal number': 'a: 0x1F\n',
  'an explicit key': '? a\n: 1\n',
  'a tag': 'a: !!str 1\n',
  'a tab before a value': 'a:\t1\n',
  'a blank at the end of a line': 'a: 1 \n',
  'no line break at the end': 'a: 1',
  CRLF: 'a: 1\r\n',
  'a byte order mark': '\uFEFFa: 1\n',
};

const changed = Object.entries(TEXTS).filter(([, text]) => {
  return parseDocument(text, { version: '1.2' }).toString({ lineWidth: 0 }) !== text;
});
const byTokens = Object.values(TEXTS).filter((text) => {
  return [...new Parser().parse(text)].map((token) => CST.stringify(token)).join('') !== text;
});
console.log(`changed by the Document API: ${changed.length} of ${Object.keys(TEXTS).length}`);
for (const [name, text] of changed) {
  const after = parseDocument(text, { version: '1.2' }).toString({ lineWidth: 0 });
  console.log(`  ${name}: ${JSON.stringify(text)} becomes ${JSON.stringify(after)}`);
}
console.log(`changed by its tokens: ${byTokens.length}`);
