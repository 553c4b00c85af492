import { RingbackError } from '../errors.ts'
import type { NativeMachine } from './native-binding.ts'

/** What the objects of one domain share: the machine it lives in, and whether it still does. */
export class DomainHandle {
  readonly domid: number
  readonly #machine: NativeMachine
  readonly #onClose: () => void
  #open = true

  constructor(machine: NativeMachine, domid: number, onClose: () => void) {
    this.#machine = machine
    this.#onClose = onClose
    this.domid = domid
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** The machine. @throws RingbackError ERR_CLOSED */
  get machine(): NativeMachine {
    if (!this.#open) throw new RingbackError('ERR_CLOSED', `domain ${this.domid} is closed`)
    return this.#machine
  }

  close(): void {
    if (!this.#open) return
    this.#machine.removeDomain(this.domid)
    this.#open = false
    this.#onClose()
  }
}
