/*
 * machine.c - QEMU's RISC-V virt machine: static data, stack paint, console on the UART, exit status
 * through the test device, and retired instructions, exact under -icount shift=0.
 */
#include <string.h>

#include "emulator.h"
#include "port.h"

/* From sections.ld. */
extern unsigned char data_start[], data_end[], bss_start[], bss_end[];
extern const unsigned char data_load[];

enum { FAULT_STATUS = 125 };

/* NS16550A. It is busy while the host does not read. */
#define UART_TRANSMIT 0x10000000u
#define UART_LINE_STATUS 0x10000005u
#define UART_TRANSMIT_EMPTY 0x20u
/* SiFive test finisher: pass, or fail with a status in the upper half. */
#define FINISHER 0x00100000u
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u

_Noreturn void prepare(void);
_Noreturn void fault(void);

static _Noreturn void finish(int status) {
    *(volatile uint32_t *)FINISHER =
        status == 0 ? FINISHER_PASS : (uint32_t)status << 16 | FINISHER_FAIL;
    for (;;) {
    }
}

/* Where startup.S goes on, with nothing but a stack. */
_Noreturn void prepare(void) {
    stack_paint();
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    finish(port_main());
}

_Noreturn void fault(void) {
    port_write("fault\n");
    finish(FAULT_STATUS);
}

static void write_byte(char byte) {
    while ((*(volatile unsigned char *)UART_LINE_STATUS & UART_TRANSMIT_EMPTY) == 0) {
    }
    *(volatile unsigned char *)UART_TRANSMIT = (unsigned char)byte;
}

void port_write(const char *text) {
    while (*text != '\0') write_byte(*text++);
}

uint32_t port_ticks(void) {
    uint32_t count;
    __asm__ volatile(
        ".option push\n\t"
        ".option arch, +zicsr\n\t"
        "rdinstret %0\n\t"
        ".option pop"
        : "=r"(count));
    return count;
}

const char *port_misconfigured(void) { return 0; }

uint32_t port_ticks_per_second(void) { return 0; }

uint32_t port_stack_bytes(void) { return (uint32_t)(stack_top - stack_lowest()); }

/* What comes between the question and wfi wakes it all the same: it waits for what is pending. */
void port_wait_until(int (*is_ready)(void)) {
    for (;;) {
        __asm__ volatile(
            ".option push\n\t.option arch, +zicsr\n\tcsrci mstatus, 8\n\t.option pop" ::
                : "memory");
        const int ready = is_ready();
        if (!ready) __asm__ volatile("wfi" ::: "memory");
        __asm__ volatile(
            ".option push\n\t.option arch, +zicsr\n\tcsrsi mstatus, 8\n\t.option pop" ::
                : "memory");
        if (ready) return;
    }
}

uint64_t emulator_instructions(uint64_t ticks) { return ticks; }
