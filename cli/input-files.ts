// The files that a command line means: files as they are named, folders walked in order.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface InputFile {
  readonly path: string;
  /** True if the user named it, false if it was met in a folder: then it may be skipped in peace. */
  readonly named: boolean;
}

/** Folders are walked in the order of their names; dot files and links to folders are left alone. */
export function inputFiles(args: readonly string[]): InputFile[] {
  return args.flatMap((arg) => (isFolder(arg) ? walk(arg) : [{ path: arg, named: true }]));
}

function isFolder(path: string): boolean {
  if (path === '-') return false;
  try {
    return statSync(path).isDirectory();
  } catch {
    // Not there, or a loop of links: whoever opens it says so.
    return false;
  }
}

function walk(folder: string): InputFile[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.name.startsWith('.'));
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    // A link to a folder may lead back up, and one to nowhere was not named: both are left alone.
    const isFile = entry.isSymbolicLink() ? leadsToFile(path) : entry.isFile();
    return isFile ? [{ path, named: false }] : [];
  });
}

function leadsToFile(link: string): boolean {
  try {
    return statSync(link).isFile();
  } catch {
    // Dangling, a loop of links, or behind a folder that may not be entered.
    return false;
  }
}
