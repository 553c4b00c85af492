import { checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { domidSelf } from './domids.ts'
import type { DomainHandle } from './domain-handle.ts'

/** Statuses of operations on ports: Xen's negative errno values. */
export const eventStatus = {
  okay: 0,
  /** The other domain does not exist. */
  noDomain: -3,
  /** There is no such port, or it is not in the state that the call needs. */
  badPort: -22,
  /** The domain has no free port. */
  noPort: -28,
} as const

export interface PortStatus {
  state: 'closed' | 'unbound' | 'interdomain'
  /** Who is connected, or may connect; absent when closed. */
  remoteDomid?: number
  /** The other end; absent unless interdomain. */
  remotePort?: number
}

export interface PortCounters {
  /** Sends through this port, lost ones included. */
  sends: number
  /** Those that found the other end pending already. */
  coalesced: number
}

const mostPort = 0xffff_ffff
const states = ['closed', 'unbound', 'interdomain'] as const

/**
 * A domain's event channels. What a call makes of a port is a value, never an exception: a port from 1 to 4,095, or a
 * negative {@link eventStatus}. Every method throws RingbackError ERR_CLOSED after the domain's or the machine's close(),
 * and ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE when an argument is no 32-bit port or no domain id.
 */
export class EventPorts {
  readonly #domain: DomainHandle

  constructor(domain: DomainHandle) {
    this.#domain = domain
  }

  /**
   * A port that a domain may bind to; the domain need not exist yet.
   *
   * @returns the port, or noPort
   */
  allocUnbound(options: { remoteDomid: number }): number {
    const { machine, domid } = this.#domain
    checkObject(options, 'options')
    checkInteger(options.remoteDomid, 'remoteDomid', 0, domidSelf)
    return machine.allocUnbound(domid, options.remoteDomid)
  }

  /**
   * Connects a new port to one that the other domain allocated for this one. The new port is pending at once, because
   * what was sent before was lost.
   *
   * @returns the port, or noDomain, noPort or badPort
   */
  bindInterdomain(options: { remoteDomid: number; remotePort: number }): number {
    const { machine, domid } = this.#domain
    checkObject(options, 'options')
    checkInteger(options.remoteDomid, 'remoteDomid', 0, domidSelf)
    checkInteger(options.remotePort, 'remotePort', 0, mostPort)
    return machine.bindInterdomain(domid, options.remoteDomid, options.remotePort)
  }

  /** Makes the other end pending; lost, without an error, while nothing is bound. */
  send(port: number): number {
    const { machine, domid } = this.#on(port)
    return machine.send(domid, port)
  }

  /** Keeps the port out of {@link takePending} until unmask(); it still becomes pending. */
  mask(port: number): number {
    const { machine, domid } = this.#on(port)
    return machine.mask(domid, port)
  }

  unmask(port: number): number {
    const { machine, domid } = this.#on(port)
    return machine.unmask(domid, port)
  }

  /** Frees the port; the other end is unbound again. */
  close(port: number): number {
    const { machine, domid } = this.#on(port)
    return machine.closePort(domid, port)
  }

  isPending(port: number): boolean {
    const { machine, domid } = this.#on(port)
    return machine.isPending(domid, port)
  }

  isMasked(port: number): boolean {
    const { machine, domid } = this.#on(port)
    return machine.isMasked(domid, port)
  }

  /** Clears one pending bit, as a handler does before it looks for work; returns whether it was set. */
  clearPending(port: number): boolean {
    const { machine, domid } = this.#on(port)
    return machine.clearPending(domid, port)
  }

  /**
   * Clears and returns the ports that are pending and not masked, the lowest first.
   *
   * @param into filled as far as it reaches; what does not fit stays pending
   * @returns how many were written
   */
  takePending(into: Uint32Array): number {
    const { machine, domid } = this.#domain
    if (!(into instanceof Uint32Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'into must be a Uint32Array')
    return machine.takePending(domid, into)
  }

  status(port: number): PortStatus {
    const { machine, domid } = this.#on(port)
    const out = new Uint32Array(3)
    machine.portStatus(domid, port, out)
    const [code = 0, remoteDomid = 0, remotePort = 0] = out
    const state = states[code] ?? 'closed'
    if (state === 'closed') return { state }
    return state === 'unbound' ? { state, remoteDomid } : { state, remoteDomid, remotePort }
  }

  counters(port: number): PortCounters {
    const { machine, domid } = this.#on(port)
    const out = new BigInt64Array(2)
    machine.portCounters(domid, port, out)
    const [sends = 0n, coalesced = 0n] = out
    return { sends: Number(sends), coalesced: Number(coalesced) }
  }

  #on(port: number): DomainHandle {
    const domain = this.#domain
    if (!domain.isOpen) throw new RingbackError('ERR_CLOSED', `domain ${domain.domid} is closed`)
    checkInteger(port, 'port', 0, mostPort)
    return domain
  }
}
