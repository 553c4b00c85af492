import { readFileSync } from 'node:fs'

import test from 'ava'
import fc from 'fast-check'
import { encodeGrantCopies, eventStatus, grantStatus, Machine, readGrantStatuses } from 'ringback'
import type { Domain, GrantCopy, GrantCopySide } from 'ringback'

interface Vectors {
  copies: { operation: GrantCopy; bytes: string }[]
  statuses: { bytes: string; status: number }[]
  entries: { domid: number; frame: number; readonly: boolean; bytes: string }[]
}

const vectors = JSON.parse(readFileSync(new URL('../../test/vectors/grants.json', import.meta.url), 'utf8')) as Vectors
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function twoDomains() {
  const machine = new Machine()
  const back = machine.createDomain({ domid: 0, pages: 4, grantEntries: 16 })
  const guest = machine.createDomain({ domid: 5, pages: 4, grantEntries: 16 })
  for (const domain of [back, guest])
    for (let i = 0; i < domain.memory.length; i++) domain.memory[i] = (i * 7 + (i >> 12) + domain.domid) & 0xff
  return { machine, back, guest }
}

function statuses(caller: Domain, ...operations: GrantCopy[]): number[] {
  const batch = encodeGrantCopies(operations)
  caller.grantCopy(batch)
  return readGrantStatuses(batch)
}

test("operations are written as Xen's header lays them out", (t) => {
  for (const { operation, bytes } of vectors.copies) t.is(hex(encodeGrantCopies([operation])), bytes)
  for (const { bytes, status } of vectors.statuses) t.deepEqual(readGrantStatuses(Buffer.from(bytes, 'hex')), [status])
})

test("grants are entries in Xen's layout", (t) => {
  const { guest } = twoDomains()
  for (const { domid, frame, readonly, bytes } of vectors.entries) {
    const ref = guest.grantAccess({ domid, frame, readonly }) ?? 0
    t.is(hex(guest.grantTable.subarray(ref * 8, ref * 8 + 8)), bytes)
    t.true(guest.endAccess(ref))
    t.is(guest.grantTable[ref * 8], 0)
  }
})

test('a batch is encoded into memory that exists, at any place in it', (t) => {
  const { back, guest } = twoDomains()
  const ref = guest.grantAccess({ domid: 0, frame: 1 }) ?? 0
  const room = new Uint8Array(100).fill(0xff)
  const batch = encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 2 }, length: 4096 }], room.subarray(3))
  t.is(hex(batch), hex(encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 2 }, length: 4096 }])))
  t.is(batch.byteOffset, 3)
  t.is(batch.length, 40)
  back.grantCopy(batch)
  t.deepEqual(readGrantStatuses(batch), [0])
  t.deepEqual(back.page(2), guest.page(1))
  t.is(room[2], 0xff)
  t.is(room[43], 0xff)
})

test('each operation has its own status and the batch goes on', (t) => {
  const { back, guest } = twoDomains()
  const ref = guest.grantAccess({ domid: 0, frame: 1 }) ?? 0
  const readonly = guest.grantAccess({ domid: 0, frame: 2, readonly: true }) ?? 0
  const good = { source: { domid: 5, ref }, dest: { frame: 0 }, length: 64 }
  const wanted: [GrantCopy, number][] = [
    [good, grantStatus.okay],
    [{ ...good, source: { domid: 9, ref } }, grantStatus.badDomain],
    [{ ...good, source: { domid: 5, ref: 16 } }, grantStatus.badGntref],
    [{ source: { frame: 0 }, dest: { domid: 5, ref: readonly }, length: 1 }, grantStatus.generalError],
    [{ ...good, dest: { frame: 4 } }, grantStatus.badPage],
    [{ ...good, length: 4097 }, grantStatus.badCopyArg],
    [{ source: { frame: 99 }, dest: { frame: 99 }, length: 0 }, grantStatus.okay],
    [{ source: { frame: 1 }, dest: { domid: 5, ref }, length: 4096 }, grantStatus.okay],
  ]
  // More than the addon takes at a time.
  const many = Array.from({ length: 50 }, () => wanted).flat()
  t.deepEqual(
    statuses(back, ...many.map(([operation]) => operation)),
    many.map(([, status]) => status),
  )
  t.deepEqual(guest.page(1), back.page(1))

  const foreign = encodeGrantCopies([good])
  foreign[34] = 0 // no longer a reference: a frame of another domain's
  back.grantCopy(foreign)
  t.deepEqual(readGrantStatuses(foreign), [grantStatus.permissionDenied])
})

