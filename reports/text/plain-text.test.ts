// Tests that no escape byte of a name gets through, and that relock's own do on a terminal.
import { describe, expect, it } from 'vitest';
import { plainText } from './plain-text.js';

describe('plainText', () => {
  it('writes control characters out, and leaves text, tabs and newlines alone', () => {
    expect(plainText('a\u001b[31mb\u0000\u009b\tc\nd \u00e9')).toBe('a\\x1b[31mb\\x00\\x9b\tc\nd \u00e9');
  });

  it('lets relock\u2019s own sequences through on a terminal, and nothing else', () => {
    expect(plainText('\u001b[1mbold\u001b[0m \u001b[31mred', true)).toBe(
      '\u001b[1mbold\u001b[0m \\x1b[31mred',
    );
    expect(plainText('\u001b[1mbold', false)).toBe('\\x1b[1mbold');
  });
});
