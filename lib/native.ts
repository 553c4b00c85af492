import binding from '#native'

import { RingbackError } from './errors.ts'

// The only file that loads the addon: its whole surface, typed. The addon translates and decides nothing; the classes
// in front of it check shapes, units and ranges.

/** What the C++ side exports (native/addon). */
interface Binding {
  setErrorClass(errorClass: typeof RingbackError): void
}

export const native = binding as Binding
native.setErrorClass(RingbackError)
