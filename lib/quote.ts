/**
 * Foreign text as one short, printable piece of an error message: quoted, control characters escaped, cut at 60.
 *
 * @param text - what a user, a file or a peer wrote
 */
export function quote(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}...` : text
  // JSON escapes what is below a space; the rest could still move a terminal's cursor or turn its text around.
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A foreign name as it is, where it is plain; {@link quote}d where it is long or has what a terminal would not show. */
export function nameOf(text: string): string {
  const quoted = quote(text)
  return text !== '' && quoted === `"${text}"` ? text : quoted
}
