import test from 'ava'
import { checkScenario, parseScenario, RingbackError } from 'ringback'
import type { Scenario } from 'ringback'

// Mins, weights, events and the controller of a scenario: what is read, and what is refused with which words.

const file = 'some/share.yaml'
const good = `name: share
duration: 60s
nics:
  eth0: { rate: 1Gb/s }
  eth1: { rate: 100Mb/s }
bridges:
  br0: { nics: [eth1] }
  br1: {}
vifs:
  web: { uplink: eth0, rate: 500Mb/s, min: 300Mb/s, weight: 3 }
  bulk: { uplink: eth0, min: 600Mb/s }
  bridged: { uplink: br0, min: 100Mb/s }
  lone: { uplink: br1 }
traffic:
  - { vif: web, kind: constant, rate: 1Mb/s, size: 1500 }
events:
  - { at: 30s, nic: eth0, link: down }
  - { at: 20s, vif: web, rate: 400Mb/s@20ms, min: 200Mb/s, weight: 10000 }
  - { at: 30s, nic: eth0, link: up, rate: 500Mb/s }
  - { at: 0, vif: bulk, rate: none, min: none }
control: { policy: adaptive, interval: 50ms, detector: { enter: 0.95, leave: 0.6, accumulate: 2, dwell: 1s }, window: 200us }
`

test('mins, weights, events and control become numbers, events by time', (t) => {
  const scenario = parseScenario(good, { file })
  t.deepEqual(
    scenario.vifs.map(({ name, minBps, weight }) => [name, minBps, weight]),
    [
      ['web', 300e6, 3],
      ['bulk', 600e6, 1],
      ['bridged', 100e6, 1],
      ['lone', null, 1],
    ],
  )
  t.deepEqual(scenario.events, [
    { atNs: 0, vif: 'bulk', rate: null, minBps: null },
    {
      atNs: 20e9,
      vif: 'web',
      rate: { creditBytes: 1_000_000, creditUsec: 20_000, bitsPerSecond: 400e6 },
      minBps: 200e6,
      weight: 10_000,
    },
    { atNs: 30e9, nic: 'eth0', link: 'down' },
    { atNs: 30e9, nic: 'eth0', link: 'up', rateBps: 500e6 },
  ])
  t.deepEqual(scenario.control, {
    policy: 'adaptive',
    intervalNs: 50e6,
    detector: { enter: 0.95, leave: 0.6, accumulate: 2, dwellNs: 1e9 },
    windowNs: 200_000,
  })
})

