import { hostileContract } from '../contract/hostile.ts'
import { bun } from './parts/place.ts'

hostileContract(bun, 500)
