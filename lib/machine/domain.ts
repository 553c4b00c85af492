import { checkBoolean, checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { domidSelf } from './domids.ts'
import type { DomainHandle } from './domain-handle.ts'
import { EventPorts } from './event-ports.ts'
import { checkOperations } from './grant-copy.ts'

const pageBytes = 4096

/**
 * One domain of a {@link Machine}: its pages, its grants and its event channels. Made by Machine.createDomain(). Its
 * memory is JavaScript's own and stays usable after close(); every method then throws RingbackError ERR_CLOSED.
 */
export class Domain {
  readonly domid: number
  /** All pages: frame n starts at n * 4096. May be handed to a worker. */
  readonly memory: Uint8Array<SharedArrayBuffer>
  /** The grant table as Xen lays it out, 8 bytes an entry: flags u16, domid u16, frame u32. */
  readonly grantTable: Uint8Array<SharedArrayBuffer>
  readonly events: EventPorts
  readonly #handle: DomainHandle

  constructor(handle: DomainHandle, memory: Uint8Array<SharedArrayBuffer>, grantTable: Uint8Array<SharedArrayBuffer>) {
    this.domid = handle.domid
    this.memory = memory
    this.grantTable = grantTable
    this.events = new EventPorts(handle)
    this.#handle = handle
  }

  get pages(): number {
    return this.memory.length / pageBytes
  }

  /** Pages that allocatePage() has left. */
  get freePages(): number {
    const { machine, domid } = this.#handle
    return machine.freePages(domid)
  }

  /** Grants that were not ended. */
  get grantsInUse(): number {
    const { machine, domid } = this.#handle
    return machine.grantsInUse(domid)
  }

  /** A frame number, the page freed last first; undefined when all are taken. The page keeps its old bytes. */
  allocatePage(): number | undefined {
    const { machine, domid } = this.#handle
    const frame = machine.allocatePage(domid)
    return frame < 0 ? undefined : frame
  }

  /** @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE when the page is free already */
  freePage(frame: number): void {
    const { machine, domid } = this.#handle
    checkInteger(frame, 'frame', 0, this.pages - 1)
    machine.freePage(domid, frame)
  }

  /**
   * The bytes of one page.
   *
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  page(frame: number): Uint8Array<SharedArrayBuffer> {
    checkInteger(frame, 'frame', 0, this.pages - 1)
    return this.memory.subarray(frame * pageBytes, (frame + 1) * pageBytes)
  }

  /**
   * Lets a domain copy from a page and, unless `readonly`, to it.
   *
   * @returns the reference, to be sent to that domain; undefined when the table is full
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  grantAccess(options: { domid: number; frame: number; readonly?: boolean }): number | undefined {
    const { machine, domid } = this.#handle
    checkObject(options, 'options')
    const { domid: to, frame, readonly = false } = options
    checkInteger(to, 'domid', 0, domidSelf)
    checkInteger(frame, 'frame', 0, this.pages - 1)
    checkBoolean(readonly, 'readonly')
    const ref = machine.grantAccess(domid, to, frame, readonly)
    return ref < 0 ? undefined : ref
  }

  /**
   * Takes a grant back.
   *
   * @returns false while the page is being copied; the grant then stays
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE when the reference is no grant
   */
  endAccess(ref: number): boolean {
    const { machine, domid } = this.#handle
    checkInteger(ref, 'ref', 0, this.grantTable.length / 8 - 1)
    return machine.endAccess(domid, ref)
  }

  /**
   * Performs a batch of copies on this domain's behalf, as GNTTABOP_copy does. Each operation's status is written into
   * it, and the batch goes on after a failure.
   *
   * @param operations from encodeGrantCopies(), or 40 bytes each in Xen's layout
   * @param options.payload 'none' makes every check and moves no byte. Default 'copy'
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  grantCopy(operations: Uint8Array, options: { payload?: 'copy' | 'none' } = {}): void {
    const { machine, domid } = this.#handle
    checkOperations(operations)
    checkObject(options, 'options')
    const { payload = 'copy' } = options
    if (payload !== 'copy' && payload !== 'none')
      throw new RingbackError('ERR_INVALID_ARGUMENT', "payload must be 'copy' or 'none'")
    machine.grantCopy(domid, operations, payload === 'copy')
  }

  /** Leaves the machine: its ports close, and copies from its pages fail. May be called again. */
  close(): void {
    this.#handle.close()
  }
}
