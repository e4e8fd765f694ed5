import { hostileContract } from '../contract/hostile.ts'
import { workerd } from './parts/place.ts'

hostileContract(workerd, 500)
