/**
 * A text as common encoders write it in JSON, URLs and XML. The runner masks only whole texts, so these are the forms that
 * are hidden in what other programs of the job print.
 */
export function encoded(text: string): readonly string[] {
  return [...inJson(text), ...inUrl(text), ...inXml(text)];
}

/**
 * Go's encoding/json escapes HTML characters, others all non-ASCII, PHP the slash as well, .NET all but the slash, and
 * Gson of Java the equals sign.
 */
function inJson(text: string): readonly string[] {
  const quoted = JSON.stringify(text).slice(1, -1);
  const ascii = quoted.replace(/[^\0-\x7f]/g, (unit) => `\\u${hex(unit)}`);
  return [
    quoted,
    quoted.replace(/[<>&]/g, (unit) => `\\u${hex(unit)}`),
    quoted.replace(/[<>&='\u2028\u2029]/g, (unit) => `\\u${hex(unit)}`),
    ascii,
    ascii.replaceAll('/', '\\/'),
    quoted.replace(/\\"|[<>&'`+]|[^\0-\x7f]/g, (found) => `\\u${hex(found.slice(-1)).toUpperCase()}`),
  ];
}

/** Encoders of URLs, by the characters that they leave as they are, besides letters, digits and `-_.`. */
const URL_ENCODERS: readonly { readonly kept: string; readonly blank?: '+' }[] = [
  // encodeURIComponent of JavaScript
  { kept: "!'()*~" },
  // encodeURI of JavaScript
  { kept: "!#$&'()*+,/:;=?@~" },
  // RFC 3986, rawurlencode of PHP
  { kept: '~' },
  // quote of Python 3.7, and of older ones
  { kept: '/~' },
  { kept: '/' },
  // QueryEscape of Go, quote_plus of Python
  { kept: '~', blank: '+' },
  // urlencode of PHP
  { kept: '', blank: '+' },
  // URLEncoder of Java, URLSearchParams
  { kept: '*', blank: '+' },
  // PathEscape of Go, and the user and the path of its URLs
  { kept: '$&+:=@~' },
  { kept: '$&+,;=~' },
  { kept: '$&+,/:;=@~' },
  // The path and the query of a URI in Java
  { kept: "!$&'()*+,/:;=@~" },
  { kept: "!$&'()*+,/:;=?@[]~" },
  // The user, the path and the query of a URL in browsers and Node
  { kept: "!$%&'()*+,~" },
  { kept: "!$%&'()*+,/:;=@[]^|~" },
  { kept: '!$%&()*+,/:;=?@[\\]^`{|}~' },
];

/** Older encoders write lower-case digits. */
function inUrl(text: string): readonly string[] {
  const bytes = [...Buffer.from(text)].map((byte) => String.fromCharCode(byte));
  return URL_ENCODERS.flatMap(({ kept, blank }) => {
    const write = (digits: (byte: string) => string): string =>
      bytes
        .map((byte) => {
          if (byte === ' ' && blank !== undefined) return blank;
          return /[A-Za-z0-9_.-]/.test(byte) || kept.includes(byte) ? byte : `%${digits(byte)}`;
        })
        .join('');
    return [write((byte) => hex(byte).slice(-2).toUpperCase()), write((byte) => hex(byte).slice(-2))];
  });
}

/** The references that encoders of XML and HTML write for the two quotes. */
const QUOTES = [
  ['&quot;', '&#39;'],
  ['&quot;', '&#039;'],
  ['&#34;', '&#39;'],
  ['&quot;', '&apos;'],
  ['&quot;', '&#x27;'],
  ['"', '&apos;'],
] as const;

function inXml(text: string): readonly string[] {
  const written = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [written, ...QUOTES.map(([double, single]) => written.replaceAll('"', double).replaceAll("'", single))];
}

/** Four digits. */
function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, '0');
}
