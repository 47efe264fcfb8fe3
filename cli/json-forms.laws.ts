// The forms that --json prints, checked against docs/schema.json, for the end-to-end tests.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const schemas = JSON.parse(readFileSync(new URL('../docs/schema.json', import.meta.url), 'utf8')) as object;
const ajv = new Ajv({ allowUnionTypes: true, strict: false }).addSchema(schemas, 'relock');
const isForm = ajv.compile({ $ref: 'relock#/definitions/Form' });

/** The one object on stdout; it must be one of the documented forms. */
export function json(text: string): Record<string, unknown> {
  const form = JSON.parse(text) as Record<string, unknown>;
  if (!isForm(form)) throw new Error(`${ajv.errorsText(isForm.errors)}\n${text.slice(0, 2000)}`);
  return form;
}

export interface WitnessLike {
  readonly id: string;
  readonly kind: string;
  readonly basis: string;
  readonly state: string;
  readonly cycle: readonly string[];
  readonly litmus: string;
}

export function witnesses(text: string): WitnessLike[] {
  return (json(text) as { witnesses: WitnessLike[] }).witnesses;
}
