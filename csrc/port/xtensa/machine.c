/*
 * machine.c - QEMU's Xtensa sim machine: static data, stack paint, console and exit status by simcall,
 * and the cycle counter, which under -icount shift=5 counts instructions.
 */
#include <string.h>

#include "emulator.h"
#include "port.h"

/* From sections.ld. */
extern unsigned char data_start[], data_end[], bss_start[], bss_end[];
extern const unsigned char data_load[];

enum { SIMCALL_EXIT = 1, SIMCALL_WRITE = 4, STDOUT = 1 };

static int simcall(int number, int first, const void *second, uint32_t third) {
    register int a2 __asm__("a2") = number;
    register int a3 __asm__("a3") = first;
    register const void *a4 __asm__("a4") = second;
    register uint32_t a5 __asm__("a5") = third;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

_Noreturn void prepare(void);

/* Where startup.S goes on, with nothing but a stack. */
_Noreturn void prepare(void) {
    stack_paint();
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    simcall(SIMCALL_EXIT, port_main(), 0, 0);
    for (;;) {
    }
}

void port_write(const char *text) {
    const char *const end = text + strlen(text);
    while (text < end) {
        const int written = simcall(SIMCALL_WRITE, STDOUT, text, (uint32_t)(end - text));
        if (written > 0) text += written;
    }
}

uint32_t port_ticks(void) {
    uint32_t count;
    __asm__ volatile("rsr.ccount %0" : "=r"(count));
    return count;
}

const char *port_misconfigured(void) { return 0; }

uint32_t port_ticks_per_second(void) { return 0; }

uint32_t port_stack_bytes(void) { return (uint32_t)(stack_top - stack_lowest()); }

/* Without interrupts a tick is called where the program waits for one. */
static void (*waiting_tick)(void);

void port_every(uint32_t times_a_second, void (*tick)(void)) {
    (void)times_a_second;
    waiting_tick = tick;
}

void port_wait_until(int (*is_ready)(void)) {
    while (!is_ready()) waiting_tick();
}

/* 32 ns an instruction (-icount shift=5), 25 ns a tick of the 40 MHz counter. */
uint64_t emulator_instructions(uint64_t ticks) { return (ticks * 25 + 16) / 32; }
