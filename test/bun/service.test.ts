import { serviceContract } from '../contract/service.ts'
import { bun } from './parts/place.ts'

serviceContract(bun)
