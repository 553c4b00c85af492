import { checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { domidSelf } from './domids.ts'

/** Xen's names for the statuses of an operation on grants: GNTST_* in xen/grant_table.h. */
export const grantStatus = {
  okay: 0,
  generalError: -1,
  badDomain: -2,
  badGntref: -3,
  permissionDenied: -8,
  badPage: -9,
  badCopyArg: -10,
} as const

/** One side of a copy: a page that a domain granted to the caller, or one of the caller's own. */
export type GrantCopySide =
  | {
      /** Who granted, 0 to 0xffff. */
      domid: number
      /** The grant's reference, 32 bits. */
      ref: number
      /** Bytes from the page's start, 0 to 65,535. Default 0. */
      offset?: number
    }
  | {
      /** A page of the caller's own: any exact integer, judged when the copy is performed. */
      frame: number
      offset?: number
    }

export interface GrantCopy {
  source: GrantCopySide
  dest: GrantCopySide
  /** Bytes, 0 to 65,535; what crosses the end of a page gets the status badCopyArg. */
  length: number
}

/** Bytes of one operation: struct gnttab_copy. */
export const grantCopyBytes = 40

const at = { source: 0, dest: 16, domid: 8, offset: 10, length: 32, flags: 34, status: 36 } as const
const flag = { source: 1, dest: 2 } as const

/**
 * Writes operations in Xen's layout, each with the status 0.
 *
 * @param operations what to copy
 * @param into where to write, at least 40 bytes an operation; by default a new array of exactly this size
 * @returns the operations' part of `into`
 * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * @example
 * const batch = encodeGrantCopies([{ source: { domid: 5, ref: 8 }, dest: { frame: 0 }, length: 1500 }])
 * backend.grantCopy(batch)
 * readGrantStatuses(batch) // [0]
 */
export function encodeGrantCopies(operations: readonly GrantCopy[], into?: Uint8Array): Uint8Array {
  const given: unknown = operations
  if (!Array.isArray(given)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'operations must be an array')
  const bytes = operations.length * grantCopyBytes
  if (into !== undefined && !(into instanceof Uint8Array))
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'into must be a Uint8Array')
  if (into !== undefined && into.length < bytes)
    throw new RingbackError('ERR_OUT_OF_RANGE', `into must have room for ${bytes} bytes`)
  const out = into?.subarray(0, bytes) ?? new Uint8Array(bytes)
  if (out.length === 0) return out // over a detached buffer, perhaps: no DataView can be made
  out.fill(0)
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  for (const [i, operation] of operations.entries()) writeOperation(view, i * grantCopyBytes, operation)
  return out
}

/**
 * The status of each operation of a batch.
 *
 * @param operations a whole number of operations in Xen's layout
 * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function readGrantStatuses(operations: Uint8Array): number[] {
  checkOperations(operations)
  if (operations.length === 0) return []
  const view = new DataView(operations.buffer, operations.byteOffset, operations.byteLength)
  const statuses: number[] = []
  for (let i = 0; i < operations.length; i += grantCopyBytes) statuses.push(view.getInt16(i + at.status, true))
  return statuses
}

export function checkOperations(operations: unknown): asserts operations is Uint8Array {
  if (!(operations instanceof Uint8Array))
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'operations must be a Uint8Array')
  if (operations.length % grantCopyBytes !== 0)
    throw new RingbackError('ERR_OUT_OF_RANGE', `operations must be a multiple of ${grantCopyBytes} bytes`)
}

function writeOperation(view: DataView, start: number, operation: GrantCopy): void {
  checkObject(operation, 'an operation')
  const { source, dest, length } = operation
  checkInteger(length, 'length', 0, 0xffff)
  const sourceFlag = writeSide(view, start + at.source, source, 'source') ? flag.source : 0
  const destFlag = writeSide(view, start + at.dest, dest, 'dest') ? flag.dest : 0
  view.setUint16(start + at.length, length, true)
  view.setUint16(start + at.flags, sourceFlag | destFlag, true)
}

/** Returns whether the side is a grant. */
function writeSide(view: DataView, start: number, side: GrantCopySide, name: string): boolean {
  checkObject(side, name)
  const { offset = 0 } = side
  checkInteger(offset, `${name}.offset`, 0, 0xffff)
  view.setUint16(start + at.offset, offset, true)
  if ('ref' in side) {
    checkInteger(side.ref, `${name}.ref`, 0, 0xffff_ffff)
    checkInteger(side.domid, `${name}.domid`, 0, 0xffff)
    view.setUint32(start, side.ref, true)
    view.setUint16(start + at.domid, side.domid, true)
    return true
  }
  checkInteger(side.frame, `${name}.frame`, 0, Number.MAX_SAFE_INTEGER)
  view.setBigUint64(start, BigInt(side.frame), true)
  view.setUint16(start + at.domid, domidSelf, true)
  return false
}
