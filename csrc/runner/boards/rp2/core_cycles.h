/* core_cycles.h - the counter of cycles under rp2.c: SysTick of a Cortex-M0+, which has no other, DWT's of a Cortex-M33. */
#ifndef MLM_RUNNER_CORE_CYCLES_H
#define MLM_RUNNER_CORE_CYCLES_H

void cycles_start(void);

#endif
