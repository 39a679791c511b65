/** True in the checked build, false in the release build; esbuild replaces it and drops what it guards. */
declare const CHECKED: boolean;
