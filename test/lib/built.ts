import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** A module of the package that it does not export, from where it is built. `file` as in `simulation/pace`. */
export async function built<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(path.resolve('dist', `${file}.js`)).href)) as T
}
