import { serviceContract } from '../contract/service.ts'
import { workerd } from './parts/place.ts'

serviceContract(workerd)