test("payload 'none' checks and moves nothing", (t) => {
  const { back, guest } = twoDomains()
  const ref = guest.grantAccess({ domid: 0, frame: 1 }) ?? 0
  const before = back.memory.slice()
  const good = { source: { domid: 5, ref }, dest: { frame: 0 }, length: 64 }
  const batch = encodeGrantCopies([good, { ...good, length: 5000 }])
  back.grantCopy(batch, { payload: 'none' })
  t.deepEqual(readGrantStatuses(batch), [0, grantStatus.badCopyArg])
  t.deepEqual(back.memory, before)
})

test('what a hostile domain writes into its grant table is judged', (t) => {
  const { back, guest } = twoDomains()
  const entry = new DataView(guest.grantTable.buffer)
  const copy = { source: { domid: 5, ref: 1 }, dest: { frame: 0 }, length: 16 }
  const status = (flags: number, domid: number, frame: number) => {
    entry.setUint16(8, flags, true)
    entry.setUint16(10, domid, true)
    entry.setUint32(12, frame, true)
    return statuses(back, copy)[0]
  }
  t.is(status(1, 0, 3), grantStatus.okay)
  t.is(status(1, 0, 0xffff_ffff), grantStatus.badPage)
  t.is(status(1, 1, 3), grantStatus.generalError)
  t.is(status(3, 0, 3), grantStatus.generalError)
  t.is(entry.getUint16(8, true), 3)
})

test('pages and references run out and come back', (t) => {
  const { guest } = twoDomains()
  const frames = [guest.allocatePage(), guest.allocatePage(), guest.allocatePage(), guest.allocatePage()]
  t.deepEqual(frames, [0, 1, 2, 3])
  t.is(guest.allocatePage(), undefined)
  guest.freePage(2)
  t.is(guest.freePages, 1)
  t.throws(() => guest.freePage(2), { code: 'ERR_STATE' })
  t.is(guest.allocatePage(), 2)
  for (let ref = 8; ref < 16; ref++) t.is(guest.grantAccess({ domid: 0, frame: 0 }), ref)
  t.is(guest.grantAccess({ domid: 0, frame: 0 }), undefined)
  t.is(guest.grantsInUse, 8)
  t.true(guest.endAccess(11))
  t.throws(() => guest.endAccess(11), { code: 'ERR_STATE' })
  t.throws(() => guest.endAccess(1), { code: 'ERR_STATE' })
  t.is(guest.grantAccess({ domid: 0, frame: 0 }), 11)
})

test('two domains may hold the same memory', (t) => {
  const { machine, guest } = twoDomains()
  const twin = machine.createDomain({ domid: 6, memory: guest.memory.buffer })
  t.is(twin.pages, 4)
  guest.memory[5000] = 77
  t.is(twin.page(1)[5000 - 4096], 77)
  t.is(machine.domain(6), twin)
  t.is(machine.domain(7), undefined)
  t.throws(() => machine.createDomain({ domid: 6 }), { code: 'ERR_STATE' })
})

