import { plain, shorten } from '../../core/text.ts';

/** More of one text is no use on a page. */
const MAX_TEXT = 20_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup of a page. Only `html` and `escaped` make it from text. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Any text as text of a page, in an element or in a quoted attribute. */
export function escaped(text: string, limit: number = MAX_TEXT): Html {
  return new Html(shorten(plain(text), limit).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? ''));
}

/** A template of markup; every text in it is escaped. */
export function html(
  markup: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const texts = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return escaped(String(value)).markup;
    return value instanceof Html ? value.markup : value.map((one) => one.markup).join('');
  });
  return new Html(String.raw({ raw: markup }, ...texts));
}
