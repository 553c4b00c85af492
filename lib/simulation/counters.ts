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
    const value = this.#values[row * this.#columns.size + this.#columnOf(name, row)]
    if (value === undefined)
      throw new RingbackError('ERR_NATIVE', `the native part has no counter ${name}[${row}]; build it again`)
    return value
  }

  /** As a number, exact to 2^53. */
  get(row: number, name: string): number {
    return Number(this.exact(row, name))
  }

  /**
   * A reader of the sum of some counters of a row, for what is read often: the names are looked up once.
   *
   * @throws {@link RingbackError} ERR_NATIVE where the addon has no such counter
   */
  reader(...names: string[]): (row: number) => number {
    const values = this.#values
    const stride = this.#columns.size
    const columns = names.map((name) => this.#columnOf(name, 0))
    return (row) => {
      let sum = 0
      for (const column of columns) sum += Number(values[row * stride + column])
      return sum
    }
  }

  #columnOf(name: string, row: number): number {
    const column = this.#columns.get(name)
    if (column === undefined)
      throw new RingbackError('ERR_NATIVE', `the native part has no counter ${name}[${row}]; build it again`)
    return column
  }
}