test('event channels connect, coalesce, mask and close', (t) => {
  const { machine, back, guest } = twoDomains()
  const front = guest.events.allocUnbound({ remoteDomid: 0 })
  t.deepEqual(guest.events.status(front), { state: 'unbound', remoteDomid: 0 })
  t.is(back.events.bindInterdomain({ remoteDomid: 9, remotePort: front }), eventStatus.noDomain)
  t.is(back.events.bindInterdomain({ remoteDomid: 5, remotePort: 4096 }), eventStatus.badPort)
  const port = back.events.bindInterdomain({ remoteDomid: 5, remotePort: front })
  t.deepEqual(back.events.status(port), { state: 'interdomain', remoteDomid: 5, remotePort: front })
  t.true(back.events.clearPending(port))

  const taken = new Uint32Array(4)
  t.is(guest.events.send(front), eventStatus.okay)
  t.is(guest.events.send(front), eventStatus.okay)
  t.deepEqual(guest.events.counters(front), { sends: 2, coalesced: 1 })
  t.is(back.events.takePending(taken), 1)
  t.is(taken[0], port)

  t.is(back.events.mask(port), eventStatus.okay)
  t.true(back.events.isMasked(port))
  t.is(guest.events.send(front), eventStatus.okay)
  t.is(back.events.takePending(taken), 0)
  t.true(back.events.isPending(port))
  t.is(back.events.unmask(port), eventStatus.okay)
  t.is(back.events.takePending(taken), 1)

  t.is(back.events.close(port), eventStatus.okay)
  t.is(back.events.close(port), eventStatus.badPort)
  t.is(back.events.send(port), eventStatus.badPort)
  t.deepEqual(back.events.status(port), { state: 'closed' })
  t.is(guest.events.send(front), eventStatus.okay)
  const small = machine.createDomain({ domid: 7, ports: 2 })
  t.is(small.events.allocUnbound({ remoteDomid: 0 }), 1)
  t.is(small.events.allocUnbound({ remoteDomid: 0 }), eventStatus.noPort)
})

test('a domain that closes leaves the others running', (t) => {
  const { machine, back, guest } = twoDomains()
  const ref = guest.grantAccess({ domid: 0, frame: 1 }) ?? 0
  const front = guest.events.allocUnbound({ remoteDomid: 0 })
  const port = back.events.bindInterdomain({ remoteDomid: 5, remotePort: front })
  guest.close()
  guest.close()
  t.is(machine.domain(5), undefined)
  t.deepEqual(statuses(back, { source: { domid: 5, ref }, dest: { frame: 0 }, length: 1 }), [grantStatus.badDomain])
  t.is(back.events.status(port).state, 'unbound')
  t.is(guest.memory.length, 4 * 4096)
  const again = machine.createDomain({ domid: 5, pages: 1 })
  t.is(again.grantsInUse, 0)
  t.throws(() => guest.allocatePage(), { code: 'ERR_CLOSED' })
  guest.close()
  t.is(machine.domain(5), again)
})

test('property: a copy that is okay moves exactly its bytes, any other moves none', (t) => {
  const side: fc.Arbitrary<GrantCopySide> = fc.oneof(
    fc.record({ domid: fc.constantFrom(0, 5, 9), ref: fc.integer({ min: 6, max: 17 }), offset: fc.nat(5000) }),
    fc.record({ frame: fc.nat(5), offset: fc.nat(5000) }),
  )
  const copy = fc.record({ source: side, dest: side, length: fc.nat(5000) })
  fc.assert(
    fc.property(fc.array(copy, { maxLength: 20 }), (operations) => {
      const { machine, back, guest } = twoDomains()
      for (const domain of [back, guest])
        for (let i = 0; i < 8; i++)
          domain.grantAccess({ domid: i === 7 ? 9 : 0, frame: i & 3, readonly: (i & 4) !== 0 })
      const memory = new Map([back, guest].map((domain) => [domain.domid, domain.memory.slice()]))
      const result = statuses(back, ...operations)
      for (const [i, { source, dest, length }] of operations.entries()) {
        if (result[i] !== 0 || length === 0) continue
        const place = (at: GrantCopySide) => {
          const bytes = memory.get('ref' in at ? at.domid : 0) ?? new Uint8Array()
          const start = ('ref' in at ? (at.ref - 8) & 3 : at.frame) * 4096 + (at.offset ?? 0)
          return { bytes, start }
        }
        const from = place(source)
        const to = place(dest)
        to.bytes.set(from.bytes.slice(from.start, from.start + length), to.start)
      }
      t.deepEqual(back.memory, new Uint8Array(memory.get(0) ?? []))
      t.deepEqual(guest.memory, new Uint8Array(memory.get(5) ?? []))
      machine.close()
    }),
    { seed: 5, numRuns: 60 },
  )
})