/** `good` with one piece replaced, and what must be said about it. */
const edits: [what: string, from: string, to: string, line: number, message: RegExp][] = [
  [
    'a min above the cap',
    'min: 300Mb/s',
    'min: 501Mb/s',
    10,
    /vifs\.web\.min: 501Mb\/s is above its cap, rate: 500Mb\/s; /,
  ],
  ['a min of zero', 'min: 600Mb/s', 'min: 0Mb/s', 11, /vifs\.bulk\.min: "0Mb\/s" is zero; /],
  ['a min with an interval', 'min: 600Mb/s', 'min: 6Mb/s@1ms', 11, /vifs\.bulk\.min: .* has an interval, /],
  [
    'a weight of zero',
    'weight: 3',
    'weight: 0',
    10,
    /vifs\.web\.weight: 0 is too small; write a whole number, 1 to 10000$/,
  ],
  ['too large a weight', 'weight: 3', 'weight: 10001', 10, /vifs\.web\.weight: 10001 is too large; /],
  [
    'mins above what a NIC has',
    'min: 600Mb/s',
    'min: 701Mb/s',
    11,
    /vifs\.bulk\.min: the mins of "bulk" \(701Mb\/s\) and "web" \(300Mb\/s\) add up to 1\.001Gb\/s, 1Mb\/s more than the 1Gb\/s of "eth0"; lower/,
  ],
  [
    'a min above what the NIC of a bridge has',
    'br0, min: 100Mb/s',
    'br0, min: 101Mb/s',
    12,
    /vifs\.bridged\.min: the min of "bridged" \(101Mb\/s\) is 1Mb\/s more than the 100Mb\/s of "eth1"; /,
  ],
  [
    'a min on a bridge without a NIC',
    'uplink: br1 }',
    'uplink: br1, min: 1Mb/s }',
    13,
    /vifs\.lone\.min: cannot be kept: bridge br1 has no NIC, so that .*; give it one NIC, or leave out min$/,
  ],
  [
    'a min on a bridge with two NICs',
    'br0: { nics: [eth1] }\n  br1: {}',
    'br0: {}\n  br1: { nics: [eth0, eth1] }',
    10,
    /vifs\.web\.uplink: eth0 is a port of bridge br1/,
  ],
  [
    'an event of nothing',
    'vif: web, rate: 400Mb/s@20ms, min: 200Mb/s, weight: 10000',
    'rate: 1Mb/s',
    18,
    /events\[1\]: names no vif and no NIC; /,
  ],
  [
    'an event of two',
    'nic: eth0, link: up',
    'nic: eth0, vif: web, link: up',
    19,
    /events\[2\]\.nic: is there beside vif; /,
  ],
  [
    'an event of an unknown vif',
    'vif: bulk, rate: none',
    'vif: blk, rate: none',
    20,
    /events\[3\]\.vif: there is no vif "blk"; the vifs are web, bulk, /,
  ],
  [
    'an event of an unknown NIC',
    'nic: eth0, link: down',
    'nic: eth7, link: down',
    17,
    /events\[0\]\.nic: there is no NIC "eth7"; the NICs are eth0, eth1$/,
  ],
  [
    'an unknown key of an event',
    'nic: eth0, link: down',
    'nic: eth0, lnk: down',
    17,
    /events\[0\]\.lnk: unknown key; did you mean "link"\?$/,
  ],
  [
    'an event without a time',
    'at: 30s, nic: eth0, link: down',
    'nic: eth0, link: down',
    17,
    /events\[0\]\.at: missing; write a time of the run, as in 20s$/,
  ],
  [
    'an event after the end',
    'at: 20s',
    'at: 60s',
    18,
    /events\[1\]\.at: 60s is not within the run; let it happen before 60s$/,
  ],
  [
    'an event that changes nothing of a vif',
    'vif: bulk, rate: none, min: none',
    'vif: bulk',
    20,
    /events\[3\]: changes nothing of the vif; write rate, min or weight$/,
  ],
  [
    'an event that changes nothing of a NIC',
    'nic: eth0, link: down',
    'nic: eth0',
    17,
    /events\[0\]: changes nothing of the NIC; write link or rate$/,
  ],
  ["a vif's link", 'vif: bulk, rate: none', 'vif: bulk, link: up', 20, /events\[3\]\.link: is a NIC's; /],
  ["a NIC's min", 'nic: eth0, link: down', 'nic: eth0, min: 1Mb/s', 17, /events\[0\]\.min: is a vif's; /],
  ["a NIC's weight", 'nic: eth0, link: down', 'nic: eth0, weight: 1', 17, /events\[0\]\.weight: is a vif's; /],
  ["a NIC's interval", 'rate: 500Mb/s }', 'rate: 500Mb/s@1ms }', 19, /events\[2\]\.rate: .* has an interval, /],
  [
    'a NIC without a rate',
    'rate: 500Mb/s }',
    'rate: none }',
    19,
    /events\[2\]\.rate: is a vif's; write a NIC's rate, /,
  ],
  ['too fast a NIC', 'rate: 500Mb/s }', 'rate: 10001Gb/s }', 19, /events\[2\]\.rate: "10001Gb\/s" is out of range; /],
  [
    'a link that is neither',
    'link: down',
    'link: off',
    17,
    /events\[0\]\.link: "off" is not valid here; write up or down$/,
  ],
  ['a bad rate in an event', 'rate: none', 'rate: fast', 20, /events\[3\]\.rate: "fast" is not a rate; /],
  ['a bad min in an event', 'min: none', 'min: fast', 20, /events\[3\]\.min: "fast" is not a rate; /],
  [
    'events that are no list',
    good.slice(good.indexOf('events:'), good.indexOf('control:')),
    'events: {}\n',
    16,
    /events: a map is not valid here; write a list of events, /,
  ],
  [
    'a min raised above the cap of its time',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 21s, vif: web, min: 401Mb/s',
    20,
    /events\[3\]\.min: 401Mb\/s is above the cap of web at that time, 400Mb\/s; /,
  ],
  [
    'a cap lowered below the min of its time',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 21s, vif: web, rate: 199Mb/s',
    20,
    /events\[3\]\.rate: 199Mb\/s is below the min of web at that time, 200Mb\/s; write a lower min beside it$/,
  ],
  [
    'a min raised above what there is at its time',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 21s, vif: bulk, min: 801Mb/s',
    20,
    /events\[3\]\.min: at that time the mins of "bulk" \(801Mb\/s\) and "web" \(200Mb\/s\) add up to 1\.001Gb\/s, /,
  ],
  [
    'a min raised above what a NIC has that became slower',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 31s, vif: web, min: 201Mb/s',
    20,
    /events\[3\]\.min: at that time the mins of .* more than the 500Mb\/s of "eth0"; /,
  ],
  [
    "an event's min on a bridge without a NIC",
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 1s, vif: lone, min: 1Mb/s',
    20,
    /events\[3\]\.min: cannot be kept: bridge br1 has no NIC, so that .*; give it one NIC, or leave out min$/,
  ],
  [
    'an unknown policy',
    'policy: adaptive',
    'policy: adaptiv',
    21,
    /control\.policy: "adaptiv" is not valid here; write credit, adaptive, reserved$/,
  ],
  [
    'an unknown key of control',
    'interval: 50ms',
    'intervall: 50ms',
    21,
    /control\.intervall: unknown key; did you mean "interval"\?$/,
  ],
  [
    'an unknown key of the detector',
    'dwell: 1s',
    'dwel: 1s',
    21,
    /control\.detector\.dwel: unknown key; did you mean "dwell"\?$/,
  ],
  [
    'too short an interval',
    'interval: 50ms',
    'interval: 99us',
    21,
    /control\.interval: "99us" is out of range; write a duration from 100us, /,
  ],
  ['leave above enter', 'leave: 0.6', 'leave: 0.96', 21, /control\.detector\.leave: 0\.96 is above enter, 0\.95; /],
  [
    'an enter of nothing',
    'enter: 0.95',
    'enter: 0',
    21,
    /control\.detector\.enter: 0 is too small; write a number from 0\.01 to 1$/,
  ],
  [
    'too short a window',
    'window: 200us',
    'window: 9us',
    21,
    /control\.window: "9us" is out of range; write a duration from 10us to 1s, /,
  ],
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

/** What is fine, however near to the limits. */
const fine: [what: string, from: string, to: string][] = [
  ['mins that use all of a NIC', 'min: 600Mb/s', 'min: 700Mb/s'],
  ['a min as high as the cap', 'rate: 500Mb/s, min: 300Mb/s', 'rate: 300Mb/s, min: 300Mb/s'],
  ['a NIC that becomes too slow for its mins', 'rate: 500Mb/s }', 'rate: 1b/s }'],
  [
    'a min that is lowered while they do not fit',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 40s, vif: bulk, min: 599Mb/s',
  ],
  [
    'a min raised before the NIC becomes slower, which the file has first',
    'at: 0, vif: bulk, rate: none, min: none',
    'at: 10s, vif: web, min: 400Mb/s',
  ],
  ['a min raised while the link is down', 'at: 20s, vif: web', 'at: 30s, vif: web'],
  ['leave as high as enter', 'leave: 0.6', 'leave: 0.95'],
  ['no events', good.slice(good.indexOf('events:'), good.indexOf('control:')), 'events: []\n'],
  ['no control', good.slice(good.indexOf('control:')), 'control: {}\n'],
]

for (const [what, from, to] of fine)
  test(`allowed: ${what}`, (t) => {
    t.true(good.includes(from))
    t.notThrows(() => parseScenario(good.replace(from, to), { file }))
  })

test('of two events at one time the first of the file is first', (t) => {
  const { events } = parseScenario(good.replace('at: 20s', 'at: 30s'), { file })
  t.deepEqual(
    events.map((event) => ('nic' in event ? event.link : event.vif)),
    ['bulk', 'down', 'web', 'up'],
  )
})

test('with many vifs the nearest name is told', (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `guest-${i}`)
  const input = {
    name: 'a',
    duration: '1s',
    nics: { eth0: { rate: '1Gb/s' } },
    vifs: Object.fromEntries(names.map((name) => [name, { uplink: 'eth0' }])),
    traffic: [{ kind: 'constant', vif: 'guest-0', rate: '1Mb/s', size: 1500 }],
    events: [{ at: '0s', vif: 'gest-27', weight: 2 }],
  }
  t.throws(() => checkScenario(input), {
    message: 'events[0].vif: there is no vif "gest-27"; did you mean "guest-27"?',
  })
})

test('65,536 events are enough', (t) => {
  const event = { at: '0s', vif: 'web', weight: 2 }
  const input = (count: number): object => ({
    ...{ name: 'a', duration: '1s', nics: { eth0: { rate: '1Gb/s' } }, vifs: { web: { uplink: 'eth0' } } },
    traffic: [{ kind: 'constant', vif: 'web', rate: '1Mb/s', size: 1500 }],
    events: Array.from({ length: count }, () => event),
  })
  const scenario: Scenario = checkScenario(input(65_536))
  t.is(scenario.events.length, 65_536)
  t.throws(() => checkScenario(input(65_537)), { message: /^events: has 65537 entries; write 0 to 65536$/ })
})
