import test from 'ava'
import { encodeGrantCopies, Machine, readGrantStatuses, RingbackError } from 'ringback'

// Every public method with every impossible argument: a RingbackError that names the argument, never a crash.

type Call = (bad: never) => unknown

const integers: unknown[] = [NaN, -1, 2 ** 32, 1.5, Infinity, '1', null, undefined, 1n, {}, [1], Symbol.iterator, true]
const notObjects: unknown[] = [undefined, null, 1, 'x', true]
const notBytes: unknown[] = [
  undefined,
  null,
  40,
  'x',
  [],
  new ArrayBuffer(40),
  new Uint16Array(40),
  new DataView(new ArrayBuffer(40)),
]

function world() {
  const machine = new Machine()
  const domain = machine.createDomain({ domid: 1, pages: 2, grantEntries: 16 })
  const { events } = domain
  return { machine, domain, events }
}

const good = { source: { frame: 0 }, dest: { frame: 1 }, length: 1 }

function cases({ machine, domain, events }: ReturnType<typeof world>): Record<string, [Call, unknown[]]> {
  return {
    'createDomain options': [(bad) => machine.createDomain(bad), notObjects],
    'createDomain domid': [(domid) => machine.createDomain({ domid }), [...integers, 0x7ff0]],
    'createDomain pages': [
      (pages) => machine.createDomain({ domid: 2, pages }),
      integers.filter((v) => v !== undefined),
    ],
    'createDomain grantEntries': [
      (grantEntries) => machine.createDomain({ domid: 2, grantEntries }),
      [...integers.filter((v) => v !== undefined), 7, 32_769],
    ],
    'createDomain ports': [
      (ports) => machine.createDomain({ domid: 2, ports }),
      [...integers.filter((v) => v !== undefined), 1, 4097],
    ],
    'createDomain memory': [
      (memory) => machine.createDomain({ domid: 2, memory }),
      [
        null,
        1,
        'x',
        new ArrayBuffer(4096),
        new Uint8Array(4096),
        new SharedArrayBuffer(0),
        new SharedArrayBuffer(4097),
      ],
    ],
    'createDomain memory and pages': [
      (pages) => machine.createDomain({ domid: 2, pages, memory: new SharedArrayBuffer(4096) }),
      [2, 0, NaN, '1'],
    ],
    'machine.domain': [(domid) => machine.domain(domid), integers],
    freePage: [(frame) => domain.freePage(frame), [...integers, 2]],
    page: [(frame) => domain.page(frame), [...integers, 2]],
    'grantAccess options': [(bad) => domain.grantAccess(bad), notObjects],
    'grantAccess domid': [(domid) => domain.grantAccess({ domid, frame: 0 }), [...integers, 0x7ff1]],
    'grantAccess frame': [(frame) => domain.grantAccess({ domid: 0, frame }), [...integers, 2]],
    'grantAccess readonly': [
      (readonly) => domain.grantAccess({ domid: 0, frame: 0, readonly }),
      [null, 0, 1, 'true', NaN],
    ],
    endAccess: [(ref) => domain.endAccess(ref), [...integers, 16]],
    'grantCopy operations': [(bad) => domain.grantCopy(bad), [...notBytes, new Uint8Array(39), new Uint8Array(41)]],
    'grantCopy options': [(bad) => domain.grantCopy(new Uint8Array(40), bad), [null, 1, 'none']],
    'grantCopy payload': [(payload) => domain.grantCopy(new Uint8Array(40), { payload }), [null, true, 'all', 1]],
    'allocUnbound options': [(bad) => events.allocUnbound(bad), notObjects],
    'allocUnbound remoteDomid': [(remoteDomid) => events.allocUnbound({ remoteDomid }), [...integers, 0x7ff1]],
    'bindInterdomain options': [(bad) => events.bindInterdomain(bad), notObjects],
    'bindInterdomain remoteDomid': [(remoteDomid) => events.bindInterdomain({ remoteDomid, remotePort: 1 }), integers],
    'bindInterdomain remotePort': [(remotePort) => events.bindInterdomain({ remoteDomid: 0, remotePort }), integers],
    send: [(port) => events.send(port), integers],
    mask: [(port) => events.mask(port), integers],
    unmask: [(port) => events.unmask(port), integers],
    close: [(port) => events.close(port), integers],
    isPending: [(port) => events.isPending(port), integers],
    isMasked: [(port) => events.isMasked(port), integers],
    clearPending: [(port) => events.clearPending(port), integers],
    status: [(port) => events.status(port), integers],
    counters: [(port) => events.counters(port), integers],
    takePending: [(into) => events.takePending(into), [...notBytes, new Uint8Array(4), new Int32Array(4)]],
    'encodeGrantCopies operations': [(bad) => encodeGrantCopies(bad), [...notObjects, {}, new Uint8Array(40)]],
    'encodeGrantCopies operation': [(bad) => encodeGrantCopies([bad]), notObjects],
    'encodeGrantCopies source': [(source) => encodeGrantCopies([{ ...good, source }]), [...notObjects, {}]],
    'encodeGrantCopies dest': [(dest) => encodeGrantCopies([{ ...good, dest }]), [...notObjects, {}]],
    'encodeGrantCopies length': [(length) => encodeGrantCopies([{ ...good, length }]), [...integers, 65_536]],
    'encodeGrantCopies offset': [
      (offset) => encodeGrantCopies([{ ...good, source: { frame: 0, offset } }]),
      [...integers.filter((v) => v !== undefined), 65_536],
    ],
    'encodeGrantCopies ref': [(ref) => encodeGrantCopies([{ ...good, dest: { domid: 1, ref } }]), integers],
    'encodeGrantCopies domid': [
      (domid) => encodeGrantCopies([{ ...good, dest: { domid, ref: 1 } }]),
      [...integers, 65_536],
    ],
    'encodeGrantCopies frame': [
      (frame) => encodeGrantCopies([{ ...good, dest: { frame } }]),
      [...integers.filter((v) => v !== 2 ** 32), 2 ** 53],
    ],
    'encodeGrantCopies into': [
      (into) => encodeGrantCopies([good], into),
      [...notBytes.filter((v) => v !== undefined), new Uint8Array(39)],
    ],
    readGrantStatuses: [(bad) => readGrantStatuses(bad), [...notBytes, new Uint8Array(41)]],
  }
}

