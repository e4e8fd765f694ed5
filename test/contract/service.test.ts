import { node } from './node.ts'
import { serviceContract } from './service.ts'

serviceContract(node)
