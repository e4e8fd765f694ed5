import { baseStyle } from './style-base.ts'
import { figuresStyle } from './style-figures.ts'
import { narrowStyle } from './style-narrow.ts'
import { sectionsStyle } from './style-sections.ts'

/** The style of the page, whole. */
export const pageStyle = [baseStyle, figuresStyle, sectionsStyle, narrowStyle].join('\n')
