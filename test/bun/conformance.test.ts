import { bunColumns } from '../conformance/columns.ts'
import { startEmbedded } from '../conformance/embedded-world.ts'
import { conformanceSuite } from '../conformance/suite.ts'
import { bun } from './parts/place.ts'

conformanceSuite(bunColumns, (column) => startEmbedded(column, bun))
