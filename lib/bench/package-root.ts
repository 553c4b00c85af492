import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder with package.json, CMakeLists.txt and bench/: a checkout's or an installed package's. */
export const packageRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
