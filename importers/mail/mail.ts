// Mails and mailboxes whose text is wrapped for transfer: decoded into the lines that their authors wrote.
import { gunzipSync } from 'node:zlib';
import { decodeHTML } from 'entities';
import PostalMime, { type Attachment, type Email } from 'postal-mime';
import type { TextBlock } from '../text-blocks.js';

/** Mails longer than this are read as they are, undecoded. */
const MAX_MAIL_CHARS = 64 << 20;
/** A decompressed attachment is cut here: a bomb must not fill the memory. */
const MAX_ATTACHMENT_BYTES = 256 << 20;

const HEADER =
  /^(?:From |(?:Return-Path|Received|Delivered-To|From|To|Date|Message-I[dD]|Subject|MIME-Version|Mime-Version|Content-[\w-]+|X-[\w-]+|In-Reply-To|References|List-[\w-]+|DKIM-Signature|ARC-[\w-]+): ?)/;
const ENCODED =
  /^Content-Transfer-Encoding: *(?:quoted-printable|base64)|^Content-Type: *(?:multipart\/|text\/html)/im;

/** True for a mail or mailbox whose lines have to be decoded; a mail in plain text reads as it is. */
export function looksLikeMail(head: string): boolean {
  const start = head.replace(/^\s+/, '');
  if (!HEADER.test(start)) return false;
  const lines = start.split(/\r?\n/, 3);
  // A second header, or the folded rest of the first: one line alone may be anything.
  if (!lines.slice(1).every((line) => HEADER.test(line) || /^[ \t]+\S/.test(line) || /^[\w-]+: /.test(line)))
    return false;
  return ENCODED.test(head);
}

function textOfHtml(html: string): string {
  return decodeHTML(
    html
      .replace(/<(?:style|script)\b[\s\S]*?<\/(?:style|script)>/gi, '')
      .replace(/<br\s*\/?>|<\/(?:p|div|tr|li|h\d)>/gi, '\n')
      .replace(/<\/?[a-z][^<>]*>/gi, ''),
  );
}

function bytesOf(content: Attachment['content']): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content, 'utf8');
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}

/** The text of an attachment, or null if it is none. */
function attachedText(attachment: Attachment): string | null {
  let bytes = bytesOf(attachment.content);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: MAX_ATTACHMENT_BYTES });
    } catch {
      return null;
    }
  } else if (!/^(?:text\/|message\/|application\/(?:octet-stream|x-log))/i.test(attachment.mimeType)) {
    return null;
  }
  if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).includes(0)) return null;
  return new TextDecoder('utf-8').decode(bytes);
}

function headersOf(mail: Email): string {
  const wanted = ['from', 'date', 'subject', 'message-id'];
  return mail.headers
    .filter(({ key }) => wanted.includes(key))
    .map(({ originalKey, value }) => `${originalKey}: ${value}`)
    .join('\n');
}

/** One mail's readable text: a few headers, the body, and the attachments that are text. */
async function decodeMail(raw: string, onSkipped: () => void): Promise<string> {
  let mail: Email;
  try {
    mail = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
  } catch {
    // Not a mail after all, or one nested beyond reason: what it is, it is.
    return raw;
  }
  const parts = [headersOf(mail), ''];
  if (mail.text !== undefined && mail.text.trim() !== '') parts.push(mail.text);
  else if (mail.html !== undefined) parts.push(textOfHtml(mail.html));
  for (const attachment of mail.attachments) {
    const text = attachedText(attachment);
    if (text === null) onSkipped();
    else parts.push('', text);
  }
  return parts.join('\n').replaceAll('\r\n', '\n').replace(/\n+$/, '');
}

/**
 * Blocks of a mail or mailbox with its mails decoded one by one. Lines are numbered in the decoded text; mails that
 * need no decoding keep every line.
 */
export async function* mailBlocks(
  blocks: AsyncIterable<TextBlock>,
  onSkipped: () => void,
): AsyncGenerator<TextBlock> {
  let firstLine = 1;
  const block = (text: string): TextBlock => {
    let lines = 1;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
    const made = { text, firstLine, lines };
    firstLine += lines;
    return made;
  };
  const decoded = async (raw: string): Promise<TextBlock> =>
    block(ENCODED.test(raw) ? await decodeMail(raw, onSkipped) : raw);

  let mail = '';
  let tooLong = false;
  for await (const { text } of blocks) {
    // Where the last search ended, less one separator line that may have been cut there.
    const searched = Math.max(0, mail.length - 200);
    mail = mail === '' ? text : `${mail}\n${text}`;
    // A mailbox separates its mails by a line `From SENDER DATE`.
    for (let cut = nextMail(mail, searched); cut !== -1; cut = nextMail(mail, 0)) {
      yield tooLong ? block(mail.slice(0, cut)) : await decoded(mail.slice(0, cut));
      tooLong = false;
      mail = mail.slice(cut + 1);
    }
    if (mail.length > MAX_MAIL_CHARS) {
      yield block(mail);
      mail = '';
      tooLong = true;
    }
  }
  if (mail !== '') yield tooLong ? block(mail) : await decoded(mail);
}

const SEPARATOR = /\nFrom \S+ .*\d{4}\r?\n(?=[\w-]+: )/g;

function nextMail(text: string, from: number): number {
  SEPARATOR.lastIndex = from;
  return SEPARATOR.exec(text)?.index ?? -1;
}
