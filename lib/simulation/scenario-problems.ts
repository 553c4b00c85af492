import { bondSynonyms } from '../bonding/options.ts'
import { quote } from '../quote.ts'
import { list, nearest, show, valueAt } from '../reading/problems.ts'
import type { Vocabulary } from '../reading/problems.ts'
import { keysAt } from './schema.ts'
import { sourceSchemas } from './traffic-schema.ts'

/** The scenario's keys. */
export const scenarioVocabulary: Vocabulary = {
  keysAt: (path, root) => keysAt(path, valueAt(root, [...path, 'kind'])),
  synonyms: bondSynonyms,
  explain: ({ code }, path, value) =>
    code === 'invalid_union' && path[0] === 'traffic' && path.at(-1) === 'kind' ? wrongKind(value) : undefined,
}

function wrongKind(value: unknown): string {
  const kinds = Object.keys(sourceSchemas)
  if (value === undefined || value === null) return `missing; write one of ${kinds.join(', ')}`
  if (typeof value !== 'string') return `${show(value)} is no kind of traffic; write one of ${kinds.join(', ')}`
  const near = nearest(value, kinds)
  return `${quote(value)} is no kind of traffic; ${near === undefined ? `the kinds are ${list(kinds)}` : `did you mean "${near}"?`}`
}
