// Branded identifiers: numbers and strings that the compiler keeps apart.

/** A value of `T` that only the code named in the brand's comment may mint. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Index into `Capture.strings`. Minted by the importers' builder. */
export type StringId = Brand<number, 'StringId'>;
/** Index into `Capture.tasks`. Minted by the importers' builder. */
export type TaskId = Brand<number, 'TaskId'>;
/** Index into `Capture.locks`. Minted by the importers' builder. */
export type LockId = Brand<number, 'LockId'>;
/** Index into `Capture.classes`. Minted by the importers' builder. */
export type ClassId = Brand<number, 'ClassId'>;
/** Index into `Capture.sites`. Minted by the importers' builder. */
export type SiteId = Brand<number, 'SiteId'>;
/** Index into `Capture.episodes`. Minted by the importers' builder. */
export type EpisodeId = Brand<number, 'EpisodeId'>;

/** sha256 (64 lower-case hex digits) of the imported bytes. Minted by the importers' source. */
export type CaptureId = Brand<string, 'CaptureId'>;
/** sha256 (64 hex digits) of a program's canonical litmus text. Minted by corpus/text. */
export type ProgramId = Brand<string, 'ProgramId'>;
/** First 12 hex digits of the sha256 of a signature's text; what two sightings of one bug share. */
export type Signature = Brand<string, 'Signature'>;
/** First 12 hex digits of the sha256 of a witness's litmus text. */
export type WitnessId = Brand<string, 'WitnessId'>;

/** Index that marks "none" in an event column. */
export const NONE = -1;
