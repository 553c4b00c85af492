/** The addon as it is loaded; lib/native.ts gives it its types. */
declare const binding: unknown
export = binding
