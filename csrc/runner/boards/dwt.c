/* dwt.c - the counter of cycles that a Cortex-M3, M4, M7 or M33 has (ARMv7-M, Arm DDI 0403, C1.8; ARMv8-M, Arm DDI 0553). */
#include "dwt.h"

#include "startup.h"

#define DEMCR 0xE000EDFCu
#define DEMCR_TRACE_ENABLE (1u << 24)
#define DWT_CTRL 0xE0001000u
#define DWT_CTRL_CYCLE_COUNT 1u
#define DWT_CYCCNT 0xE0001004u

int dwt_start(void) {
    REGISTER(DEMCR) |= DEMCR_TRACE_ENABLE;
    REGISTER(DWT_CYCCNT) = 0;
    REGISTER(DWT_CTRL) |= DWT_CTRL_CYCLE_COUNT;
    const uint32_t before = REGISTER(DWT_CYCCNT);
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tisb");
    return REGISTER(DWT_CYCCNT) != before;
}

uint32_t dwt_cycles(void) { return REGISTER(DWT_CYCCNT); }
