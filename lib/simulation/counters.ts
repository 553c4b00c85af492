import { RingbackError } from '../errors.ts'

/** Named rows of the addon's live counters. Reading costs no native call. */
export class Counters {
  readonly #values: BigUint64Array
  readonly #columns: ReadonlyMap<string, number>

  /**
   * @param values - row-major, names.length values a row; live
   */
  constructor(values: BigUint64Array, names: readonly string[]) {
    this.#values = values
    this.#columns = new Map(names.map((name, i) => [name, i]))
  }

  /** @throws {@link RingbackError} ERR_NATIVE where the addon has no such counter: it is of another version. */
  exact(row: number, name: string): bigint {
    const column = this.#columns.get(name)
    const value = column === undefined ? undefined : this.#values[row * this.#columns.size + column]
    if (value === undefined)
      throw new RingbackError('ERR_NATIVE', `the native part has no counter ${name}[${row}]; build it again`)
    return value
  }

  /** As a number, exact to 2^53. */
  get(row: number, name: string): number {
    return Number(this.exact(row, name))
  }
}
