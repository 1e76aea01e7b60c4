/*
 * emulator.c - what all Cortex-M under QEMU have in common: semihosting, for console and exit status.
 * The machine's memory protection and its counter of instructions are in emulator-machine.c.
 */
#include "emulator.h"

#include "port.h"
#include "startup.h"

/* Semihosting for AArch32, operation numbers. */
enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20 };
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u
#define FAULT_STATUS 125

static void semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

_Noreturn void machine_exit(int status) {
    const uint32_t arguments[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

_Noreturn void machine_fault(void) {
    port_write("fault\n");
    machine_exit(FAULT_STATUS);
}

void port_write(const char *text) { semihost(SYS_WRITE0, text); }

const char *port_misconfigured(void) { return 0; }

uint32_t port_ticks_per_second(void) { return 0; }
