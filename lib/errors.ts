/** What went wrong, for programs; the message is for people. */
export type ErrorCode =
  /** An argument has the wrong type. */
  | 'ERR_INVALID_ARGUMENT'
  /** An argument has the right type but an impossible value. */
  | 'ERR_OUT_OF_RANGE'
  /** The object was used after close(). */
  | 'ERR_CLOSED'
  /** The call is not possible in the object's present state. */
  | 'ERR_STATE'
  /** The other side of a ring broke the protocol. */
  | 'ERR_PEER'
  /** A rate, duration or size cannot be read. */
  | 'ERR_UNIT'
  /** A scenario file or object is wrong. */
  | 'ERR_SCENARIO'
  /** A bond's configuration is wrong, or no host can have it. */
  | 'ERR_BOND'
  /** An experiment file is wrong. */
  | 'ERR_EXPERIMENT'
  /** A file of saved results is wrong. */
  | 'ERR_RESULTS'
  /** Guarantees add up to more than their uplink's capacity. */
  | 'ERR_ADMISSION'
  /** A capture file is missing, truncated or of another format. */
  | 'ERR_PCAP'
  /** The folder of a control tree is somebody else's, or cannot be used. */
  | 'ERR_CONTROL'
  /** The native part cannot be loaded. */
  | 'ERR_NATIVE'

/** Every error that this package throws on purpose, from TypeScript or from the addon. */
export class RingbackError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RingbackError'
    this.code = code
  }
}
