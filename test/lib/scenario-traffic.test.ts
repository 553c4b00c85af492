import test from 'ava'
import { checkScenario, parseScenario, RingbackError } from 'ringback'
import type { ScenarioInput } from 'ringback'

// The kinds poisson, onoff and flows: what they become, and what is said about those that are wrong.

const file = 'some/web.yaml'
const head = `name: web
duration: 60s
nics: { eth0: { rate: 10Gb/s } }
bridges: { br0: { nics: [] } }
vifs: { web: { uplink: eth0 }, a: { uplink: br0 }, b: { uplink: br0 } }
traffic:
`
const read = (source: string) => parseScenario(`${head}  - ${source}\n`, { file })

const base = { vif: 'web', direction: 'out', startNs: 0, stopNs: null, to: null }
const turns = { ...base, flows: 1, gsoBytes: 0 }

test('sources become numbers, with defaults', (t) => {
  const sources: [text: string, expected: object][] = [
    [
      '{ vif: web, kind: poisson, rate: 1Mb/s, size: 1.5KB }',
      { kind: 'poisson', ...turns, rateBps: 1e6, sizes: [{ sizeBytes: 1500, weight: 1 }] },
    ],
    [
      '{ vif: a, kind: poisson, rate: 1Mb/s, sizes: [{ size: 60, weight: 7 }, { size: 1514 }], to: b, flows: 3, start: 1s, stop: 2s }',
      {
        kind: 'poisson',
        ...turns,
        vif: 'a',
        to: 'b',
        flows: 3,
        startNs: 1e9,
        stopNs: 2e9,
        rateBps: 1e6,
        sizes: [
          { sizeBytes: 60, weight: 7 },
          { sizeBytes: 1514, weight: 1 },
        ],
      },
    ],
    [
      '{ vif: web, kind: onoff, rate: 1Gb/s, size: 9000, gso: 1448, on: 1ms, off: 3ms }',
      {
        kind: 'onoff',
        ...turns,
        gsoBytes: 1448,
        rateBps: 1e9,
        sizeBytes: 9000,
        onNs: 1e6,
        offNs: 3e6,
        distribution: 'exponential',
      },
    ],
    [
      '{ vif: web, kind: onoff, rate: 1Gb/s, size: 125, on: 1us, off: 1ns, distribution: fixed, direction: in }',
      {
        kind: 'onoff',
        ...turns,
        direction: 'in',
        rateBps: 1e9,
        sizeBytes: 125,
        onNs: 1000,
        offNs: 1,
        distribution: 'fixed',
      },
    ],
    [
      '{ vif: web, kind: flows, distribution: datamining, load: 100Mb/s, rate: 1Gb/s }',
      { kind: 'flows', ...base, sizes: 'datamining', loadBps: 1e8, rateBps: 1e9, sizeBytes: 1500, active: 128 },
    ],
    [
      '{ vif: web, kind: flows, sizes: [[0, 0], [10, 0.25], [20, 0.25], [1e12, 1]], load: 2Gb/s, rate: 1Gb/s, active: 2, size: 60 }',
      {
        kind: 'flows',
        ...base,
        sizes: [
          [0, 0],
          [10, 0.25],
          [20, 0.25],
          [1e12, 1],
        ],
        loadBps: 2e9,
        rateBps: 1e9,
        sizeBytes: 60,
        active: 2,
      },
    ],
  ]
  for (const [text, expected] of sources) t.deepEqual(read(text).traffic, [expected] as never, text)
})

const poisson = '{ vif: web, kind: poisson, rate: 1Mb/s, size: 1500 }'
const onoff = '{ vif: web, kind: onoff, rate: 1Gb/s, size: 1500, on: 1ms, off: 3ms }'
const flows = '{ vif: web, kind: flows, distribution: websearch, load: 1Mb/s, rate: 1Gb/s }'
const custom = '{ vif: web, kind: flows, sizes: [[0, 0], [9, 0.5], [99, 1]], load: 1Mb/s, rate: 1Gb/s }'

