import { RingbackError } from '../errors.ts'
import type { Path } from '../reading/yaml-source.ts'
import { parseBitRate, parseDuration, parseSize } from '../units.ts'
import { estimate } from './estimate.ts'
import type { Estimate } from './estimate.ts'
import { describeValue } from './figures.ts'
import type { MeasureUnit } from './measure.ts'
import { unknown } from './own-measures.ts'
import { ProblemError } from './point.ts'
import type { ExperimentTableResults } from './results.ts'
import type { CheckedClaim, CheckedExperiment } from './schema.ts'
import type { TablePlan } from './tables.ts'

/** Something that an experiment says of a figure: of a row of a table, in a case. */
export interface ExperimentClaim {
  /** As people read it. */
  text: string
  table: string
  /** The value of each of the table's factors. */
  labels: string[]
  /** The row that it is compared with: the claim is about the difference then, seed by seed. */
  against?: string[]
  case: string
  measure: string
  unit: MeasureUnit
  atMost?: number
  atLeast?: number
}

/** What became of a claim: the whole confidence interval satisfies it, only the mean does, it does not, or there is no figure. */
export type Finding = 'holds' | 'mean only' | 'fails' | 'unknown'

export interface ClaimResults extends ExperimentClaim {
  /** null: the runs have no such figure, or were not finished. */
  figure: Estimate | null
  finding: Finding
}

/** A figure of a table: its row by its labels. */
export interface FigurePlace {
  table: string
  labels: string[]
  case: string
  measure: string
}

type Column = TablePlan['columns'][number]
const listed = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).map(String)

/** The experiment's claims: one for each case and each row that an entry names. */
export function claimsOf({ claims }: CheckedExperiment, tables: readonly TablePlan[]): ExperimentClaim[] {
  return claims.flatMap((claim, i) => {
    const at: Path = ['claims', i]
    const table = tableWith(Object.keys(claim.at), tables, [...at, 'at'])
    const rows = table.factors.reduce<string[][]>(
      (all, { name }) => all.flatMap((labels) => listed(claim.at[name]).map((label) => [...labels, label])),
      [[]],
    )
    const shown = [...new Set(table.columns.map((column) => column.case))]
    const cases = claim.case === undefined ? shown : listed(claim.case)
    return cases.flatMap((inCase) => {
      const column = columnOf(table, inCase, claim.measure, at)
      return rows.map((labels) => toClaim(claim, { table, labels, column, at }))
    })
  })
}

function toClaim(
  { against, atMost, atLeast }: CheckedClaim,
  { table, labels, column, at }: { table: TablePlan; labels: string[]; column: Column; at: Path },
): ExperimentClaim {
  checkRow(table, labels, [...at, 'at'])
  const other = against && table.factors.map(({ name }, k) => String(against[name] ?? labels[k]))
  if (other) checkRow(table, other, [...at, 'against'])
  if ((atMost === undefined) === (atLeast === undefined))
    throw new ProblemError({ path: at, message: 'write one limit: atMost or atLeast' })
  const key = atMost === undefined ? 'atLeast' : 'atMost'
  const limit = limitOf((atMost ?? atLeast)!, column.unit, [...at, key])
  const hasCases = table.columns.some((each) => each.case !== column.case)
  const where = [...labels, ...(hasCases ? [column.case] : [])].join(', ')
  const bound = `${key === 'atMost' ? 'at most' : 'at least'} ${describeValue(column.unit, limit)}`
  const than = other ? ` less that of ${other.join(', ')}` : ''
  return {
    text: `${where}: ${column.title}${than} ${bound}`,
    table: table.name,
    labels,
    ...(other && { against: other }),
    case: column.case,
    measure: column.measure,
    unit: column.unit,
    [key]: limit,
  }
}

function tableWith(names: readonly string[], tables: readonly TablePlan[], at: Path): TablePlan {
  const table = tables.find(
    ({ factors }) => factors.length === names.length && factors.every(({ name }) => names.includes(name)),
  )
  if (table) return table
  const known = tables.map(({ name }) => name)
  throw new ProblemError({ path: at, message: unknown('table', names.join(' x '), known) })
}

function checkRow({ points }: TablePlan, labels: readonly string[], at: Path): void {
  if (points.some((point) => isSame(point.labels, labels))) return
  const known = points.map((point) => point.labels.join(', '))
  throw new ProblemError({ path: at, message: unknown('row', labels.join(', '), known) })
}

/** What is claimed is shown, so that everybody can see it. */
function columnOf({ name, columns }: TablePlan, inCase: string, measure: string, at: Path): Column {
  const cases = columns.map((column) => column.case)
  if (!cases.includes(inCase))
    throw new ProblemError({ path: [...at, 'case'], message: unknown('case', inCase, cases) })
  const here = columns.filter((column) => column.case === inCase)
  const column = here.find((each) => each.measure === measure)
  if (column) return column
  const shown = here.map((each) => each.measure)
  throw new ProblemError({
    path: [...at, 'measure'],
    message: `${unknown(`column of ${name} in ${inCase}`, measure, shown)}; a claim is about what is shown`,
  })
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((label, i) => label === other[i])

/** A limit in the unit of its measure. */
function limitOf(written: number | string, unit: MeasureUnit, at: Path): number {
  if (typeof written === 'number') return written
  try {
    if (unit === 'share') return percentOf(written)
    if (unit === 'ns') return parseDuration(written)
    if (unit === 'b/s') return parseBitRate(written)
    if (unit === 'bytes') return parseSize(written)
  } catch (error) {
    if (error instanceof RingbackError) throw new ProblemError({ path: at, message: error.message })
    throw error
  }
  throw new ProblemError({ path: at, message: 'write a number' })
}

function percentOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?%$/.exec(text)
  if (!match) throw new RingbackError('ERR_UNIT', `"${text}" is not a part; write a number, or one with %, as in 1 %`)
  return Number(match[1]) / 100
}

/** The figure at a place; null where there is none. */
export function figureAt(tables: readonly ExperimentTableResults[], place: FigurePlace): Estimate | null {
  const rows = tables.find(({ name }) => name === place.table)?.rows
  return rows?.find(({ labels }) => isSame(labels, place.labels))?.figures[place.case]?.[place.measure] ?? null
}

/** What became of the claims. */
export function judge(claims: readonly ExperimentClaim[], tables: readonly ExperimentTableResults[]): ClaimResults[] {
  return claims.map((claim) => {
    const figure = figureAt(tables, claim)
    const other = claim.against && figureAt(tables, { ...claim, labels: claim.against })
    const difference = claim.against ? differenceOf(figure, other ?? null) : figure
    return { ...claim, figure: difference, finding: findingOf(difference, claim) }
  })
}

/** Seed by seed: what both have in common drops out. */
function differenceOf(one: Estimate | null, other: Estimate | null): Estimate | null {
  if (!one || one.samples.length !== other?.samples.length) return null
  return estimate(one.samples.map((sample, i) => sample - other.samples[i]!))
}

/** Whether a figure satisfies its limit: with its whole confidence interval, with its mean only, or not. */
export function findingOf(figure: Estimate | null, { atMost = Infinity, atLeast = -Infinity }: Limits): Finding {
  if (!figure) return 'unknown'
  const isWithin = (value: number): boolean => value <= atMost && value >= atLeast
  if (isWithin(figure.low) && isWithin(figure.high)) return 'holds'
  return isWithin(figure.mean) ? 'mean only' : 'fails'
}

type Limits = Pick<ExperimentClaim, 'atMost' | 'atLeast'>
