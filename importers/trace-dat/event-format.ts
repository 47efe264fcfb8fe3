// The kernel's `format` text of an event: id, name, and where each field stands in a record.

/** One field; offset and size in bytes of the record's payload. */
export interface Field {
  readonly name: string;
  /** The declaration without the name (`unsigned long`, `__data_loc char[]`). */
  readonly type: string;
  readonly offset: number;
  /** 0 for an array to the end of the record. */
  readonly size: number;
  readonly signed: boolean;
  /** Whether the field is a word that says where the data are: from the payload's start, or from behind the word. */
  readonly place: 'here' | 'data-loc' | 'rel-loc';
}

export interface EventFormat {
  readonly system: string;
  readonly name: string;
  readonly id: number;
  readonly fields: ReadonlyMap<string, Field>;
  /** How the kernel prints it, with the names of its flags. */
  readonly printFormat: string;
}

const FIELD = /^\s*field:\s*([^;]*);\s*offset:\s*(\d{1,9});\s*size:\s*(\d{1,9});(?:\s*signed:\s*(\d);)?/;
/** More fields than any event has. */
const MAX_FIELDS = 1024;

/** `TYPE name`, `TYPE name[N]`, `TYPE *name`: the name and what is left. */
function splitDeclaration(declaration: string): { readonly name: string; readonly type: string } | null {
  const match = /^(.*?)([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)$/s.exec(declaration.trim());
  if (match === null) return null;
  return { name: match[2] ?? '', type: `${match[1] ?? ''}${match[3] ?? ''}`.trim() };
}

/** Reads a format text, or gives null if it has no name, no id or no fields. */
export function parseEventFormat(system: string, text: string): EventFormat | null {
  const name = /^name:\s*(\S{1,256})/m.exec(text)?.[1];
  const id = /^ID:\s*(\d{1,5})\s*$/m.exec(text)?.[1];
  if (name === undefined || id === undefined || Number(id) > 0xffff) return null;
  const fields = new Map<string, Field>();
  for (const line of text.split('\n')) {
    if (line.startsWith('print fmt')) break;
    const match = FIELD.exec(line);
    if (match === null || fields.size >= MAX_FIELDS) continue;
    const declared = splitDeclaration(match[1] ?? '');
    if (declared === null) continue;
    fields.set(declared.name, {
      name: declared.name,
      type: declared.type,
      offset: Number(match[2]),
      size: Number(match[3]),
      // Kernels before 2.6.32 leave `signed` out.
      signed:
        match[4] === undefined
          ? /^(int|long|short|s(8|16|32|64)|pid_t)\b/.test(declared.type)
          : match[4] === '1',
      place: declared.type.includes('__data_loc')
        ? 'data-loc'
        : declared.type.includes('__rel_loc')
          ? 'rel-loc'
          : 'here',
    });
  }
  const print = text.indexOf('print fmt');
  return fields.size === 0
    ? null
    : { system, name, id: Number(id), fields, printFormat: print === -1 ? '' : text.slice(print) };
}