/** A source with one piece replaced, and what must be said about it. */
const edits: [source: string, from: string, to: string, message: RegExp][] = [
  [poisson, 'size: 1500', 'size: 1500, jitter: 1', /\.jitter: unknown key; the keys here are kind, vif, rate, size, /],
  [poisson, 'rate', 'rte', /\.rte: unknown key; did you mean "rate"\?$/],
  [poisson, '1Mb/s', '0Mb/s', /\.rate: "0Mb\/s" is zero; /],
  [poisson, '1Mb/s', '10001Gb/s', /\.rate: "10001Gb\/s" is out of range; /],
  [poisson, ', size: 1500', '', /\.size: missing; write a size from 60 to 65535 bytes, as in 1500, or sizes$/],
  [poisson, '1500', '59', /\.size: 59 is too small; write a size from 60 to 65535/],
  [
    poisson,
    'size: 1500',
    'sizes: [{ size: 59 }]',
    /\.sizes\[0\]\.size: 59 is too small; write a size from 60 to 65535/,
  ],
  [poisson, 'size: 1500', 'sizes: [{ size: 60, weight: 0 }]', /\.sizes\[0\]\.weight: 0 is too small; .* 1 to 1000$/],
  [
    poisson,
    'size: 1500',
    'sizes: [{ size: 60, wieght: 3 }]',
    /\.sizes\[0\]\.wieght: unknown key; did you mean "weight"\?$/,
  ],
  [
    poisson,
    'size: 1500',
    'sizes: [60, 1514]',
    /\.sizes\[0\]: 60 is not valid here; write a size and its weight, as in /,
  ],
  [poisson, 'size: 1500', 'sizes: []', /\.sizes: a list is too small; write 1 to 16 sizes, as in /],
  [
    poisson,
    'size: 1500',
    `sizes: [${'{ size: 60 }, '.repeat(17)}]`,
    /\.sizes: a list is too large; write 1 to 16 sizes/,
  ],
  [poisson, 'size: 1500', 'size: 1500, sizes: [{ size: 60 }]', /\.sizes: is there beside size; keep one of the two$/],
  [
    poisson,
    'size: 1500',
    'sizes: [{ size: 9000 }], gso: 1448',
    /\.gso: is for frames of one size; write size for sizes, /,
  ],
  [poisson, 'size: 1500', 'size: 1500, gso: 1448', /\.gso: a frame of 1500 bytes is one segment already; /],
  [poisson, 'size: 1500', 'size: 1500, to: a', /\.to: a is not on one bridge with web; /],
  [poisson, 'size: 1500', 'size: 1500, start: 60s', /\.start: 60s is not within the run; /],
  [poisson, 'size: 1500', 'size: 1500, flows: 64512', /\.flows: 64512 is too large; write a whole number, 1 to 64511$/],
  [onoff, 'on: 1ms, ', '', /\.on: missing; write a duration from 1ns, as in 10ms$/],
  [onoff, 'on: 1ms', 'on: 0s', /\.on: "0s" is out of range; write a duration from 1ns/],
  [onoff, 'off: 3ms', 'off: 0s', /\.off: "0s" is out of range; write a duration from 1ns/],
  [onoff, 'off: 3ms', 'off: 721h', /\.off: "721h" is out of range; /],
  [onoff, 'on: 1ms', 'on: 11999ns', /\.on: 11.999us is too short for a frame at this rate; write 12us or more$/],
  [
    onoff,
    'off: 3ms',
    'off: 3ms, distribution: normal',
    /\.distribution: "normal" is not valid here; write exponential or fixed$/,
  ],
  [onoff, 'off: 3ms', 'off: 3ms, gso: 1448', /\.gso: a frame of 1500 bytes is one segment already; /],
  [onoff, 'size: 1500', 'sizes: [{ size: 60 }]', /\.sizes: unknown key; did you mean "size"\?$/],
  [flows, 'websearch', 'webserach', /\.distribution: "webserach" is not valid here; write websearch or datamining$/],
  [flows, 'distribution: websearch, ', '', /\.distribution: missing; write websearch or datamining, or sizes$/],
  [flows, 'load: 1Mb/s, ', '', /\.load: missing; write a rate up to 10000Gb\/s/],
  [flows, 'rate: 1Gb/s', 'rate: 1Gb/s, active: 4097', /\.active: 4097 is too large; write a whole number, 1 to 4096$/],
  [flows, 'rate: 1Gb/s', 'rate: 1Gb/s, gso: 1448', /\.gso: unknown key; /],
  [
    flows,
    'rate: 1Gb/s',
    'rate: 1Gb/s, sizes: [[0, 0], [9, 1]]',
    /\.sizes: is there beside distribution; keep one of the two$/,
  ],
  [
    flows,
    'load: 1Mb/s, rate: 1Gb/s',
    'load: 200Mb/s, rate: 1.5Mb/s',
    /\.load: 128 flows at 1\.5Mb\/s offer at most 192Mb\/s; write less, a higher rate or more active flows$/,
  ],
  [custom, '[0, 0]', '[0, 0.1]', /\.sizes: begins at share 0\.1; write 0 for the first point's$/],
  [custom, '[99, 1]', '[99, 0.9]', /\.sizes: ends at share 0\.9; write 1 for the last point's$/],
  [
    custom,
    '[9, 0.5]',
    '[0, 0.5]',
    /\.sizes: point 2 is not beyond the one before; let bytes rise and shares never fall$/,
  ],
  [custom, '[9, 0.5]', '[9, 0.5], [10, 0.4]', /\.sizes: point 3 is not beyond the one before; /],
  [custom, '[9, 0.5]', '[9.5, 0.5]', /\.sizes\[1\]\[0\]: 9\.5 is not valid here; write \[bytes, share\], /],
  [custom, '[9, 0.5]', '[9, 1.5]', /\.sizes\[1\]\[1\]: 1\.5 is too large; write \[bytes, share\], /],
  [custom, '[9, 0.5]', '[-1, 0.5]', /\.sizes\[1\]\[0\]: -1 is too small; write \[bytes, share\], /],
  [custom, '[9, 0.5]', '[9]', /\.sizes\[1\](\[1\])?: .*; write \[bytes, share\], /],
  [custom, '[9, 0.5]', '9', /\.sizes\[1\]: 9 is not valid here; write \[bytes, share\], /],
  [custom, '[[0, 0], [9, 0.5], [99, 1]]', '[[0, 0]]', /\.sizes: a list is too small; write 2 to 64 points /],
  [custom, '[[0, 0], [9, 0.5], [99, 1]]', 'websearch', /\.sizes: "websearch" is not valid here; write 2 to 64 points /],
]

for (const [source, from, to, message] of edits)
  test(`refused: ${to || `without ${from}`} in ${source}`, (t) => {
    t.true(source.includes(from))
    t.notThrows(() => read(source))
    const error = t.throws(() => read(source.replace(from, to)), { instanceOf: RingbackError })
    t.is(error.code, 'ERR_SCENARIO')
    t.regex(error.message, message)
    t.true(error.message.startsWith(`${file}:7: traffic[0].`), error.message)
    t.regex(error.message, /^[^\p{Cc}]+[;?][^\p{Cc}]*$/u, 'one line with a fix, nothing that moves a cursor')
  })

test('objects are taken as the YAML is', (t) => {
  const traffic: ScenarioInput['traffic'] = [
    { kind: 'poisson', vif: 'web', rate: '1Mb/s', sizes: [{ size: 60 }, { size: '1KB', weight: 2 }] },
    { kind: 'onoff', vif: 'web', rate: '1Mb/s', size: 60, on: '1ms', off: '1ms' },
    {
      kind: 'flows',
      vif: 'web',
      load: '1Mb/s',
      rate: '1Mb/s',
      sizes: [
        [0, 0],
        [10, 1],
      ],
    },
  ]
  const scenario = checkScenario({
    name: 'a',
    duration: '1s',
    nics: { eth0: { rate: '1Gb/s' } },
    vifs: { web: { uplink: 'eth0' } },
    traffic,
  })
  t.deepEqual(
    scenario.traffic.map(({ kind }) => kind),
    ['poisson', 'onoff', 'flows'],
  )
})
