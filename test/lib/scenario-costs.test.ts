import test from 'ava'
import { parseScenario, RingbackError } from 'ringback'
import type { Scenario } from 'ringback'

// What the back ends' work costs, and the keys of a vif that it depends on.

/** With `words` as a key of the scenario's, or as keys of its first vif. */
function parse(words: string): Scenario {
  const isOfAll = words.startsWith('costs')
  const text = `name: web
${isOfAll ? words : 'seed: 1'}
duration: 60s
nics: { eth0: { rate: 1Gb/s } }
vifs:
  web: { uplink: eth0, ${isOfAll ? 'queues: 1' : words} }
  bulk: { uplink: eth0 }
traffic:
  - { vif: web, kind: constant, rate: 1Mb/s, size: 1500 }
`
  return parseScenario(text, { file: 'web.yaml' })
}

test('costs in picoseconds, what is left out is free; batches, notifications and slots of a vif', (t) => {
  const costsOf = (costs: string) => parse(`costs: ${costs}`).costs
  t.deepEqual(costsOf('{ packet: 300ns, byte: 0.05ns, notify: 1us, cores: 4 }'), {
    packetPs: 300_000,
    bytePs: 50,
    notifyPs: 1_000_000,
    cores: 4,
  })
  t.deepEqual(costsOf('{ byte: 0.001ns, packet: 0 }'), { packetPs: 0, bytePs: 1, notifyPs: 0, cores: 1 })
  t.deepEqual(costsOf('{}'), { packetPs: 0, bytePs: 0, notifyPs: 0, cores: 1 })
  t.deepEqual(costsOf('{ packet: 1ms, byte: 1us, notify: 1ms, cores: 64 }'), {
    packetPs: 1e9,
    bytePs: 1e6,
    notifyPs: 1e9,
    cores: 64,
  })
  const [web, bulk] = parse('ringOrder: 1, batch: 8, notifications: always, txSlots: 512').vifs
  t.like(web, { batch: 8, notifications: 'always', txSlots: 512 })
  t.like(bulk, { batch: 64, notifications: 'suppressed', txSlots: null })
})

const refused: [what: string, words: string, message: RegExp][] = [
  ['a batch of none', 'batch: 0', /vifs\.web\.batch: 0 is too small; .* 1 to 64$/],
  ['too large a batch', 'batch: 65', /vifs\.web\.batch: 65 is too large; .* 1 to 64$/],
  [
    'notifications in other words',
    'notifications: never',
    /vifs\.web\.notifications: "never" is not valid here; write suppressed or always$/,
  ],
  ['too few slots', 'txSlots: 16', /vifs\.web\.txSlots: 16 is too small; .* 17 to 4096$/],
  [
    'more slots than the ring has',
    'ringOrder: 1, txSlots: 513',
    /vifs\.web\.txSlots: 513 is more than the 512 slots of a ring with ringOrder: 1; write 17 to 512, or a higher/,
  ],
  [
    'costs without words',
    'costs: 300ns',
    /costs: "300ns" is not valid here; write what the work of back ends costs, as in \{ packet: 300ns/,
  ],
  ['a cost that does not exist', 'costs: { packets: 300ns }', /costs\.packets: unknown key; did you mean "packet"\?$/],
  ['no cores', 'costs: { cores: 0 }', /costs\.cores: 0 is too small; write a whole number, 1 to 64$/],
  [
    'part of a picosecond',
    'costs: { byte: 0.0005ns }',
    /costs\.byte: "0\.0005ns" ends in part of a picosecond; write a number and ns, us/,
  ],
  [
    'too dear a byte',
    'costs: { byte: 1.001us }',
    /costs\.byte: "1\.001us" is out of range; write a time up to 1us, as in 0\.05ns$/,
  ],
  [
    'too dear a packet',
    'costs: { packet: 1.1ms }',
    /costs\.packet: "1\.1ms" is out of range; write a time up to 1ms, as in 300ns$/,
  ],
  ['a negative cost', 'costs: { notify: -1us }', /costs\.notify: "-1us" is negative; a duration starts at zero/],
]

for (const [what, words, message] of refused)
  test(`refused: ${what}`, (t) => {
    const error = t.throws(() => parse(words), { instanceOf: RingbackError })
    t.is(error.code, 'ERR_SCENARIO')
    t.regex(error.message, message)
    t.true(error.message.startsWith(`web.yaml:${words.startsWith('costs') ? 2 : 6}: `), error.message)
  })
