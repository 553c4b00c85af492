import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import fc from 'fast-check'
import { headerStride, loadCapture, readCapture, RingbackError } from 'ringback'

const guest = 'fe:b6:f2:0c:ea:6f'
const other = '02:00:00:00:00:01'

interface Frame {
  seconds?: number
  fraction?: number
  source?: string
  destination?: string
  /** Bytes in the file. */
  included?: number
  /** Bytes on the wire. */
  original?: number
}

interface FileOptions {
  isBigEndian?: boolean
  magic?: number
  snapLength?: number
  linkType?: number
}

/** A classic pcap file, byte by byte. */
function makePcap(frames: Frame[], options: FileOptions = {}): Buffer {
  const { isBigEndian = false, magic = 0xa1b2c3d4, snapLength = 96, linkType = 1 } = options
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    values.forEach((value, i) => (isBigEndian ? bytes.writeUInt32BE(value, i * 4) : bytes.writeUInt32LE(value, i * 4)))
    return bytes
  }
  const records = frames.flatMap(
    ({ seconds = 1, fraction = 0, source = guest, destination, included = 60, original = 1000 }) => {
      const data = Buffer.alloc(included, 0xaa)
      if (destination) data.set(Buffer.from(destination.replaceAll(':', ''), 'hex'))
      data.set(
        Buffer.from(source.replaceAll(':', ''), 'hex').subarray(0, Math.max(0, included - 6)),
        Math.min(6, included),
      )
      return [words(seconds, fraction, included, original), data]
    },
  )
  return Buffer.concat([words(magic, isBigEndian ? 0x00020004 : 0x00040002, 0, 0, snapLength, linkType), ...records])
}

const read = (bytes: Buffer) => readCapture(bytes, { file: 'x.pcap', guest })

const totals: [name: string, frames: number, bytes: number][] = [
  ['bulk', 13_948, 20_975_102],
  ['web', 4_535, 5_878_124],
  ['voip', 1_626, 346_080],
]

for (const [name, frames, bytes] of totals)
  test(`the frames of the guest in ${name}.pcap`, async (t) => {
    const capture = await loadCapture(`examples/captures/${name}.pcap`, guest)
    t.deepEqual([capture.count, capture.bytes], [frames, bytes])
    t.deepEqual([capture.timesNs.length, capture.sizesBytes.length], [frames, frames])
    t.is(capture.headers.length, frames * headerStride)
    t.is(
      capture.sizesBytes.reduce((sum, size) => sum + size, 0),
      bytes,
    )
    t.true(capture.timesNs.every((time, i) => time >= (capture.timesNs[i - 1] ?? 0n) && time <= capture.spanNs))
    const mac = Buffer.from(guest.replaceAll(':', ''), 'hex')
    for (let i = 0; i < frames; i++)
      t.true(mac.equals(capture.headers.subarray(i * headerStride + 6, i * headerStride + 12)))
  })

/** Counted once with tcpdump: `ether dst GUEST or ether multicast`, not `ether src GUEST`. */
const received: [name: string, frames: number, bytes: number][] = [
  ['bulk', 684, 45_528],
  ['web', 3_029, 222_550],
  ['voip', 18, 1_874],
]

for (const [name, frames, bytes] of received)
  test(`the frames for the guest in ${name}.pcap`, async (t) => {
    const capture = await loadCapture(`examples/captures/${name}.pcap`, guest, 'in')
    t.deepEqual([capture.count, capture.bytes], [frames, bytes])
    const out = await loadCapture(`examples/captures/${name}.pcap`, guest)
    t.deepEqual([capture.spanNs, capture.recordCount], [out.spanNs, out.recordCount], 'one clock for both')
  })

test('what is for the guest: sent to it or to a group, by others', (t) => {
  const group = '01:00:5e:00:00:fb'
  const frames: Frame[] = [
    { source: other, destination: guest, original: 1001 },
    { source: other, destination: group, original: 1002 },
    { source: other, destination: 'ff:ff:ff:ff:ff:ff', original: 1003 },
    { source: other, destination: '02:00:00:00:00:09', original: 1004 },
    { source: guest, destination: other, original: 1005 },
    { source: guest, destination: group, original: 1006 },
    { source: guest, destination: guest, original: 1007 },
  ]
  const sizes = (direction: 'in' | 'out') => [
    ...readCapture(makePcap(frames), { file: 'x.pcap', guest, direction }).sizesBytes,
  ]
  t.deepEqual(sizes('in'), [1001, 1002, 1003])
  t.deepEqual(sizes('out'), [1005, 1006, 1007])
})

