import { checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { nameOf, quote } from '../quote.ts'
import { resultsSchema } from './results-schema.ts'
import type { SavedResults } from './results-schema.ts'
import { pathName } from '../reading/problems.ts'

const help = 'name a results.json that ringback run --out wrote'

/**
 * Reads a results.json as `ringback run --out` writes it. Files of earlier versions lack some keys and are read too.
 *
 * @param options.file - for messages
 * @throws {@link RingbackError} ERR_RESULTS
 */
export function parseResults(text: string, { file = 'the results' }: { file?: string } = {}): SavedResults {
  checkText(text, 'text')
  const fail = (message: string, cause?: unknown): RingbackError =>
    new RingbackError('ERR_RESULTS', `${file}: ${message}`, { cause })
  const root = parseJson(text, fail)
  const schema = schemaOf(root)
  if (schema !== 'ringback.results/1') throw fail(`${whatElse(schema)}; ${help}`)
  const parsed = resultsSchema.safeParse(root)
  if (!parsed.success) throw fail(`${describeIssue(parsed.error.issues[0]!)}; ${help}`)
  const problem = seriesProblem(parsed.data)
  if (problem !== undefined) throw fail(`${problem}; ${help}`)
  return parsed.data
}

function parseJson(text: string, fail: (message: string, cause?: unknown) => RingbackError): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw fail(text.trim() === '' ? `the file is empty; ${help}` : `not JSON, or cut off; ${help}`, cause)
  }
}

const schemaOf = (root: unknown): unknown =>
  typeof root === 'object' && root !== null && 'schema' in root ? root.schema : undefined

function whatElse(schema: unknown): string {
  if (schema === 'ringback.experiment/1')
    return "these are an experiment's results, whose report.html ringback experiment --out writes"
  return typeof schema === 'string'
    ? `schema: ${quote(schema)} is not ringback.results/1`
    : 'schema: missing, this is no file of results'
}

function describeIssue(issue: { path: readonly PropertyKey[]; message: string }): string {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  return `${pathName(path)}: ${issue.message.replace(/^Invalid input: /, '')}`
}

type Columns = Readonly<Record<string, readonly unknown[]>>

/** What keeps the series from being drawn: columns of other lengths than the times, or times that go back. */
function seriesProblem({ series: { t, vifs, nics, bonds } }: SavedResults): string | undefined {
  const late = t.findIndex((time, i) => time <= (t[i - 1] ?? 0))
  if (late >= 0) return `series.t[${late}]: not later than the time before it`
  for (const [section, tracks] of Object.entries<Record<string, Columns>>({ vifs, nics, bonds }))
    for (const [name, columns] of Object.entries(tracks))
      for (const [column, values] of Object.entries(columns))
        if (values.length !== t.length)
          return `series.${section}.${nameOf(name)}.${column}: has ${values.length} values for ${t.length} times`
  return undefined
}
