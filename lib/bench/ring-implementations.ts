import { JsBackRing, JsFrontRing } from '../ring/js-ring.ts'
import { NativeBackRing, NativeFrontRing } from '../ring/native-ring.ts'
import type { BackRing, FrontRing, RingOptions } from '../ring/ring.ts'
import { createRingMemory } from '../ring/ring-memory.ts'
import { CarefulSring } from './peers/careful-sring.ts'
import { createQueuePair, type QueuePair, RingbufPair } from './peers/ringbuf-pair.ts'

/** What the loops need of a driver's side of a ring. */
export type Front = Pick<FrontRing, 'pushRequests' | 'consumeResponses'>
/** What the loops need of a back end's side of a ring. */
export type Back = Pick<BackRing, 'consumeRequests' | 'pushResponses'>

/** What can be one side of a ring, or both. */
export const ringKinds = ['js', 'native', 'careful', 'ringbuf'] as const
export type RingImplementation = (typeof ringKinds)[number]

/** Fresh memory for both sides; plain data that can be posted to a worker. */
export type RingBytes = RingOptions | QueuePair

/** An implementation's two ends, on the memory that it made. */
export interface RingEnds {
  createMemory: () => RingBytes
  front: (memory: RingBytes) => Front
  back: (memory: RingBytes) => Back
}

const onPage = (memory: RingBytes): RingOptions => memory as RingOptions
const createPage = (): RingOptions => createRingMemory({ kind: 'tx' })

/**
 * Loads an implementation; ringbuf.js is no dependency of the package and may be missing.
 *
 * @throws Error with the code ERR_MODULE_NOT_FOUND
 */
export async function loadRing(implementation: RingImplementation): Promise<RingEnds> {
  switch (implementation) {
    case 'js':
      return {
        createMemory: createPage,
        front: (memory) => new JsFrontRing(onPage(memory)),
        back: (memory) => new JsBackRing(onPage(memory)),
      }
    case 'native':
      return {
        createMemory: createPage,
        front: (memory) => new NativeFrontRing(onPage(memory)),
        back: (memory) => new NativeBackRing(onPage(memory)),
      }
    case 'careful': {
      const create = (memory: RingBytes): CarefulSring => new CarefulSring(onPage(memory).bytes)
      return { createMemory: createPage, front: create, back: create }
    }
    case 'ringbuf': {
      const { RingBuffer } = await import('ringbuf.js')
      const create = (memory: RingBytes): RingbufPair => new RingbufPair(RingBuffer, memory as QueuePair)
      return { createMemory: () => createQueuePair(RingBuffer), front: create, back: create }
    }
  }
}