test('a guest that gets nothing but what is sent to groups', (t) => {
  const toGroup: Frame = { source: other, destination: 'ff:ff:ff:ff:ff:ff' }
  const receive = (frames: Frame[]) => readCapture(makePcap(frames), { file: 'x.pcap', guest, direction: 'in' })
  t.is(receive([toGroup, { source: guest }]).count, 1, 'it is there: it sends')
  t.throws(() => receive([toGroup]), {
    message: /no frame to fe:.*; all that is there is sent to groups: capture again$/,
  })
  t.throws(() => receive([toGroup, { source: other, destination: '02:00:00:00:00:09' }]), {
    message: /no frame to fe:.*; the destination MACs there are 02:00:00:00:00:09 \(1 frames\)$/,
  })
  t.throws(() => receive([]), { message: /; the capture holds no record at all: capture again$/ })
})

const formats: [what: string, options: FileOptions, fractionNs: bigint][] = [
  ['little endian, microseconds', {}, 1000n],
  ['big endian, microseconds', { isBigEndian: true }, 1000n],
  ['little endian, nanoseconds', { magic: 0xa1b23c4d }, 1n],
  ['big endian, nanoseconds', { isBigEndian: true, magic: 0xa1b23c4d }, 1n],
]

for (const [what, options, fractionNs] of formats)
  test(`reads ${what}`, (t) => {
    const frames = [
      { seconds: 0xfffffff0, fraction: 7, source: other },
      { seconds: 0xfffffff1, fraction: 9, original: 1514 },
      { seconds: 0xfffffff2, fraction: 7, included: 14, original: 42 },
      { seconds: 0xfffffff3, fraction: 7, source: other },
    ]
    const capture = read(makePcap(frames, options))
    t.deepEqual([...capture.timesNs], [1_000_000_000n + 2n * fractionNs, 2_000_000_000n])
    t.deepEqual([...capture.sizesBytes], [1514, 42])
    t.deepEqual([...capture.headerLengths], [60, 14])
    t.deepEqual([capture.count, capture.bytes, capture.recordCount], [2, 1556, 4])
    t.is(capture.spanNs, 3_000_000_000n)
    t.deepEqual([...capture.headers.subarray(0, 7)], [0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xfe])
    t.true(
      capture.headers.subarray(60, headerStride).every((byte) => byte === 0),
      'padded with zeros',
    )
    t.true(capture.headers.subarray(headerStride + 14).every((byte) => byte === 0))
  })

test('keeps 128 bytes of a longer record; a snap length of 0 is no bound', (t) => {
  const capture = read(makePcap([{ included: 1000, original: 1000 }], { snapLength: 0 }))
  t.deepEqual([...capture.headerLengths], [headerStride])
  t.is(capture.headers.length, headerStride)
})

test('a record stamped earlier than the one before takes its time', (t) => {
  const seconds = [5, 7, 6, 4, 8]
  const capture = read(makePcap(seconds.map((second) => ({ seconds: second }))))
  t.deepEqual([...capture.timesNs], [0n, 2_000_000_000n, 2_000_000_000n, 2_000_000_000n, 3_000_000_000n])
})

test('the guest is named in either case and with either separator', (t) => {
  const bytes = makePcap([{}])
  t.is(readCapture(bytes, { file: 'x.pcap', guest: 'FE-B6-F2-0C-EA-6F' }).count, 1)
})

const two = makePcap([{}, {}])
const broken: [what: string, bytes: Buffer, message: RegExp][] = [
  ['an empty file', Buffer.alloc(0), /the file is empty; /],
  ['three bytes', Buffer.from([0xd4, 0xc3, 0xb2]), /not a pcap file/],
  ['text', Buffer.from('name: web\nduration: 5s\nnics: {}\n'), /not a pcap file/],
  [
    'pcapng',
    Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000', 'hex'),
    /editcap -F pcap in\.pcapng out\.pcap/,
  ],
  ['half a file header', two.subarray(0, 23), /cut off in the file header, at byte 23 of 24; /],
  ['no records', two.subarray(0, 24), /no frame from fe:b6:f2:0c:ea:6f; the capture holds no record/],
  ['half a record header', two.subarray(0, 24 + 76 + 15), /record 2 at byte 100 is cut off in its header; /],
  ['half a record', two.subarray(0, -1), /record 2 at byte 100 is cut off at the end of the file; /],
  ['another link type', makePcap([{}], { linkType: 113 }), /link type 113, not Ethernet/],
  [
    'more bytes than the snap length',
    makePcap([{ included: 97 }]),
    /record 1 at byte 24 holds 97 bytes, above the snap length 96; /,
  ],
  [
    'more bytes than the frame',
    makePcap([{}, { original: 59 }]),
    /record 2 at byte 100 holds 60 bytes of a frame of 59; /,
  ],
  [
    'a frame below Ethernet',
    makePcap([{ included: 13, original: 13 }]),
    /record 1 at byte 24 holds 13 bytes, no whole Ethernet header; /,
  ],
  [
    'a snap length below Ethernet',
    makePcap([{ included: 8 }]),
    /no whole Ethernet header; capture with a snap length of 14/,
  ],
  [
    'a frame above 65535',
    makePcap([{ original: 65_536 }]),
    /record 1 at byte 24 is a frame of 65536 bytes, above 65535; .*offload off/,
  ],
  ['a stamp of over a second', makePcap([{ fraction: 1_000_000 }]), /time stamp with 1000000 parts of a second; /],
  [
    'nobody of that name',
    makePcap([{ source: other }, { source: other }]),
    /no frame from fe:b6:f2:0c:ea:6f; the source MACs there are 02:00:00:00:00:01 \(2 frames\)$/,
  ],
]

