import { RingbackError } from '../errors.ts'
import { encodeGrantCopies, type GrantCopy } from '../machine/grant-copy.ts'
import { Machine } from '../machine/machine.ts'

const pageBytes = 4096
/** Operations of a call: what a back end gathers in a poll. */
const batch = 64
const [backendId, guestId] = [0, 1]
/** Odd, so that its multiples visit every page of a power of two, and far: no page is the one after the last. */
const stride = 10_007
const reservedGrants = 8

/** Makes every copy of a pass once. */
export type Pass = () => void

export interface Memories {
  source: Uint8Array
  dest: Uint8Array
}

/** Two domains; every page of the guest is granted to the back end, which copies the first bytes of page after page. */
export class CopyPages {
  /** Copies of a pass. */
  readonly copies: number
  /** The pages. */
  readonly shared: Memories
  /** As many bytes that no other thread can see: JavaScript copies those faster. */
  readonly plain: Memories
  readonly #machine = new Machine()
  readonly #backend
  readonly #guest
  readonly #refs: number[] = []
  readonly #frames: number[]

  /** @param pages - of each side, a power of two; with fewer than a call has operations, a pass visits them often */
  constructor(pages: number) {
    this.copies = Math.max(pages, batch)
    this.#frames = Array.from({ length: this.copies }, (_, i) => (i * stride) % pages)
    this.#backend = this.#machine.createDomain({ domid: backendId, pages })
    this.#guest = this.#machine.createDomain({ domid: guestId, pages, grantEntries: pages + reservedGrants })
    for (let frame = 0; frame < pages; frame++) {
      this.#guest.page(frame).fill(1 + (frame % 251))
      this.#refs.push(this.#guest.grantAccess({ domid: backendId, frame, readonly: true })!)
    }
    this.shared = { source: this.#guest.memory, dest: this.#backend.memory }
    this.plain = { source: Uint8Array.from(this.shared.source), dest: new Uint8Array(this.shared.dest.length) }
  }

  /** The library's grant copy, a batch a call. */
  grantCopy(length: number): Pass {
    const calls = this.#calls(length).map((operations) => encodeGrantCopies(operations))
    return () => {
      for (let i = 0; i < calls.length; i++) this.#backend.grantCopy(calls[i]!)
    }
  }

  /** The same with the operations written before each call. */
  encodedGrantCopy(length: number): Pass {
    const calls = this.#calls(length)
    const into = encodeGrantCopies(calls[0]!)
    return () => {
      for (let i = 0; i < calls.length; i++) this.#backend.grantCopy(encodeGrantCopies(calls[i]!, into))
    }
  }

  bufferCopy({ source, dest }: Memories, length: number): Pass {
    const [from, to] = [asBuffer(source), asBuffer(dest)]
    const frames = this.#frames
    return () => {
      for (let i = 0; i < frames.length; i++) {
        const at = frames[i]! * pageBytes
        from.copy(to, at, at, at + length)
      }
    }
  }

  /** With the views of the source made once. */
  typedArraySet({ source, dest }: Memories, length: number): Pass {
    const frames = this.#frames
    const views = frames.map((frame) => source.subarray(frame * pageBytes, frame * pageBytes + length))
    return () => {
      for (let i = 0; i < frames.length; i++) dest.set(views[i]!, frames[i]! * pageBytes)
    }
  }

  /**
   * Makes a pass to see that it copies.
   *
   * @throws RingbackError ERR_STATE where a page then holds other bytes than `length` of the source's
   */
  check(pass: Pass, { source, dest }: Memories, length: number): void {
    dest.fill(0)
    pass()
    for (const frame of this.#frames) {
      const [first, end] = [frame * pageBytes, frame * pageBytes + length]
      const isWhole = dest[first] === source[first] && dest[end - 1] === source[end - 1]
      if (!isWhole || (length < pageBytes && dest[end] !== 0))
        throw new RingbackError('ERR_STATE', `frame ${frame} was not copied as it should`)
    }
  }

  close(): void {
    this.#machine.close()
  }

  #calls(length: number): GrantCopy[][] {
    const operations = this.#frames.map((frame) => ({
      source: { domid: guestId, ref: this.#refs[frame]! },
      dest: { frame },
      length,
    }))
    return Array.from({ length: this.copies / batch }, (_, i) => operations.slice(i * batch, (i + 1) * batch))
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
