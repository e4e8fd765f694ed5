import { hostileContract } from './hostile.ts'
import { node } from './node.ts'

hostileContract(node, 1500)
