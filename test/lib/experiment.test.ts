import { readFileSync } from 'node:fs'

import test from 'ava'
import { experimentJsonSchema, parseExperiment, RingbackError } from 'ringback'
import type { Experiment } from 'ringback'

import { smallExperiment } from './small-experiment.ts'

// What an experiment's file says, and what is wrong with it. Nothing is run here.

const file = 'some/small.yaml'
const parse = (edit: (text: string) => string = (text) => text): Experiment =>
  parseExperiment(edit(smallExperiment), { file })
const replace = (from: string, to: string) => (text: string) => {
  if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`)
  return text.replace(from, to)
}
const columnsOf = ({ columns }: Experiment['tables'][number]) =>
  columns.map(({ case: inCase, measure }) => ({ case: inCase, measure }))
const tableOf = ({ tables }: Experiment, name: string) => tables.find((table) => table.name === name)!

test('a factor and a pair of them become tables of scenarios', (t) => {
  const experiment = parse()
  t.like(experiment, { name: 'small', title: 'A small one', asks: 'Whether it works.', seeds: [1, 2] })
  t.deepEqual(
    experiment.tables.map(({ name, points }) => [name, points.map(({ labels }) => labels.join('/'))]),
    [
      ['size', ['64', '256', '1500']],
      ['guests', ['1', '2', '4']],
      ['ring', ['short', 'long']],
      ['size x ring', ['64/short', '64/long', '256/short', '256/long', '1500/short', '1500/long']],
    ],
  )
  t.deepEqual(
    experiment.cases.map(({ name }) => name),
    ['full', 'half'],
  )
  t.deepEqual(columnsOf(tableOf(experiment, 'size')), [
    { case: 'full', measure: 'throughput' },
    { case: 'full', measure: 'loss' },
    { case: 'half', measure: 'p50' },
    { case: 'half', measure: 'p99' },
  ])
  t.deepEqual(columnsOf(tableOf(experiment, 'guests')), [
    { case: 'full', measure: 'fairness' },
    { case: 'half', measure: 'fairness' },
  ])
})

test('a point is the base but for what its case and its value set, every entry of a wildcard', (t) => {
  const { base, tables } = parse()
  const [size] = tables
  const point = size!.points[1]!
  for (const name of ['full', 'half'])
    t.deepEqual(point.scenarios[name], {
      ...base[name]!,
      traffic: base[name]!.traffic.map((source) =>
        source.kind === 'poisson'
          ? { ...source, sizes: [{ sizeBytes: 256, weight: 1 }] }
          : { ...source, sizeBytes: 256 },
      ),
    })
  const ratesOf = (name: string) => base[name]!.traffic.map((source) => 'rateBps' in source && source.rateBps)
  t.deepEqual([ratesOf('full'), ratesOf('half')], [Array(3).fill(600e6), Array(3).fill(250e6)])
})

test('the later setting wins: a factor over its case, a place over the one before it', (t) => {
  const ratesIn = (edit: (text: string) => string) =>
    tableOf(parse(edit), 'size').points.map(({ scenarios }) =>
      scenarios.half!.traffic.map((source) => 'rateBps' in source && source.rateBps / 1e6),
    )
  const values = "path: 'traffic[*].size', values: [64, 256, 1500]"
  t.deepEqual(ratesIn(replace(values, "path: 'traffic[*].rate', values: [7Mb/s]")), [[7, 7, 7]])
  t.deepEqual(ratesIn(replace(values, "variants: { a: { 'traffic[*].rate': 7Mb/s, 'traffic[1].rate': 9Mb/s } }")), [
    [7, 7, 9],
  ])
})

test('several places take one value', (t) => {
  const { tables } = parse(
    replace(
      "path: 'traffic[*].size', values: [64, 256, 1500]",
      'path: [vifs.guest.ringOrder, vifs.db.ringOrder], values: [2, 3]',
    ),
  )
  t.deepEqual(
    tables[0]!.points.map(({ scenarios }) => scenarios.full!.vifs.map(({ ringOrder }) => ringOrder)),
    [
      [2, 2, 2],
      [3, 3, 3],
    ],
  )
})

test('copies: numbered vifs, each with all the sources that name it', (t) => {
  const { points } = tableOf(parse(), 'guests')
  t.deepEqual(
    points.map(({ scenarios: { full } }) => full!.vifs.map(({ name }) => name).join(' ')),
    ['guest1 db', 'guest1 guest2 db', 'guest1 guest2 guest3 guest4 db'],
  )
  t.deepEqual(
    points.map(({ scenarios: { full } }) => full!.traffic.map(({ vif }) => vif).join(' ')),
    ['guest1 db', 'guest1 guest2 db', 'guest1 guest2 guest3 guest4 db'],
  )
})

test('seeds: a number counts from 1, a list is as it is', (t) => {
  t.deepEqual(parse(replace('seeds: 2', 'seeds: 3')).seeds, [1, 2, 3])
  t.deepEqual(parse(replace('seeds: 2', 'seeds: [9, 0]')).seeds, [9, 0])
  t.deepEqual(parse(replace('seeds: 2\n', '')).seeds, [1])
})

test('without cases there is one, and measures are a list', (t) => {
  const experiment = parse((text) =>
    text
      .replace(/cases:\n.*\n.*\n/, '')
      .replace(/^show: .*$/m, 'show: [throughput]')
      .replace(', show: [fairness]', ''),
  )
  t.deepEqual(experiment.cases, [{ name: 'base', title: 'as in the base' }])
  t.deepEqual(columnsOf(tableOf(experiment, 'size')), [{ case: 'base', measure: 'throughput' }])
})

const problems: [what: string, message: RegExp, edit: (text: string) => string][] = [
  ['an unknown key', /^:3: ask: unknown key; did you mean "asks"\?$/, replace('asks:', 'ask:')],
  [
    'an unknown key of a factor',
    /^:19: factors\.size\.vals: unknown key; did you mean "values"\?$/,
    replace('values: [64', 'vals: [64'),
  ],
  [
    'an unknown key of a case',
    /^:15: cases\.full\.sets: unknown key; did you mean "set"\?$/,
    replace('set: {} }', 'sets: {} }'),
  ],
  [
    'an unknown key of the base',
    /^:7: base\.durations: unknown key; did you mean "duration"\?$/,
    replace('duration: 5ms', 'durations: 5ms'),
  ],
  [
    'a wrong value in the base',
    /^:9: base\.nics\.eth0\.rate: "1" is not a rate; /,
    replace('rate: 1Gb/s', "rate: '1'"),
  ],
  [
    'a seed in the base',
    /^:7: base\.seed: the seed is the experiment's; remove it/,
    replace('duration', 'seed: 1\n  duration'),
  ],
  [
    'no scenario at all',
    /^:6: base: "x" is not valid here; write a scenario/,
    (text) => text.replace(/base:\n( {2}.*\n)+/, 'base: x\n'),
  ],
  [
    'a wrong value of a factor, at its line',
    /^:19: factors\.size\.values\[1\]: 59 is too small; write a size from 60 to 65535 bytes/,
    replace('[64, 256', '[64, 59'),
  ],
  [
    'a wrong value of a variant',
    /^:21: factors\.ring\.variants\.long\.vifs\.\*\.ringOrder: 5 is too large; write a whole number, 0 to 4$/,
    replace("'vifs.*.ringOrder': 4", "'vifs.*.ringOrder': 5"),
  ],
  [
    'a wrong value of a case',
    /^:16: cases\.half\.set\.traffic\[\*\]\.rate: "fast" is not a rate; /,
    replace('250Mb/s', 'fast'),
  ],
  [
    'a place with an unknown key',
    /^:19: factors\.size\.path: unknown key; did you mean "size"\?$/,
    replace("'traffic[*].size'", "'traffic[*].sice'"),
  ],
  [
    'a place that the base does not have',
    /^:19: factors\.size\.path: the base has nothing at vifs\.web$/,
    replace("'traffic[*].size'", 'vifs.web.rate'),
  ],
  [
    'an item that the base does not have',
    /^:19: factors\.size\.path: the base has nothing at traffic\[2\]$/,
    replace("'traffic[*].size'", "'traffic[2].size'"),
  ],
  [
    'what is no place',
    /^:19: factors\.size\.path: not a place; write one as in vifs\.web\.rate/,
    replace("'traffic[*].size'", "'traffic[x]'"),
  ],
  [
    "a place that is the experiment's",
    /^:19: factors\.size\.path: the seed is the experiment's; /,
    replace("'traffic[*].size'", 'seed'),
  ],
  ['a place __proto__', /^:19: factors\.size\.path: unknown key; /, replace("'traffic[*].size'", '__proto__')],
  [
    'copies of nothing',
    /^:5: copies\.web: there is no vif "web"; the vifs are guest, db$/,
    replace('copies: { guest: 2 }', 'copies: { web: 2 }'),
  ],
  [
    'too many copies',
    /^:20: factors\.guests\.values\[2\]: write a whole number of copies, 1 to 4095$/,
    replace('[1, 2, 4]', '[1, 2, 4096]'),
  ],
  [
    'a copy with the name of another vif',
    /^:20: factors\.guests\.values\[2\]: a copy would be called "guest4", as another vif is; rename that one$/,
    (text) => text.replaceAll('db', 'guest4'),
  ],
  ['a factor without values', /^:19: factors\.size: has nothing to vary; /, replace(', values: [64, 256, 1500]', '')],
  [
    'a factor with both',
    /^:21: factors\.ring: has variants and a path or values; write one of the two$/,
    replace('variants:', 'path: seed, variants:'),
  ],
  [
    'an unknown measure',
    /^:17: show\.full\[0\]: there is no measure "speed"; the measures are throughput, /,
    replace('[throughput', '[speed'),
  ],
  [
    'an unknown case',
    /^:17: show\.haf: there is no case "haf"; did you mean "half"\?$/,
    replace('half: [p50', 'haf: [p50'),
  ],
  [
    'a measure with a name that is taken',
    /^:5: measures\.loss: there is a measure of that name; use another one$/,
    replace('copies:', 'measures: { loss: { of: p99 } }\ncopies:'),
  ],
  [
    'a measure of an unknown kind',
    /^:5: measures\.web\.of: there is no measure "missings"; did you mean "missing"\?$/,
    replace('copies:', 'measures: { web: { of: missings } }\ncopies:'),
  ],
  [
    'a key that makes no difference',
    /^:5: measures\.web\.from: makes no difference to p99; it heeds vif$/,
    replace('copies:', 'measures: { web: { of: p99, from: 1s } }\ncopies:'),
  ],
  [
    'an unknown key of a measure',
    /^:5: measures\.web\.vifs: unknown key; did you mean "vif"\?$/,
    replace('copies:', 'measures: { web: { of: p99, vifs: db } }\ncopies:'),
  ],
  [
    'a measure of a vif that is not there',
    /^:5: measures\.web\.vif: there is no vif "guest2" in full; the vifs are guest1, db$/,
    (text) =>
      text
        .replace('copies:', 'measures: { web: { of: p99, vif: guest2 } }\ncopies:')
        .replace('show: [fairness]', 'show: [web]'),
  ],
  [
    'nothing to show',
    /^:19: factors\.size: nothing is shown; write show, /,
    replace(/^show: .*$/m.exec(smallExperiment)![0], ''),
  ],
  [
    'a pair of unknown factors',
    /^:23: cross\[0\]\.factors\[1\]: there is no factor "rings"; did you mean "ring"\?$/,
    replace('[size, ring]', '[size, rings]'),
  ],
  ['the same seed twice', /^:4: seeds: .*write how many seeds/, replace('seeds: 2', 'seeds: [1, 1]')],
  [
    'too many runs',
    /^:18: factors: more than 100000 runs; use fewer values or seeds$/,
    (text) =>
      text
        .replace('seeds: 2', 'seeds: 100')
        .replace('[64, 256, 1500]', `[${Array.from({ length: 64 }, (_, i) => 100 + i).join(', ')}]`)
        .replace('[1, 2, 4]', `[${Array.from({ length: 64 }, (_, i) => 1 + i).join(', ')}]`)
        .replace('[size, ring]', '[size, guests]'),
  ],
  ['an empty file', /^:1: the file is empty; see experiments\/ for some to start from$/, () => ''],
]

for (const [what, message, edit] of problems)
  test(`a file with ${what}`, (t) => {
    const error = t.throws(() => parse(edit), { instanceOf: RingbackError })
    t.true(['ERR_EXPERIMENT', 'ERR_SCENARIO'].includes(error.code))
    t.true(error.message.startsWith(file), error.message)
    t.regex(error.message.slice(file.length), message)
  })

test('what is no place', (t) => {
  const message = /: factors\.size\.path: not a place; /
  for (const place of [
    '.vifs',
    'traffic[0]size',
    'vifs..rate',
    'vifs.guest.',
    '[0]',
    '*.rate',
    'a b',
    'traffic[-1].size',
    'a.b'.repeat(17),
  ])
    t.throws(() => parse(replace("'traffic[*].size'", `'${place}'`)), { message }, place)
})

test('what is missing, and arguments of wrong types', (t) => {
  t.throws(() => parseExperiment('name: x', { file }), {
    code: 'ERR_EXPERIMENT',
    message: /^some\/small\.yaml:1: \w+: missing; /,
  })
  t.throws(() => parseExperiment('[]', { file }), { code: 'ERR_EXPERIMENT' })
  t.throws(() => parseExperiment(3 as never, { file }), { code: 'ERR_INVALID_ARGUMENT' })
  t.throws(() => parseExperiment('', {} as never), { code: 'ERR_INVALID_ARGUMENT' })
})

/** The measures that editors are told of. */
function measureNames(): string[] {
  const { properties } = experimentJsonSchema() as {
    properties: { measures: { additionalProperties: { properties: { of: { enum: string[] } } } } }
  }
  return properties.measures.additionalProperties.properties.of.enum
}

test('the example of docs/experiments.md is an experiment, and the table there has every measure', (t) => {
  const page = readFileSync('docs/experiments.md', 'utf8')
  const example = /^```yaml\n([^]*?)^```$/m.exec(page)![1]!
  const { tables } = parseExperiment(example, { file: 'caps.yaml' })
  t.deepEqual(
    tables.map(({ name, points }) => [name, points.length]),
    [
      ['interval', 3],
      ['guests', 3],
      ['size', 2],
      ['interval x guests', 9],
    ],
  )
  const listed = [...page.matchAll(/^\| ([a-zA-Z0-9, ]+) \| /gm)].flatMap((match) => match[1]!.split(', ')).slice(1)
  t.deepEqual(listed.toSorted(), measureNames().toSorted())
})

test('experiments/experiment.schema.json is that of the code', (t) => {
  const kept = JSON.parse(readFileSync('experiments/experiment.schema.json', 'utf8')) as object
  t.deepEqual(kept, JSON.parse(JSON.stringify(experimentJsonSchema())))
})

test('the JSON Schema looks into the base', (t) => {
  const { properties } = experimentJsonSchema() as {
    properties: Record<string, { properties?: object; required?: string[] }>
  }
  t.true('vifs' in (properties.base?.properties ?? {}))
  t.false(properties.base?.required?.includes('name'))
  t.deepEqual(Object.keys(properties), [
    'name',
    'title',
    'asks',
    'seeds',
    'copies',
    'base',
    'cases',
    'measures',
    'show',
    'factors',
    'cross',
    'claims',
    'verdict',
  ])
})
