import path from 'node:path'

import test from 'ava'
import fc from 'fast-check'
import { checkScenario, parseScenario, RingbackError } from 'ringback'
import type { ScenarioInput } from 'ringback'

const file = 'some/web.yaml'
const good = `name: web
duration: 60s
nics:
  eth0: { rate: 1Gb/s, queue: 1MiB, propagation: 20us, overhead: 24 }
  eth1: { rate: 2.5Gb/s }
vifs:
  web: { uplink: eth0, rate: 10Mb/s@20ms, ringOrder: 1, backlog: 50, jiffies: 250 }
  bulk:
    uplink: eth1
traffic:
  - { vif: web, kind: constant, rate: 1.5Mb/s, size: 1500, start: 5s, stop: 55s, flows: 8, jitter: 0.5 }
  - vif: bulk
    kind: replay
    pcap: captures/bulk.pcap
    guest: FE-B6-F2-0C-EA-6F
    speed: 20
    loop: true
`

const unchanged = {
  minBps: null,
  weight: 1,
  queues: 1,
  splitEventChannels: true,
  batch: 64,
  notifications: 'suppressed',
  txSlots: null,
}

test('a scenario becomes numbers, with defaults', (t) => {
  t.deepEqual(parseScenario(good, { file }), {
    name: 'web',
    durationNs: 60e9,
    seed: 1,
    payload: 'copy',
    costs: null,
    nics: [
      { name: 'eth0', rateBps: 1e9, queueBytes: 2 ** 20, propagationNs: 20_000, overheadBytes: 24 },
      { name: 'eth1', rateBps: 2.5e9, queueBytes: 512_000, propagationNs: 0, overheadBytes: 0 },
    ],
    bonds: [],
    bridges: [],
    vifs: [
      {
        name: 'web',
        uplink: 'eth0',
        rate: { creditBytes: 25_000, creditUsec: 20_000, bitsPerSecond: 10e6 },
        ringOrder: 1,
        backlogPackets: 50,
        jiffiesHz: 250,
        ...unchanged,
      },
      {
        name: 'bulk',
        uplink: 'eth1',
        rate: null,
        ringOrder: 0,
        backlogPackets: 1000,
        jiffiesHz: 0,
        ...unchanged,
      },
    ],
    traffic: [
      {
        kind: 'constant',
        vif: 'web',
        direction: 'out',
        startNs: 5e9,
        stopNs: 55e9,
        rateBps: 1.5e6,
        sizeBytes: 1500,
        flows: 8,
        jitter: 0.5,
        to: null,
        gsoBytes: 0,
      },
      {
        kind: 'replay',
        vif: 'bulk',
        direction: 'out',
        startNs: 0,
        stopNs: null,
        pcap: path.resolve('some/captures/bulk.pcap'),
        guest: 'fe:b6:f2:0c:ea:6f',
        loop: true,
        speed: 20,
        origin: 'some/web.yaml:14: traffic[1].pcap',
      },
    ],
    events: [],
    control: {
      policy: 'credit',
      intervalNs: 1e8,
      detector: { enter: 0.9, leave: 0.7, accumulate: 3, dwellNs: 200e6 },
      windowNs: null,
    },
    output: { intervalNs: 1e8 },
  })
})

