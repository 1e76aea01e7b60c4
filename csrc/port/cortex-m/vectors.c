/*
 * vectors.c - the vector table of a Cortex-M: the processor's own exceptions, and behind them the
 * interrupts of the machine, which MACHINE_INTERRUPTS lists. Every handler is weak: an application
 * that defines a function of the same name has its interrupt, and every other one ends the program
 * with its name.
 */
#include <stdint.h>

#include "startup.h"

/* From sections.ld. */
extern uint32_t stack_top[];

void default_handler(void);

#define WEAK(handler) __attribute__((weak, alias("default_handler"))) void handler(void);

WEAK(NMI_Handler)
WEAK(HardFault_Handler)
WEAK(MemManage_Handler)
WEAK(BusFault_Handler)
WEAK(UsageFault_Handler)
WEAK(SVC_Handler)
WEAK(DebugMon_Handler)
WEAK(PendSV_Handler)
WEAK(SysTick_Handler)

#define INTERRUPT(position, name) WEAK(name##_IRQHandler)
#define RESERVED(position)
#include MACHINE_INTERRUPTS
#undef INTERRUPT
#undef RESERVED

/* ---- the table ------------------------------------------------------------------------------ */

/* The first entry is an address of data, the others are of code. */
typedef union vector {
    const void *data;
    void (*code)(void);
} vector;

#define INTERRUPT(position, name) {.code = name##_IRQHandler},
#define RESERVED(position) {.code = default_handler},

__attribute__((used, section(".vectors"))) static const vector vectors[] = {
    {.data = stack_top},          {.code = reset_handler},     {.code = NMI_Handler},
    {.code = HardFault_Handler},  {.code = MemManage_Handler}, {.code = BusFault_Handler},
    {.code = UsageFault_Handler}, {.code = default_handler},   {.code = default_handler},
    {.code = default_handler},    {.code = default_handler},   {.code = SVC_Handler},
    {.code = DebugMon_Handler},   {.code = default_handler},   {.code = PendSV_Handler},
    {.code = SysTick_Handler},
#include MACHINE_INTERRUPTS
};
#undef INTERRUPT
#undef RESERVED

/* A line that is missing or twice would move everything behind it. */
#define INTERRUPT(position, name) ORDER_##position,
#define RESERVED(position) ORDER_##position,
enum {
#include MACHINE_INTERRUPTS
    INTERRUPT_COUNT
};
#undef INTERRUPT
#undef RESERVED
#define INTERRUPT(position, name) _Static_assert(ORDER_##position == position, #name);
#define RESERVED(position) _Static_assert(ORDER_##position == position, "reserved");
#include MACHINE_INTERRUPTS
#undef INTERRUPT
#undef RESERVED

/* ---- what nobody handles -------------------------------------------------------------------- */

/* Weak: unhandled.c has it, which a program that enables no interrupt can do without. */
#pragma weak report_unhandled

/* Number of the exception that is being handled: bits 8..0 of IPSR (Arm DDI 0403, B1.4.2). */
static uint32_t active_exception(void) {
    uint32_t ipsr;
    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    return ipsr & 0x1FFu;
}

__attribute__((used)) void default_handler(void) {
    if (report_unhandled) report_unhandled(active_exception());
    machine_fault();
}
