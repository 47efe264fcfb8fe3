// Names that mean something to a browser, a shell, a terminal, SQL or C, for tests of what must be harmless.

/** One bad name a kind of reader. */
export const HOSTILE = [
  '"><script>window.pwned=1</script>',
  "'; DROP TABLE witness; --",
  '</title></style></svg><img src=x onerror=window.pwned=1>',
  '\u001b[2J\u001b]0;owned\u0007\u202egnp',
  '$(touch pwned)`touch pwned`;touch pwned',
  'a\ntouch pwned\nb',
  '*/ END_OF_C',
  ']]>&lt;b&gt;{{7*7}}',
  '\\"], evil="1',
];