test('every argument, with what it cannot be', (t) => {
  const open = world()
  for (const [name, [call, values]] of Object.entries(cases(open))) {
    for (const value of values) {
      const error = t.throws(() => call(value as never), { instanceOf: RingbackError }, `${name}: ${String(value)}`)
      t.regex(
        error?.code ?? '',
        /^ERR_(INVALID_ARGUMENT|OUT_OF_RANGE)$/,
        `${name}: ${String(value)}: ${error?.message}`,
      )
      if (typeof value === 'number' && values === integers)
        t.is(error?.code, 'ERR_OUT_OF_RANGE', `${name}: ${String(value)}`)
    }
  }
  t.is(open.domain.freePages, 2)
  t.is(open.domain.grantsInUse, 0)
  t.is(open.machine.domain(2), undefined)
})

test('every method after close() is ERR_CLOSED, whatever its argument', (t) => {
  for (const close of ['domain', 'machine'] as const) {
    const closed = world()
    closed[close].close()
    closed[close].close()
    closed.domain.close()
    for (const [name, [call, values]] of Object.entries(cases(closed))) {
      const stateless = /^(encode|read|page)/.test(name) || (close === 'domain' && /^(machine|createDomain)/.test(name))
      if (stateless) continue
      t.throws(() => call(values[0] as never), { code: 'ERR_CLOSED' }, `${close} ${name}`)
    }
    t.throws(() => closed.domain.allocatePage(), { code: 'ERR_CLOSED' })
    t.throws(() => closed.domain.freePages, { code: 'ERR_CLOSED' })
    t.throws(() => closed.domain.grantsInUse, { code: 'ERR_CLOSED' })
    t.throws(() => closed.events.send(1), { code: 'ERR_CLOSED' })
    t.is(closed.domain.pages, 2)
    t.is(closed.domain.page(1).length, 4096)
  }
})

test('every method refuses another receiver', (t) => {
  const { machine, domain, events } = world()
  const others: unknown[] = [{}, machine, domain, events, undefined, Object.create(domain), new Proxy(domain, {})]
  for (const object of [machine, domain, events]) {
    const prototype = Object.getPrototypeOf(object) as object
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const method: unknown = descriptor.value ?? Reflect.get(descriptor, 'get')
      if (name === 'constructor' || name === 'pages' || name === 'page' || typeof method !== 'function') continue
      for (const other of others) {
        if (other === object) continue
        t.throws(() => void Reflect.apply(method, other, [1]), { instanceOf: TypeError }, `${name}`)
      }
    }
  }
})

test('batches in detached and in shared memory', (t) => {
  const { domain } = world()
  const batch = encodeGrantCopies([good])
  structuredClone(batch.buffer, { transfer: [batch.buffer as ArrayBuffer] })
  t.notThrows(() => domain.grantCopy(batch)) // an empty batch now
  t.deepEqual(readGrantStatuses(batch), [])
  const shared = encodeGrantCopies([good], new Uint8Array(new SharedArrayBuffer(40)))
  domain.grantCopy(shared)
  t.deepEqual(readGrantStatuses(shared), [0])
  // A batch that overwrites itself.
  const inside = encodeGrantCopies([{ source: { frame: 1 }, dest: { frame: 0 }, length: 4096 }], domain.page(0))
  domain.grantCopy(inside)
  t.is(domain.page(0)[0], 0)
})
