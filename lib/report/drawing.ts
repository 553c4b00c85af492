import { element, textElement } from './markup.ts'

export interface Drawing {
  width: number
  height: number
  /** Its name, for those who do not see it; a tip where the mouse rests. */
  title: string
  /** What there is to be seen, in words. */
  description?: string
  /** Its class, for a style of its own. */
  look?: string
  /** Further attributes, for a script. */
  data?: Readonly<Record<`data-${string}`, number>>
}

/** A drawing with a name and a description, which a screen reader says. */
export function drawing(
  { width, height, title, description, look, data }: Drawing,
  content: readonly string[],
): string {
  const words = [
    textElement('title', {}, title),
    ...(description === undefined ? [] : [textElement('desc', {}, description)]),
  ]
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', ...(look && { class: look }), ...data }
  return element('svg', attributes, [...words, ...content].join('\n'))
}
