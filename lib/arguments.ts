import { RingbackError } from './errors.ts'

// JavaScript callers are not held to the types: public functions check what they are given.

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a string`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a boolean`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null)
    throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be an object`)
}

/**
 * @param least - inclusive; so is `most`
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function checkInteger(value: unknown, name: string, least: number, most: number): asserts value is number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return
  const code = typeof value === 'number' ? 'ERR_OUT_OF_RANGE' : 'ERR_INVALID_ARGUMENT'
  throw new RingbackError(code, `${name} must be an integer from ${least} to ${most}`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkList(value: unknown, name: string): void {
  if (!Array.isArray(value)) throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a list`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkFunction(value: unknown, name: string): asserts value is (...args: never) => unknown {
  if (typeof value !== 'function') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a function`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkSignal(value: unknown, name: string): asserts value is AbortSignal {
  if (!(value instanceof AbortSignal)) throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be an AbortSignal`)
}
