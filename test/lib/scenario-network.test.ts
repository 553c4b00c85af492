import test from 'ava'
import { checkScenario, parseScenario, RingbackError } from 'ringback'
import type { Scenario } from 'ringback'

// Bridges, queues, directions and captures of a scenario: what is read, and what is refused with which words.

const file = 'some/lan.yaml'
const good = `name: lan
duration: 10s
nics:
  eth0: { rate: 1Gb/s }
  eth1: { rate: 1Gb/s }
bridges:
  br0: { nics: [eth0], ageing: 20s }
  br1: {}
vifs:
  web: { uplink: br0, queues: 4 }
  db: { uplink: br0, splitEventChannels: false }
  lone: { uplink: br1 }
  old: { uplink: eth1 }
traffic:
  - { vif: web, kind: constant, rate: 1Gb/s, size: 65000, to: db, gso: 1448 }
  - { vif: db, kind: constant, rate: 1Mb/s, size: 1500, direction: in }
  - vif: old
    kind: replay
    pcap: a.pcap
    guest: FE-B6-F2-0C-EA-6F
    direction: in
output:
  pcap: { nics: [eth0], vifs: [web, db] }
`

test('bridges, queues, directions and captures are read', (t) => {
  const scenario = parseScenario(good, { file })
  t.deepEqual(scenario.bridges, [
    { name: 'br0', nics: ['eth0'], ageingNs: 20e9 },
    { name: 'br1', nics: [], ageingNs: 300e9 },
  ])
  t.deepEqual(
    scenario.vifs.map(({ uplink, queues, splitEventChannels }) => [uplink, queues, splitEventChannels]),
    [
      ['br0', 4, true],
      ['br0', 1, false],
      ['br1', 1, true],
      ['eth1', 1, true],
    ],
  )
  t.like(scenario.traffic[0], { direction: 'out', to: 'db', gsoBytes: 1448, sizeBytes: 65_000 })
  t.like(scenario.traffic[1], { direction: 'in', to: null, gsoBytes: 0 })
  t.like(scenario.traffic[2], { direction: 'in', guest: 'fe:b6:f2:0c:ea:6f' })
  t.deepEqual(scenario.output, { intervalNs: 1e8, pcap: { nics: ['eth0'], vifs: ['web', 'db'] } })
})

