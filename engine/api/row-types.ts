/** Types about the fields of rows; nothing here exists at run time. */

/** Shows an intersection as one object type. Rows are their receiver's to change. */
export type Simplify<T> = { -readonly [K in keyof T]: T[K] } & {};

declare const VIEW: unique symbol;

/**
 * A record of type T as its bytes, which functions get with `{ view: true }`: it can be read during their call, and the
 * compiler lets neither it nor a copy by `{ ...view }`, which would be empty, be returned.
 */
export type View<T> = Readonly<T> & { readonly [VIEW]: true };

/** A row that is no view, nor spread from one. */
export type NoView = { readonly [VIEW]?: never };

/** Names of the fields of a row. */
export type FieldOf<T> = Extract<keyof T, string>;

/** Names of the fields whose values, null aside, are of type V. */
export type FieldWith<T, V> = {
  [K in FieldOf<T>]: [NonNullable<T[K]>] extends [never] ? never : NonNullable<T[K]> extends V ? K : never;
}[FieldOf<T>];

/** null where the field may be null or absent. */
export type NullOf<V> = null extends V ? null : undefined extends V ? null : never;
