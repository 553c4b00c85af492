import test from 'ava'
import { parseScenario, RingbackError } from 'ringback'

// The kind tcp: what it becomes, and what is said about one that is wrong.

const file = 'some/web.yaml'
const head = `name: web
duration: 60s
nics: { eth0: { rate: 10Gb/s } }
bridges: { br0: { nics: [] }, br1: { nics: [eth0] } }
vifs: { web: { uplink: br1 }, a: { uplink: br0 }, b: { uplink: br0 } }
traffic:
`
const read = (source: string) => parseScenario(`${head}  - ${source}\n`, { file })

const defaults = {
  kind: 'tcp',
  vif: 'web',
  direction: 'out',
  startNs: 0,
  stopNs: null,
  to: null,
  flows: 1,
  congestion: 'cubic',
  rttNs: 200_000,
  sizeBytes: 1514,
  gsoBytes: 65_535,
  sack: true,
  reordering: 'fixed',
  bytes: null,
  delayedAckNs: 40e6,
  minRtoNs: 200e6,
  windowBytes: 3 * 2 ** 20,
}

test('tcp: what is not written is as Linux has it', (t) => {
  t.deepEqual(read('{ vif: web, kind: tcp }').traffic, [defaults] as never)
})

test('tcp: every key becomes a number', (t) => {
  const source =
    '{ vif: a, kind: tcp, to: b, flows: 9, congestion: reno, rtt: 10ms, size: 9014, gso: 20KB, sack: false, reordering: adaptive, ' +
    'bytes: 1GB, delayedAck: 1ms, minRto: 1s, window: 1MiB, start: 1s, stop: 2s }'
  const expected = {
    ...defaults,
    vif: 'a',
    to: 'b',
    flows: 9,
    congestion: 'reno',
    rttNs: 10e6,
    sizeBytes: 9014,
    gsoBytes: 20_000,
    sack: false,
    reordering: 'adaptive',
    bytes: 1e9,
    delayedAckNs: 1e6,
    minRtoNs: 1e9,
    windowBytes: 2 ** 20,
    startNs: 1e9,
    stopNs: 2e9,
  }
  t.deepEqual(read(source).traffic, [expected] as never)
})

const edits: [source: string, message: RegExp][] = [
  ['vif: web, flows: 0', /\.flows: 0 is too small; write a whole number, 1 to 4096$/],
  ['vif: web, rate: 1Gb/s', /\.rate: unknown key; did you mean "rtt"\?$|\.rate: unknown key; the keys here are /],
  ['vif: web, congestion: bbr', /\.congestion: "bbr" is not valid here; write cubic or reno$/],
  ['vif: web, rtt: 0ns', /\.rtt: "0ns" is /],
  ['vif: web, rtt: 11s', /\.rtt: "11s" is out of range; write a time from 1us to 10s, as in 200us$/],
  ['vif: web, size: 100', /\.size: 100 is too small; write a size from 128 to 9018 bytes, as in 1514$/],
  ['vif: web, gso: 1000', /\.gso: a frame of 1000 bytes has no room for a segment of 1514; write gso: 1514 or more$/],
  ['vif: web, sack: yes', /\.sack: "yes" is not valid here; write true or false$/],
  ['vif: web, reordering: 3', /\.reordering: 3 is not valid here; write fixed, adaptive or rack$/],
  [
    'vif: web, window: 1KB',
    /\.window: "1KB" is out of range; write a size from 20000 to 1073741823 bytes, as in 3MiB$/,
  ],
  ['vif: a', /\.to: missing; bridge br0 has no NIC behind which a station could answer; name a vif$/],
  ['vif: a, to: a', /\.to: is the vif that sends; name another one on its bridge$/],
  ['vif: a, to: web', /\.to: web is not on one bridge with a; /],
  ['vif: web, to: b, direction: in', /\.to: is for what a guest sends; leave out to or direction: in$/],
  ['vif: a, direction: in', /\.direction: bridge br0 has no NIC on which frames could come in; /],
]

test('tcp: what is wrong is said with what would be right', (t) => {
  for (const [source, message] of edits) {
    const error = t.throws(() => read(`{ kind: tcp, ${source} }`), { instanceOf: RingbackError }, source)
    t.regex(error?.message ?? '', message, source)
  }
})
