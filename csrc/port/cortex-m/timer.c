/*
 * timer.c - the pace of a simulated sensor: SysTick, which every Cortex-M has. A program with a sensor of its own
 * has none of this, and its SysTick_Handler is free.
 */
#include "port.h"
#include "startup.h"

/* ARMv7-M Architecture Reference Manual (Arm DDI 0403), B3.3. */
#define SYST_CSR 0xE000E010u
#define SYST_CSR_PROCESSOR_CLOCK_INTERRUPT_ENABLE 7u
#define SYST_RVR 0xE000E014u
#define SYST_CVR 0xE000E018u
#define SYST_MOST 0xFFFFFFu

static void (*tick)(void);

void SysTick_Handler(void);
void SysTick_Handler(void) { tick(); }

void port_every(uint32_t times_a_second, void (*call)(void)) {
    const uint32_t cycles = machine_clock_hz() / times_a_second - 1;
    tick = call;
    REGISTER(SYST_RVR) = cycles < SYST_MOST ? cycles : SYST_MOST;
    REGISTER(SYST_CVR) = 0;
    REGISTER(SYST_CSR) = SYST_CSR_PROCESSOR_CLOCK_INTERRUPT_ENABLE;
}