/** `good` with one piece replaced, and what must be said about it. */
const edits: [what: string, from: string, to: string, line: number, message: RegExp][] = [
  [
    'an unknown key',
    'rate: 10Mb/s@20ms',
    'rates: 10Mb/s',
    7,
    /: vifs\.web\.rates: unknown key; did you mean "rate"\?$/,
  ],
  [
    'an unknown key far from all',
    'loop: true',
    'xyzzy: 1',
    17,
    /traffic\[1\]\.xyzzy: unknown key; the keys here are kind, vif, pcap, /,
  ],
  ['an unknown key at the root', 'name: web', 'nmae: web', 1, /: nmae: unknown key; did you mean "name"\?$/],
  ['a key of another kind', 'loop: true', 'flows: 2', 17, /traffic\[1\]\.flows: unknown key; /],
  ['a bad rate', '10Mb/s@20ms', '10ZB/s', 7, /vifs\.web\.rate: "10ZB\/s" is not a rate; write a number, /],
  ['a zero rate', '10Mb/s@20ms', '0Mb/s', 7, /vifs\.web\.rate: "0Mb\/s" is zero; /],
  ['a zero source', '1.5Mb/s', '0Mb/s', 11, /traffic\[0\]\.rate: "0Mb\/s" is zero; /],
  [
    'a rate that is a number',
    '10Mb/s@20ms',
    '100',
    7,
    /vifs\.web\.rate: 100 is not valid here; write a rate in xl's syntax/,
  ],
  [
    'a source with an interval',
    '1.5Mb/s',
    '1Mb/s@5ms',
    11,
    /traffic\[0\]\.rate: .* has an interval, which only a vif's cap has/,
  ],
  ['a NIC that is too fast', '2.5Gb/s', '10001Gb/s', 5, /nics\.eth1\.rate: "10001Gb\/s" is out of range; /],
  [
    'a missing NIC',
    'uplink: eth1',
    'uplink: eth9',
    9,
    /vifs\.bulk\.uplink: there is no NIC "eth9"; the NICs are eth0, eth1$/,
  ],
  ['a missing vif', 'vif: bulk', 'vif: blk', 12, /traffic\[1\]\.vif: there is no vif "blk"; the vifs are web, bulk$/],
  ['a negative duration', 'duration: 60s', 'duration: -60s', 2, /: duration: "-60s" is negative; /],
  ['a duration of zero', 'duration: 60s', 'duration: 0s', 2, /: duration: "0s" is out of range; /],
  ['a duration above 30 days', 'duration: 60s', 'duration: 721h', 2, /: duration: "721h" is out of range; /],
  [
    'a duration without a unit',
    'duration: 60s',
    'duration: 60',
    2,
    /: duration: 60 is not valid here; write a duration/,
  ],
  ['no duration', 'duration: 60s', '', 1, /: duration: missing; write a duration/],
  ['an empty duration', 'duration: 60s', 'duration:', 2, /: duration: has no value; write a duration/],
  ['no uplink', 'uplink: eth1', 'ringOrder: 0', 8, /vifs\.bulk\.uplink: missing; name the NIC/],
  [
    'a frame that is too large',
    'size: 1500',
    'size: 65536',
    11,
    /traffic\[0\]\.size: 65536 is too large; .* 60 to 65535/,
  ],
  [
    'a frame that is too small',
    'size: 1500',
    'size: 59B',
    11,
    /traffic\[0\]\.size: "59B" is out of range; .* 60 to 65535/,
  ],
  ['a wrong size', 'queue: 1MiB', 'queue: 1mb', 4, /nics\.eth0\.queue: "1mb" is not a size; /],
  ['too high a ring order', 'ringOrder: 1', 'ringOrder: 5', 7, /vifs\.web\.ringOrder: 5 is too large; .* 0 to 4$/],
  [
    'a fraction where a whole number is',
    'flows: 8',
    'flows: 1.5',
    11,
    /traffic\[0\]\.flows: 1\.5 is not valid here; write a whole/,
  ],
  ['jitter above 1', 'jitter: 0.5', 'jitter: 1.5', 11, /traffic\[0\]\.jitter: 1\.5 is too large; /],
  ['a MAC', 'FE-B6-F2-0C-EA-6F', '10:20', 15, /traffic\[1\]\.guest: "10:20" is not valid here; write the guest's MAC/],
  ['an infinite speed', 'speed: 20', 'speed: .inf', 16, /traffic\[1\]\.speed: Infinity is /],
  ['a flag', 'loop: true', 'loop: yes', 17, /traffic\[1\]\.loop: "yes" is not valid here; write true or false$/],
  [
    'an unknown kind',
    'kind: constant',
    'kind: constnat',
    11,
    /"constnat" is no kind of traffic; did you mean "constant"\?$/,
  ],
  [
    'no kind',
    'kind: constant, ',
    '',
    11,
    /traffic\[0\]\.kind: missing; write one of constant, poisson, onoff, flows, replay, tcp$/,
  ],
  [
    'a start after the end',
    'start: 5s',
    'start: 60s',
    11,
    /traffic\[0\]\.start: 60s is not within the run; start before 60s$/,
  ],
  [
    'a stop before the start',
    'stop: 55s',
    'stop: 5s',
    11,
    /traffic\[0\]\.stop: stops before it starts; stop after 5s$/,
  ],
  ['a seed', 'name: web', 'name: web\nseed: 9007199254740992', 2, /: seed: 9007199254740992 is too large; /],
  ['a payload', 'name: web', 'name: web\npayload: zero', 2, /: payload: "zero" is not valid here; write copy or none$/],
  [
    'samples without end',
    'name: web',
    'name: web\noutput: { interval: 10us }',
    2,
    /: output\.interval: would record 6000000 samples .*; use 70us or more$/,
  ],
  ['a key twice', 'ringOrder: 1', 'rate: 1Mb/s', 7, /web\.yaml:7: "rate" is there twice; keep one of the two$/],
  ['a section twice', 'traffic:', 'nics: {}\ntraffic:', 10, /web\.yaml:10: "nics" is there twice; /],
  ['a tab', '    uplink: eth1', '\tuplink: eth1', 9, /web\.yaml:9: .*; /],
  [
    'an open bracket',
    'size: 1500, start: 5s, stop: 55s, flows: 8, jitter: 0.5 }',
    'size: 1500',
    12,
    /not valid YAML: .*; check indentation/,
  ],
  ['an unknown alias', '1.5Mb/s', '*rate', 11, /web\.yaml:11: there is no anchor "&rate" before/],
  ['a tag', 'name: web', 'name: !secret web', 1, /web\.yaml:1: not valid YAML: .*; /],
  ['two documents', 'traffic:', '---\ntraffic:', 10, /web\.yaml:10: a second document begins here; /],
  ['a name with a space', '  bulk:', '  bulk vif:', 8, /vifs\.bulk vif: not a name; use letters/],
  ['no sources', good.slice(good.indexOf('traffic:')), 'traffic: []\n', 10, /: traffic: has 0 entries; write 1 to /],
  [
    'no NICs',
    good.slice(good.indexOf('nics:'), good.indexOf('vifs:')),
    'nics: {}\n',
    3,
    /: nics: has 0 entries; write 1 to /,
  ],
  [
    'a list for a map',
    good.slice(good.indexOf('nics:'), good.indexOf('vifs:')),
    'nics: [eth0]\n',
    3,
    /: nics: a list is not valid here; write at least one NIC/,
  ],
  ['a terminal sequence', '10Mb/s@20ms', '"\\e[2J\\x9b"', 7, /"\\u001b\[2J\\u009b" is not a rate/],
]

for (const [what, from, to, line, message] of edits)
  test(`refused: ${what}`, (t) => {
    t.true(good.includes(from))
    const error = t.throws(() => parseScenario(good.replace(from, to), { file }), { instanceOf: RingbackError })
    t.is(error.code, 'ERR_SCENARIO')
    t.regex(error.message, message)
    t.true(error.message.startsWith(`${file}:${line}: `), error.message)
    t.regex(error.message, /^[^\p{Cc}]+[;?][^\p{Cc}]*$/u, 'one line with a fix, nothing that moves a cursor')
  })

test('a misspelt key is one mistake, not also a missing one', (t) => {
  const text = good.replace('uplink: eth1', 'uplnk: eth1')
  t.throws(() => parseScenario(text, { file }), {
    message: /^some\/web\.yaml:9: vifs\.bulk\.uplnk: unknown key; did you/,
  })
})

test('the first problem of the file is the one reported', (t) => {
  const twice = good.replace('flows: 8', 'flow: 8').replace('duration: 60s', 'duration: soon')
  t.throws(() => parseScenario(twice, { file }), { message: /^some\/web\.yaml:2: duration: "soon" / })
})

test('texts that are no scenario', (t) => {
  const texts: [text: string, message: RegExp][] = [
    ['', /:1: the file is empty; /],
    ['# nothing\n', /:1: the file is empty; /],
    ['42', /:1: 42 is not valid here; write a map/],
    ['[]', /:1: a list is not valid here; write a map/],
    ['name: \0', /:1: the file is binary; /],
    ['a: b: c', /:1: not valid YAML: /],
    ['"', /:1: not valid YAML: /],
    [`x: ${'y'.repeat(17e6)}`, /:1: the file is larger than 16 MiB; /],
  ]
  for (const [text, message] of texts) {
    const error = t.throws(() => parseScenario(text, { file }), { instanceOf: RingbackError, code: 'ERR_SCENARIO' })
    t.regex(error.message, message)
    t.regex(error.message, /^some\/web\.yaml:\d+: [^\n]{1,400}$/)
  }
})

test('texts made to use up the stack or the memory', (t) => {
  for (const piece of ['[', '{a: ', '- ', '? ', 'a:\n', '!x [', '&a ['])
    for (const times of [63, 1000, 100_000]) {
      const lines =
        piece === 'a:\n' ? Array.from({ length: Math.min(times, 2000) }, (_, i) => ' '.repeat(i) + piece) : []
      const text = lines.length > 0 ? lines.join('') : piece.repeat(times)
      const error = t.throws(() => parseScenario(`name: x\ntraffic:\n ${text}`, { file }), {
        instanceOf: RingbackError,
      })
      if (times > 63 && !piece.includes('&'))
        t.regex(error.message, /:\d+: (the YAML is nested too deeply|not valid YAML)/)
    }
  const letters = [...'abcdefgh']
  const levels = letters.map((letter, i) => {
    const items = Array<string>(10).fill(i === 0 ? '1' : `*${letters[i - 1] ?? ''}`)
    return `${letter}: &${letter} [${items.join(',')}]\n`
  })
  t.throws(() => parseScenario(levels.join(''), { file }), {
    message: /web\.yaml:2: too many aliases .*; write them out$/,
  })
})

const object: ScenarioInput = {
  name: 'a',
  duration: '1s',
  nics: { eth0: { rate: '1Gb/s' } },
  vifs: { web: { uplink: 'eth0' } },
  traffic: [{ kind: 'constant', vif: 'web', rate: '1Mb/s', size: '1.5KB', start: 0 }],
}

test('checkScenario takes an object and names the path', (t) => {
  t.is(checkScenario(object).traffic[0]?.startNs, 0)
  t.throws(() => checkScenario({ ...object, duration: 5 }), { message: /^duration: 5 is not valid here; / })
  for (const wrong of [undefined, null, 1, 'x', [], () => 1, { ...object, traffic: [null] }, new Map()])
    t.throws(() => checkScenario(wrong), { instanceOf: RingbackError, code: 'ERR_SCENARIO' })
  const replay = { kind: 'replay', vif: 'web', pcap: 'a.pcap', guest: 'fe:b6:f2:0c:ea:6f' }
  const source = checkScenario({ ...object, traffic: [replay] }, { directory: '/data' }).traffic[0]
  t.is(source?.kind === 'replay' && source.pcap, '/data/a.pcap')
})

test('arguments of a wrong type are refused by name', (t) => {
  const anyParse = parseScenario as (text: unknown, options?: unknown) => unknown
  const anyCheck = checkScenario as (input: unknown, options?: unknown) => unknown
  for (const text of [undefined, null, 1, Buffer.from(good)])
    t.throws(() => anyParse(text, { file }), { code: 'ERR_INVALID_ARGUMENT', message: /^text must be a string/ })
  for (const options of [undefined, null, {}, { file: 1 }])
    t.throws(() => anyParse(good, options), { code: 'ERR_INVALID_ARGUMENT', message: /^options/ })
  for (const options of [null, 1, { directory: 1 }])
    t.throws(() => anyCheck(object, options), { code: 'ERR_INVALID_ARGUMENT', message: /^options/ })
})

test('names cannot reach prototypes', (t) => {
  for (const name of ['__proto__', 'constructor.prototype', 'toString'])
    for (const section of ['nics', 'vifs'] as const) {
      const named = JSON.parse(`{"${name}": {"rate": "0Gb/s"}}`) as object
      t.throws(() => checkScenario({ ...object, [section]: named }), { code: 'ERR_SCENARIO' }, `${section} ${name}`)
    }
  const input = { ...object, vifs: { web: { uplink: 'constructor' } } }
  t.throws(() => checkScenario(input), { message: /there is no NIC "constructor"/ })
})

test('any damage to a scenario gives a scenario or one line about it', (t) => {
  const damage = fc.record({
    at: fc.nat({ max: good.length }),
    remove: fc.nat({ max: 30 }),
    insert: fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('{', '[', ': ', '- ', '&a ', '*a ', '\n', '"', '? ')),
  })
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      const text = damages.reduce((s, { at, remove, insert }) => s.slice(0, at) + insert + s.slice(at + remove), good)
      try {
        t.true(parseScenario(text, { file }).durationNs > 0)
      } catch (error) {
        t.true(error instanceof RingbackError, String(error))
        t.regex((error as RingbackError).message, /^some\/web\.yaml:\d+: [^\n]+$/)
      }
    }),
    { numRuns: 500 },
  )
})