/** `good` with one piece replaced, and what must be said about it. */
const edits: [what: string, from: string, to: string, line: number, message: RegExp][] = [
  ['a bridge key', 'ageing: 20s', 'aging: 20s', 7, /: bridges\.br0\.aging: unknown key; did you mean "ageing"\?$/],
  ['an ageing time', 'ageing: 20s', 'ageing: 20', 7, /bridges\.br0\.ageing: 20 is not valid here; write a duration, /],
  [
    'NICs that are no list',
    'nics: [eth0], ag',
    'nics: eth0, ag',
    7,
    /nics: "eth0" is not valid here; write a list of NICs, as in \[eth0\]$/,
  ],
  [
    'a NIC that is no name',
    'nics: [eth0], ag',
    'nics: [1], ag',
    7,
    /bridges\.br0\.nics\[0\]: 1 is not valid here; name a NIC, /,
  ],
  [
    'a missing NIC of a bridge',
    'nics: [eth0], ag',
    'nics: [eth9], ag',
    7,
    /bridges\.br0\.nics\[0\]: there is no NIC "eth9"; the NICs are eth0, eth1$/,
  ],
  [
    'a NIC in two bridges',
    'br1: {}',
    'br1: { nics: [eth0] }',
    8,
    /bridges\.br1\.nics\[0\]: eth0 is a port of bridge br0 already; leave it out here$/,
  ],
  [
    'a NIC twice',
    'nics: [eth0], ag',
    'nics: [eth0, eth0], ag',
    7,
    /bridges\.br0\.nics\[1\]: eth0 is a port of bridge br0 already; /,
  ],
  [
    'a bridge with the name of a NIC',
    '  br1: {}',
    '  eth1: {}',
    8,
    /bridges\.eth1: there is a NIC of this name; call the bridge something else, /,
  ],
  ['an empty bridge', 'br1: {}', 'br1:', 8, /bridges\.br1: has no value; write the keys of a bridge, /],
  [
    'a vif on a NIC of a bridge',
    'lone: { uplink: br1',
    'lone: { uplink: eth0',
    12,
    /vifs\.lone\.uplink: eth0 is a port of bridge br0; write the bridge, uplink: br0$/,
  ],
  [
    'a missing uplink',
    'lone: { uplink: br1',
    'lone: { uplink: br7',
    12,
    /vifs\.lone\.uplink: there is no NIC or bridge "br7"; the NICs are eth0, eth1; the bridges are br0, br1$/,
  ],
  ['no queue', 'queues: 4', 'queues: 0', 10, /vifs\.web\.queues: 0 is too small; write a whole number, 1 to 8$/],
  ['nine queues', 'queues: 4', 'queues: 9', 10, /vifs\.web\.queues: 9 is too large; .* 1 to 8$/],
  [
    'split event channels',
    'splitEventChannels: false',
    'splitEventChannels: no',
    11,
    /"no" is not valid here; write true or false$/,
  ],
  [
    'another direction',
    'size: 1500, direction: in',
    'size: 1500, direction: both',
    16,
    /traffic\[1\]\.direction: "both" is not valid here; write out or in$/,
  ],
  [
    'another direction of a replay',
    '    direction: in',
    '    direction: rx',
    21,
    /traffic\[2\]\.direction: "rx" is not valid here; write out or in$/,
  ],
  [
    'frames from outside for a bridge without a NIC',
    'vif: db, kind',
    'vif: lone, kind',
    16,
    /traffic\[1\]\.direction: bridge br1 has no NIC on which frames could come in; /,
  ],
  [
    'a replay from outside for a bridge without a NIC',
    'vif: old',
    'vif: lone',
    21,
    /traffic\[2\]\.direction: bridge br1 has no NIC /,
  ],
  [
    'a missing peer',
    'to: db',
    'to: dv',
    15,
    /traffic\[0\]\.to: there is no vif "dv"; the vifs are web, db, lone, old$/,
  ],
  [
    'itself as peer',
    'to: db',
    'to: web',
    15,
    /traffic\[0\]\.to: is the vif that sends; name another one on its bridge$/,
  ],
  [
    'a peer on another bridge',
    'to: db',
    'to: lone',
    15,
    /traffic\[0\]\.to: lone is not on one bridge with web; give both the same bridge as uplink$/,
  ],
  [
    'a peer for frames from outside',
    'size: 1500, direction: in',
    'size: 1500, direction: in, to: web',
    16,
    /traffic\[1\]\.to: is for what a guest sends; leave out to or direction: in$/,
  ],
  ['a peer of a replay', '    direction: in', '    to: web', 21, /traffic\[2\]\.to: unknown key; /],
  [
    'segments of a size below 536',
    'gso: 1448',
    'gso: 535',
    15,
    /traffic\[0\]\.gso: 535 is too small; write a size from 536 to 8960 bytes, as in 1448$/,
  ],
  ['segments of a size above 8960', 'gso: 1448', 'gso: 9KB', 15, /traffic\[0\]\.gso: "9KB" is out of range; /],
  [
    'a frame of one segment',
    'size: 65000',
    'size: 1502',
    15,
    /traffic\[0\]\.gso: a frame of 1502 bytes is one segment already; write size: 1503 or more, or leave out gso$/,
  ],
  ['segments of a replay', '    direction: in', '    gso: 1448', 21, /traffic\[2\]\.gso: unknown key; /],
  ['a capture key', 'vifs: [web, db] }', 'vif: [web] }', 23, /output\.pcap\.vif: unknown key; did you mean "vifs"\?$/],
  [
    'captures that are no map',
    'pcap: { nics: [eth0], vifs: [web, db] }',
    'pcap: true',
    23,
    /output\.pcap: true is not valid here; write \{ nics: \[eth0\], vifs: \[web\] \}$/,
  ],
  [
    'a capture of a missing NIC',
    'pcap: { nics: [eth0]',
    'pcap: { nics: [eth0, eth7]',
    23,
    /output\.pcap\.nics\[1\]: there is no NIC "eth7"; /,
  ],
  [
    'a capture of a bridge',
    'pcap: { nics: [eth0]',
    'pcap: { nics: [br0]',
    23,
    /output\.pcap\.nics\[0\]: there is no NIC "br0"; /,
  ],
  [
    'a capture of a missing vif',
    'vifs: [web, db] }',
    'vifs: [dv] }',
    23,
    /output\.pcap\.vifs\[0\]: there is no vif "dv"; /,
  ],
  [
    'a capture twice',
    'vifs: [web, db] }',
    'vifs: [web, web] }',
    23,
    /output\.pcap\.vifs\[1\]: web is there twice; keep one of the two$/,
  ],
]

