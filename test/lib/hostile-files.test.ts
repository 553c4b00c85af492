import { readdirSync, readFileSync } from 'node:fs'

import test from 'ava'
import fc from 'fast-check'
import { fromIpLink, fromNetplan, parseExperiment, parseResults, parseScenario } from 'ringback'
import { RingbackError, toIpLink, toNetplan } from 'ringback'

import { anyBonds } from './any-bonds.ts'
import { makeResults } from './made-results.ts'

// What is read may be anything: files that somebody has cut, merged or written by hand.

const words = [
  ...['\0', '\u001b[2J', '\u2028', '\ufeff', '\t', '\n', '\r\n', ' ', '"', "'", '\\', '#', ';', '$(x)', '🙂'],
  ...[
    '[',
    ']',
    '{',
    '}',
    '[]',
    '{}',
    ': ',
    '- ',
    ',',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
    '!x ',
    '|\n',
    '---\n',
    '...\n',
  ],
  ...['0', '-1', '1e400', '.nan', '0x1f', '4294967296', '99999999999999999999', 'null', 'true', '~', '1s', '64kB'],
  ...['__proto__', 'constructor', '"\\e[2J": ', '"\\n"', 'bond0', 'bond', 'eth0', 'master', 'mode', 'nomaster', 'dev'],
  ...[
    'ip link add bond0 type bond\n',
    'ip link set bond0 master bond0\n',
    'ip link set eth0 master\n',
    'sudo ip -n x ',
  ],
]

/** Clears a screen that it reaches, as the kinds of files write it. */
const clears = { yaml: '"\\e[2J"', json: '\\u001b[2J', shell: '\u001b[2J' }

/** A text in which some words clear the screen. */
const poisoned = (texts: fc.Arbitrary<string>, kind: keyof typeof clears): fc.Arbitrary<string> =>
  fc.tuple(texts, fc.array(fc.nat(), { minLength: 1, maxLength: 2 })).map(([text, picks]) => {
    const found = [...text.matchAll(/[\w.-]+/g)]
    const places = found.length > 0 ? picks.map((pick) => found[pick % found.length]!.index) : []
    return text.replace(/[\w.-]+/g, (word, at: number) => (places.includes(at) ? clears[kind] : word))
  })

/** A text with some cuts, each filled with a word of those above or with how the text begins. */
const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      texts,
      fc.array(fc.record({ at: fc.nat(), cut: fc.nat(30), word: fc.constantFrom(...words, null) }), { maxLength: 6 }),
    )
    .map(([text, changes]) =>
      changes.reduce((now, { at, cut, word }) => {
        const from = at % (now.length + 1)
        return now.slice(0, from) + (word ?? now.slice(0, cut)) + now.slice(from + cut)
      }, text),
    )

/** The YAML files of a folder of the repository. */
function filesOf(folder: string): fc.Arbitrary<string> {
  const url = new URL(`../../${folder}/`, import.meta.url)
  const names = readdirSync(url).filter((name) => name.endsWith('.yaml'))
  return fc.constantFrom(...names.map((name) => readFileSync(new URL(name, url), 'utf8')))
}

const hosts = anyBonds({ modes: ['balance-rr', 'active-backup', '802.3ad', 'balance-alb'], netplan: true })
const options = ['mode', 'miimon', 'updelay', 'primary', 'xmit_hash_policy', 'ad_lacp_rate', 'min_links', 'no']
const shownBond = fc.record({
  info_kind: fc.constantFrom('bond', 'vlan'),
  info_data: fc.dictionary(
    fc.constantFrom(...options, '\u001b[2J'),
    fc.oneof(fc.constantFrom('802.3ad', 'active-backup', 'layer3+4', 'slow', 'eth0', 100, -1), fc.jsonValue()),
  ),
})
const shown = fc
  .array(
    fc.record(
      {
        ifname: fc.oneof(fc.constantFrom('bond0', 'bond1', 'eth0', 'eth1', ''), fc.jsonValue()),
        master: fc.oneof(fc.constantFrom('bond0', 'bond1', 'eth0'), fc.jsonValue()),
        linkinfo: fc.oneof(shownBond, fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  )
  .map((links) => JSON.stringify(links))

/** What one reads of it may be shown to people. */
type Read = (text: string, options: { file: string }) => readonly string[]
const notesOf = ({ bonds, notes }: ReturnType<typeof fromNetplan>) => [...notes, ...bonds.flatMap((bond) => bond.notes)]

const readers: [name: string, kind: keyof typeof clears, texts: fc.Arbitrary<string>, read: Read][] = [
  ['netplan', 'yaml', hosts.map(toNetplan), (text, options) => notesOf(fromNetplan(text, options))],
  ['ip link', 'shell', hosts.map(toIpLink), (text, options) => notesOf(fromIpLink(text, options))],
  ['what ip link shows', 'json', shown, (text, options) => notesOf(fromIpLink(text, options))],
  ['scenarios', 'yaml', filesOf('examples'), (text, options) => [parseScenario(text, options).name]],
  ['experiments', 'yaml', filesOf('experiments'), (text, options) => [parseExperiment(text, options).title]],
  [
    'results',
    'json',
    fc.constant(JSON.stringify(makeResults({ vifs: 2, samples: 2 }))),
    (text, options) => (parseResults(text, options), []), // its names are for pages, which escape them
  ],
]

const isPlain = (text: string): boolean => /^[^\p{Cc}\u2028-\u202e\u2066-\u2069]*$/u.test(text)

for (const [name, kind, texts, read] of readers)
  test(`${name}: any text is read, or refused in plain lines`, (t) => {
    t.timeout(120_000)
    fc.assert(
      fc.property(fc.oneof(damaged(texts), poisoned(texts, kind)), (text) => {
        try {
          for (const note of read(text, { file: 'file' })) t.true(isPlain(note), JSON.stringify(note))
        } catch (error) {
          if (!(error instanceof RingbackError)) throw error
          for (const line of error.message.split('\n')) t.true(isPlain(line), JSON.stringify(line))
        }
      }),
      // Each case of an experiment is a scenario to check.
      { numRuns: name === 'experiments' ? 30 : 300, seed: 1 },
    )
  })
