import type { Path } from '../reading/yaml-source.ts'
import { figureAt } from './claims.ts'
import type { ClaimResults, FigurePlace } from './claims.ts'
import { describeFigure, describeValue } from './figures.ts'
import { ProblemError } from './point.ts'
import type { ExperimentTableResults } from './results.ts'
import type { TablePlan } from './tables.ts'

// The verdict: a sentence of the experiment's with figures in it, and how many claims hold.

/** A sentence with figures in it. */
export type VerdictPart = string | FigurePlace

const fix = 'write a figure as {measure, case, value}, as in {missing, wake, adaptive}'

/**
 * Reads a sentence in which figures are written as {measure, case, value of the factor}, with two values for a pair of factors.
 *
 * @throws ProblemError where no table has such a figure
 */
export function parseVerdict(text: string, tables: readonly TablePlan[]): VerdictPart[] {
  const path: Path = ['verdict']
  return text.split(/(\{[^}]*\})/).map((part): VerdictPart => {
    if (!part.startsWith('{')) return part
    const [measure, inCase, ...labels] = part
      .slice(1, -1)
      .split(',')
      .map((word) => word.trim())
    const table = tables.find(({ points }) => points.some((point) => point.labels.join() === labels.join()))
    const isShown = table?.columns.some((column) => column.measure === measure && column.case === inCase)
    if (!table || !isShown || measure === undefined || inCase === undefined)
      throw new ProblemError({ path, message: `no table shows ${part}; ${fix}` })
    return { table: table.name, labels, case: inCase, measure }
  })
}

/** The verdict in a line. */
export function describeVerdict(
  parts: readonly VerdictPart[],
  claims: readonly ClaimResults[],
  tables: readonly ExperimentTableResults[],
): string {
  const sentence = parts
    .map((part) => (typeof part === 'string' ? part : figureText(part, tables)))
    .join('')
    .trim()
  return [...(sentence === '' ? [] : [sentence]), ...(claims.length > 0 ? [describeCount(claims)] : [])].join(': ')
}

function figureText(place: FigurePlace, tables: readonly ExperimentTableResults[]): string {
  const columns = tables.find(({ name }) => name === place.table)?.columns
  const column = columns?.find((each) => each.measure === place.measure && each.case === place.case)
  return column ? describeFigure(column.unit, figureAt(tables, place)) : '-'
}

/** How many claims hold, and which do not. */
export function describeCount(claims: readonly ClaimResults[]): string {
  const count = claims.filter(({ finding }) => finding === 'holds').length
  const others = claims.filter(({ finding }) => finding !== 'holds').map(exceptionText)
  const says = `${count} of ${claims.length} claims ${claims.length === 1 ? 'holds' : 'hold'}`
  return others.length > 0 ? `${says}; not: ${others.join('; ')}` : says
}

/** A claim that does not hold, and what was found instead. */
function exceptionText({ text, unit, figure, finding }: ClaimResults): string {
  if (finding === 'unknown' || !figure) return `${text} (no figure)`
  const found = `it is ${describeFigure(unit, figure)}`
  const { low, high } = figure
  if (finding === 'fails') return `${text} (${found})`
  return `${text} (only on average: ${found}, from ${describeValue(unit, low)} to ${describeValue(unit, high)})`
}
