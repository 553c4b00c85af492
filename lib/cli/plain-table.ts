import { stripVTControlCharacters } from 'node:util'

import Table from 'cli-table3'
import pc from 'picocolors'

/** Colours for standard output: none in a pipe, none with NO_COLOR. */
export const colors = pc.createColors(pc.isColorSupported && Boolean(process.stdout.isTTY))

/** A table without lines but one under its head, which may have several lines; columns after the first are aligned to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = {
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const table = new Table({
    head: head.map((name) => colors.bold(name)),
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    chars: {
      ...none,
      top: '',
      bottom: '',
      left: '',
      right: '',
      middle: '  ',
      mid: '',
      'mid-mid': '',
      'left-mid': '',
      'right-mid': '',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => [...row]))
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  const width = widthOf(lines.join('\n'))
  const headLines = Math.max(...head.map((name) => name.split('\n').length))
  return [...lines.slice(0, headLines), colors.dim('-'.repeat(width)), ...lines.slice(headLines)].join('\n')
}

/** The columns of a terminal that a text takes. */
export const widthOf = (text: string): number =>
  Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length))
