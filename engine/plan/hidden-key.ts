/** The column that carries the value of a key function; results call it `key`. */
export const HIDDEN_KEY = '$key';

/** The name of a key column in the result of an aggregation. */
export const resultName = (key: string): string => (key === HIDDEN_KEY ? 'key' : key);