for (const [what, bytes, message] of broken)
  test(`refused: ${what}`, (t) => {
    const error = t.throws(() => read(bytes), { instanceOf: RingbackError, code: 'ERR_PCAP' })
    t.regex(error.message, message)
    t.regex(error.message, /^x\.pcap: [^\n]+$/)
  })

test('a frame of another host may be of any length', (t) => {
  t.is(read(makePcap([{ source: other, original: 100_000 }, {}])).count, 1)
})

test('arguments of a wrong type are refused by name', async (t) => {
  const anyRead = readCapture as (bytes: unknown, options?: unknown) => unknown
  const anyLoad = loadCapture as (file: unknown, guest?: unknown) => Promise<unknown>
  for (const bytes of [undefined, null, 'x', [], new ArrayBuffer(8), new Uint16Array(8)])
    t.throws(() => anyRead(bytes, { file: 'x.pcap', guest }), {
      code: 'ERR_INVALID_ARGUMENT',
      message: /^bytes must be/,
    })
  for (const options of [undefined, null, {}, { file: 1, guest }, { file: 'x.pcap' }])
    t.throws(() => anyRead(two, options), { code: 'ERR_INVALID_ARGUMENT', message: /^options/ })
  for (const file of [undefined, 0, 5, null])
    await t.throwsAsync(anyLoad(file, guest), { code: 'ERR_INVALID_ARGUMENT' })
  await t.throwsAsync(anyLoad('x.pcap'), { code: 'ERR_INVALID_ARGUMENT' })
  for (const direction of ['both', null, 1]) {
    const message = /direction must be 'out' or 'in'$/
    t.throws(() => anyRead(two, { file: 'x.pcap', guest, direction }), { code: 'ERR_INVALID_ARGUMENT', message })
    const withDirection = loadCapture as (...words: unknown[]) => Promise<unknown>
    await t.throwsAsync(withDirection('x.pcap', guest, direction), { code: 'ERR_INVALID_ARGUMENT', message })
  }
  t.is(readCapture(new Uint8Array(two), { file: 'x.pcap', guest }).count, 2, 'a plain Uint8Array will do')
})

test('files that cannot be read', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-pcap-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'a.pcap')
  writeFileSync(file, two)
  t.is((await loadCapture(file, guest)).count, 2)
  await t.throwsAsync(loadCapture(path.join(folder, 'none.pcap'), guest), {
    code: 'ERR_PCAP',
    message: /no such file or folder; /,
  })
  await t.throwsAsync(loadCapture(folder, guest), { code: 'ERR_PCAP', message: /not a file; / })
  await t.throwsAsync(loadCapture(path.join(file, 'b.pcap'), guest), {
    code: 'ERR_PCAP',
    message: /a part of the path is a file; /,
  })
})

test('any bytes give a capture or one line, within bounds of memory', async (t) => {
  const whole = (await readFile('examples/captures/voip.pcap')).subarray(0, 24 + 112 * 50)
  const mutation = fc.record({
    at: fc.nat({ max: whole.length - 1 }),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 255)),
  })
  const mutated = fc
    .tuple(fc.array(mutation, { maxLength: 8 }), fc.nat({ max: whole.length }))
    .map(([changes, cut]) => {
      const bytes = Buffer.from(whole)
      for (const { at, value } of changes) bytes[at] = value
      return cut % 3 === 0 ? bytes.subarray(0, cut) : bytes
    })
  const arbitrary = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.concat([whole.subarray(0, 24), bytes]))
  fc.assert(
    fc.property(fc.oneof(mutated, arbitrary), (bytes) => {
      try {
        const capture = read(bytes)
        t.true(capture.count <= bytes.length / 30 && capture.headers.length === capture.count * headerStride)
        t.true(capture.sizesBytes.every((size) => size >= 14 && size <= 65_535))
      } catch (error) {
        t.true(error instanceof RingbackError && error.code === 'ERR_PCAP', String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
