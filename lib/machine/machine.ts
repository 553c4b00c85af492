import { checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { native } from '../native.ts'
import { mostDomid } from './domids.ts'
import { Domain } from './domain.ts'
import { DomainHandle } from './domain-handle.ts'

const pageBytes = 4096
const grantBytes = 8
const mostPages = 2 ** 20
const mostGrants = 32_768
const mostPorts = 4096

export interface DomainOptions {
  /** 0 to 32,751 (0x7fef). */
  domid: number
  /** Pages of 4,096 bytes, 1 to 1,048,576. Default 256; with `memory`, as many as it holds. */
  pages?: number
  /** Whole pages to use instead of new, zeroed ones: another thread may hold them too. */
  memory?: SharedArrayBuffer
  /** Entries of the grant table, 8 to 32,768; the first 8 are reserved. Default 512, one page of them. */
  grantEntries?: number
  /** Event-channel ports, 2 to 4,096; port 0 is never used. Default 4,096. */
  ports?: number
}

/**
 * Domains in one process that reach one another's memory as under Xen: by grants, batched grant copies and event channels.
 *
 * @example
 * const machine = new Machine()
 * const backend = machine.createDomain({ domid: 0 })
 * const guest = machine.createDomain({ domid: 5 })
 * const ref = guest.grantAccess({ domid: 0, frame: 3, readonly: true })
 * const batch = encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 0 }, length: 1500 }])
 * backend.grantCopy(batch)
 */
export class Machine {
  readonly #native = new native.Machine()
  readonly #domains = new Map<number, Domain>()
  #open = true

  /**
   * Adds a domain.
   *
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE when the id is taken or memory runs out;
   *   ERR_CLOSED
   */
  createDomain(options: DomainOptions): Domain {
    this.#checkOpen()
    checkObject(options, 'options')
    const { domid, grantEntries = 512, ports = mostPorts } = options
    checkInteger(domid, 'domid', 0, mostDomid)
    checkInteger(grantEntries, 'grantEntries', 8, mostGrants)
    checkInteger(ports, 'ports', 2, mostPorts)
    const memory = new Uint8Array(pagesOf(options))
    const grantTable = new Uint8Array(sharedBytes(grantEntries * grantBytes))
    if (!this.#native.addDomain(domid, memory, grantTable, ports))
      throw new RingbackError('ERR_STATE', `domain ${domid} exists already`)
    const handle = new DomainHandle(this.#native, domid, () => this.#domains.delete(domid))
    const domain = new Domain(handle, memory, grantTable)
    this.#domains.set(domid, domain)
    return domain
  }

  /** The domain with this id, or undefined. @throws RingbackError ERR_CLOSED, ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
  domain(domid: number): Domain | undefined {
    this.#checkOpen()
    checkInteger(domid, 'domid', 0, mostDomid)
    return this.#domains.get(domid)
  }

  /** Closes every domain, then the machine. May be called again. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const domain of this.#domains.values()) domain.close()
    this.#native.close()
  }

  #checkOpen(): void {
    if (!this.#open) throw new RingbackError('ERR_CLOSED', 'the machine is closed')
  }
}

function pagesOf(options: DomainOptions): SharedArrayBuffer {
  const { memory, pages } = options
  if (memory === undefined) {
    const count = pages === undefined ? 256 : pages // null is a mistake, not a default
    checkInteger(count, 'pages', 1, mostPages)
    return sharedBytes(count * pageBytes)
  }
  if (!(memory instanceof SharedArrayBuffer))
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'memory must be a SharedArrayBuffer')
  const { growable }: { growable?: boolean; byteLength: number } = memory
  if (growable === true) throw new RingbackError('ERR_INVALID_ARGUMENT', 'memory must have a fixed size')
  const held = memory.byteLength / pageBytes
  if (!Number.isInteger(held) || held < 1 || held > mostPages)
    throw new RingbackError('ERR_OUT_OF_RANGE', `memory must hold 1 to ${mostPages} whole pages of ${pageBytes} bytes`)
  if (pages !== undefined) checkInteger(pages, 'pages', held, held)
  return memory
}

function sharedBytes(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes)
  } catch (cause) {
    throw new RingbackError('ERR_STATE', `not enough memory for ${bytes} bytes: fewer pages`, { cause })
  }
}