for (const [what, from, to, line, message] of edits)
  test(`refused: ${what}`, (t) => {
    t.is(good.split(from).length, 2, 'one place')
    const error = t.throws(() => parseScenario(good.replace(from, to), { file }), { instanceOf: RingbackError })
    t.is(error.code, 'ERR_SCENARIO')
    t.regex(error.message, message)
    t.true(error.message.startsWith(`${file}:${line}: `), error.message)
    t.regex(error.message, /^[^\p{Cc}]+[;?][^\p{Cc}]*$/u, 'one line with a fix')
  })

test('two captures of one file name are refused', (t) => {
  const text = good.replace('eth1: { rate', 'eth0-in: { rate').replace('uplink: eth1', 'uplink: eth0-in')
  t.notThrows(() => parseScenario(text, { file }))
  t.throws(() => parseScenario(text.replace('nics: [eth0], v', 'nics: [eth0, eth0-in], v'), { file }), {
    message: /:23: output\.pcap\.nics: two of these would write nic-eth0-in\.pcap; leave one out$/,
  })
})

test('at most 256 NICs and vifs are captured', (t) => {
  const input = inputOf({ count: 300, vif: { uplink: 'eth0' }, nics: [] })
  const check = (count: number) =>
    checkScenario({ ...input, output: { pcap: { vifs: Object.keys(input.vifs).slice(0, count) } } })
  t.is(check(256).output.pcap?.vifs.length, 256)
  t.throws(() => check(257), { message: /^output\.pcap: names 257 NICs and vifs; write at most 256$/ })
})

test('names of bridges and peers cannot reach prototypes', (t) => {
  const { traffic, vifs, ...others } = inputOf({ count: 2, vif: { uplink: 'br0' }, nics: [] })
  for (const name of ['constructor', 'toString', '__proto__']) {
    const wrong = [
      { ...others, traffic, vifs: { ...vifs, v0: { uplink: name } } },
      { ...others, vifs, traffic: [{ ...traffic[0], to: name }] },
      { ...others, vifs, traffic, bridges: { br0: { nics: [name] } } },
      { ...others, vifs, traffic, output: { pcap: { vifs: [name] } } },
    ]
    for (const input of wrong) t.throws(() => checkScenario(input), { message: /: there is no .*; the / }, name)
  }
})

function inputOf({ count, vif, nics }: { count: number; vif: object; nics: string[] }) {
  return {
    name: 'many',
    duration: '1s',
    nics: { eth0: { rate: '1Gb/s' } },
    bridges: { br0: { nics } },
    vifs: Object.fromEntries(Array.from({ length: count }, (_, i) => [`v${i}`, vif])),
    traffic: [{ kind: 'constant', vif: 'v0', rate: '1Mb/s', size: 100 }],
    output: { interval: '1s' },
  }
}

test('a bridge has at most 1024 ports', (t) => {
  const check = (count: number): Scenario => checkScenario(inputOf({ count, vif: { uplink: 'br0' }, nics: ['eth0'] }))
  t.is(check(1023).vifs.length, 1023)
  t.throws(() => check(1024), {
    message: /^bridges\.br0: has 1025 ports, 1 NICs and 1024 vifs; a bridge has at most 1024: use several$/,
  })
})

const ports: [what: string, count: number, vif: object, message: RegExp | null][] = [
  ['2047 vifs', 2047, {}, null],
  [
    '2048 vifs',
    2048,
    {},
    /^vifs: need 4096 .*, which has 4095; with splitEventChannels: false for all they need 2048$/,
  ],
  ['4095 vifs with one channel each', 4095, { splitEventChannels: false }, null],
  ['4096 vifs', 4096, { splitEventChannels: false }, /^vifs: has 4096 entries; write 1 to 4095$/],
  ['240 vifs of 8 queues', 240, { queues: 8 }, null],
  [
    '241 vifs of 8 queues',
    241,
    { queues: 8 },
    /^vifs: need 4097 .*; with splitEventChannels: false for all they need 2169$/,
  ],
  ['500 vifs of 8 queues', 500, { queues: 8 }, /; use fewer vifs or queues, and splitEventChannels: false$/],
  [
    '500 vifs of 8 queues with a channel each',
    500,
    { queues: 8, splitEventChannels: false },
    /^vifs: need 4500 .*; use fewer vifs or queues$/,
  ],
]

for (const [what, count, vif, message] of ports)
  test(`event channel ports of the driver domain: ${what}`, (t) => {
    const check = () => checkScenario(inputOf({ count, vif: { uplink: 'eth0', ...vif }, nics: [] }))
    if (message) t.throws(check, { code: 'ERR_SCENARIO', message })
    else t.is(check().vifs.length, count)
  })
