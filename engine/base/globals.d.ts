/** True in the checked build, false in the release build; esbuild replaces it and drops what it guards. */
declare const CHECKED: boolean;

interface String {
  /** True without halves of surrogate pairs; of a string of one byte per character it is known at once. */
  isWellFormed(): boolean;
}
