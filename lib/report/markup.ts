// Pages and drawings as text: they are written by a command line program, where there is no DOM.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What no page may hold, or what turns the text after it around. */
// eslint-disable-next-line no-control-regex -- they come in names from files
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g

/** Text as HTML and SVG take it, between tags or in an attribute. */
export const escapeText = (text: string): string =>
  text.replace(unprintable, '\ufffd').replace(/[&<>"']/g, (character) => entities[character]!)

type Attributes = Readonly<Record<string, string | number>>

/** An element whose content is markup already. Numbers are rounded to what a screen can show. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(shown(value))}"`)
  return `<${name}${words.join('')}>${content}</${name}>`
}

/** An element that holds text. */
export const textElement = (name: string, attributes: Attributes, text: string): string =>
  element(name, attributes, escapeText(text))

const shown = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
