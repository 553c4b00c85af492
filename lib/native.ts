import binding from '#native'

import { RingbackError } from './errors.ts'
import type { NativeMachineConstructor } from './machine/native-binding.ts'
import type { NativeWorld, NativeWorldOptions } from './simulation/native-binding.ts'
import type { RingBackConstructor, RingFrontConstructor } from './ring/native-binding.ts'

// The only file that loads the addon: its whole surface, typed. The addon translates and decides nothing; the classes
// in front of it check shapes, units and ranges.

/** What the C++ side exports (native/addon). */
interface Binding {
  setErrorClass(errorClass: typeof RingbackError): void
  Machine: NativeMachineConstructor
  RingFront: RingFrontConstructor
  RingBack: RingBackConstructor
  World: new (options: NativeWorldOptions) => NativeWorld
}

export const native = binding as Binding
native.setErrorClass(RingbackError)
