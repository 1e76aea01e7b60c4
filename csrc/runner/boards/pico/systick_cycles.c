/* systick_cycles.c - cycles by SysTick, which counts down 24 bits and then interrupts (ARMv6-M, Arm DDI 0419, B3.3). */
#include "core_cycles.h"
#include "port.h"
#include "startup.h"

#define SYST_CSR 0xE000E010u
#define SYST_CSR_PROCESSOR_CLOCK_INTERRUPT_ENABLE 7u
#define SYST_RVR 0xE000E014u
#define SYST_CVR 0xE000E018u
enum { SYST_BITS = 24 };
#define SYST_MOST ((1u << SYST_BITS) - 1u)

static volatile uint32_t rounds;

void SysTick_Handler(void);
void SysTick_Handler(void) { rounds++; }

void cycles_start(void) {
    REGISTER(SYST_RVR) = SYST_MOST;
    REGISTER(SYST_CVR) = 0;
    REGISTER(SYST_CSR) = SYST_CSR_PROCESSOR_CLOCK_INTERRUPT_ENABLE;
}

/* A round that ends between the two readings of `rounds` makes both be read again. */
uint32_t port_cycles(void) {
    uint32_t before, left;
    do {
        before = rounds;
        left = REGISTER(SYST_CVR);
    } while (before != rounds);
    return before << SYST_BITS | (SYST_MOST - left);
}
