import test from 'ava'
import { parseResults, RingbackError, resultsPage } from 'ringback'
import type { Results, SavedResults } from 'ringback'

import { makeResults } from './made-results.ts'

// results.json read back: what is right, what is old, what is wrong.

type Known = Record<string, unknown>

const edited = (edit: (root: Known) => void): string => {
  const root = structuredClone(makeResults({ vifs: 2, samples: 5 })) as unknown as Known
  edit(root)
  return JSON.stringify(root)
}
/** The object at a path of keys. */
const at = (root: unknown, ...path: string[]): Known =>
  path.reduce((value, key) => (value as Known)[key], root) as Known

test('what was written is read', (t) => {
  const results = makeResults()
  t.deepEqual(parseResults(JSON.stringify(results)), results)
})

/** With every key, however old the file is. */
type Whole<T> = T extends object ? { [Key in keyof T]-?: Whole<T[Key]> } : T
type Same<A, B> = [A, B] extends [B, A] ? true : false

test('what is read has the type of what is written, but for keys that old files lack', (t) => {
  const isSame: Same<Whole<SavedResults>, Whole<Results>> = true
  const written = (results: Results): SavedResults => results
  t.true(isSame && written.length === 1)
})

test('keys that it does not know are left out: a later version has more', (t) => {
  const text = edited((root) => {
    root.more = 1
    at(root, 'vifs', 'web').more = 1
  })
  t.deepEqual(parseResults(text), makeResults({ vifs: 2, samples: 5 }))
})

test('results of the version before guarantees are read, and drawn', (t) => {
  const text = edited((root) => {
    root.policy = 'credit'
    delete root.changes
    for (const vif of Object.values(root.vifs as Known)) {
      for (const key of ['minBps', 'weight', 'shortfall']) delete (vif as Known)[key]
      for (const flow of [vif, at(vif, 'tx'), at(vif, 'rx')]) delete at(flow, 'drops').link
    }
    for (const key of ['linkDrops', 'linkDroppedBytes', 'rateBps', 'link']) delete at(root, 'nics', 'eth0')[key]
    root.uplinks = { eth0: { fairness: null } }
    for (const columns of Object.values(at(root, 'series', 'vifs')))
      for (const key of ['busy', 'minBps', 'rateBps']) delete (columns as Known)[key]
    delete at(root, 'series', 'nics', 'eth0').rateBps
  })
  const results = parseResults(text)
  t.like(results.vifs.web, { minBps: null, weight: 1, shortfall: { ratio: 0, seconds: 0 } })
  t.deepEqual([results.changes, results.uplinks.eth0?.minsScaledSeconds], [[], 0])
  const page = resultsPage([{ results }])
  t.true(page.includes('No vif has a guaranteed minimum.'))
  t.false(/>busy<|>rate<\/text>|undefined|NaN/.test(page))
})

const problems: [what: string, text: string, message: RegExp][] = [
  ['nothing', ' \n', /^the file is empty; name a results\.json/],
  ['half a file', JSON.stringify(makeResults()).slice(0, 1000), /^not JSON, or cut off; name a results\.json/],
  ['a number', '3', /^schema: missing, this is no file of results; /],
  ['null', 'null', /^schema: missing, /],
  ['a scenario', '{"name": "web"}', /^schema: missing, /],
  [
    'another version',
    '{"schema": "ringback.results/2"}',
    /^schema: "ringback\.results\/2" is not ringback\.results\/1; /,
  ],
  ['an experiment', '{"schema": "ringback.experiment/1"}', /^these are an experiment's results, /],
  ['a text for a number', edited((root) => (root.seed = '1')), /^seed: expected number, received string; /],
  ['a negative rate', edited((root) => (at(root, 'vifs', 'web').throughputBps = -1)), /^vifs\.web\.throughputBps: /],
  [
    'a missing key',
    edited((root) => delete at(root, 'vifs', 'web', 'tx').offeredBytes),
    /^vifs\.web\.tx\.offeredBytes: /,
  ],
  ['another policy', edited((root) => (root.policy = 'fair')), /^policy: /],
  ['a hole in a series', edited((root) => (at(root, 'series').t = [1, null])), /^series\.t\[1\]: /],
  [
    'a column that is too short',
    edited((root) => (at(root, 'series', 'vifs', 'web').busy = [true])),
    /^series\.vifs\.web\.busy: has 1 values for 5 times; /,
  ],
  [
    'a column that is too long',
    edited((root) => (at(root, 'series', 'nics', 'eth0').utilisation = [1, 1, 1, 1, 1, 1])),
    /^series\.nics\.eth0\.utilisation: has 6 values for 5 times; /,
  ],
  [
    'times that go back',
    edited((root) => (at(root, 'series').t = [1, 2, 2, 3, 4])),
    /^series\.t\[2\]: not later than the time before it; /,
  ],
  [
    'a long name',
    edited((root) => (root.vifs = { ['a'.repeat(65)]: at(root, 'vifs', 'web') })),
    /^vifs\."a+\.{3}": .*; name a results\.json/,
  ],
  [
    'a name that moves the cursor',
    edited((root) => (root.vifs = { 'a\u001b[2J\nb': { ...at(root, 'vifs', 'web'), weight: 'x' } })),
    /^vifs\."a\\u001b\[2J\\nb"\.weight: expected number/,
  ],
]

for (const [what, text, message] of problems)
  test(`a file with ${what}`, (t) => {
    const error = t.throws(() => parseResults(text, { file: 'out/results.json' }), { instanceOf: RingbackError })
    t.is(error.code, 'ERR_RESULTS')
    t.true(error.message.startsWith('out/results.json: '), error.message)
    t.regex(error.message.slice('out/results.json: '.length), message)
    t.false(error.message.includes('\n'))
  })

test('what is no text', (t) => {
  t.throws(() => parseResults(undefined as unknown as string), { code: 'ERR_INVALID_ARGUMENT' })
})
