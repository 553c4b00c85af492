import { element, escapeText, textElement } from './markup.ts'

export interface HtmlTable {
  /** What it holds: the heading above it, and its name. */
  caption: string
  head: readonly string[]
  /** Names above groups of columns, each over so many of them. */
  groups?: readonly { name: string; columns: number }[]
  /** The first cell of a row is its name. */
  rows: readonly (readonly string[])[]
  /** Whether its cells are texts that may need several lines. */
  hasTexts?: boolean
  /** Attributes of a row. */
  rowAttributes?: (row: number) => Readonly<Record<string, string | number>>
}

/** A table that is wider than a small screen scrolls within itself, by keyboard too. */
export function htmlTable(table: HtmlTable): string {
  const attributes = { class: 'wide', role: 'region', 'aria-label': table.caption, tabindex: 0 }
  return element('div', attributes, bareTable(table))
}

function bareTable({ caption, head, groups, rows, hasTexts, rowAttributes }: HtmlTable): string {
  const groupCells = groups?.map(({ name, columns }) => {
    const attributes = { colspan: columns, scope: 'colgroup' }
    return name === '' ? element('td', { colspan: columns }) : textElement('th', attributes, name)
  })
  const lines = [
    ...(groupCells ? [element('tr', { class: 'groups' }, groupCells.join(''))] : []),
    element('tr', {}, head.map((text) => textElement('th', { scope: 'col' }, text)).join('')),
  ]
  const body = rows.map(([name = '', ...cells], i) =>
    element(
      'tr',
      rowAttributes?.(i) ?? {},
      textElement('th', { scope: 'row' }, name) + cells.map((text) => `<td>${escapeText(text)}</td>`).join(''),
    ),
  )
  return element(
    'table',
    hasTexts ? { class: 'texts' } : {},
    [
      textElement('caption', {}, caption),
      element('thead', {}, lines.join('\n')),
      element('tbody', {}, body.join('\n')),
    ].join('\n'),
  )
}

/** A table below a drawing, folded on a screen: the same figures for those who do not see it. */
export function foldedTable(summary: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return foldTable(summary, { caption: summary, head, rows })
}

/** As {@link foldedTable}, of a table with a caption of its own. */
export const foldTable = (summary: string, table: HtmlTable): string =>
  `<details>${textElement('summary', {}, summary)}\n${htmlTable(table)}</details>`
