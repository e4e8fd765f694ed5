import { startEmbedded } from './embedded-world.ts'
import { embeddedColumns } from './columns.ts'
import { conformanceSuite } from './suite.ts'

conformanceSuite(embeddedColumns, startEmbedded)
