/*
 * timer.c - the pace of a simulated sensor: the machine timer. A program with a sensor of its own has none of this,
 * and its mtvec is free.
 */
#include "port.h"

/* CLINT of QEMU's virt machine; RISC-V Privileged Architecture 1.12, 3.2.1. */
#define MTIMECMP 0x02004000u
#define MTIME 0x0200BFF8u
#define MTIME_HZ 10000000u
#define MIE_TIMER 0x80u
#define MSTATUS_INTERRUPTS 8u

_Noreturn void fault(void);

static void (*tick)(void);
static uint64_t due, period;

static uint32_t word(uint32_t address) { return *(volatile uint32_t *)address; }

static void set_word(uint32_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

/* Never below what it was in between. */
static void set_alarm(uint64_t time) {
    set_word(MTIMECMP + 4, 0xFFFFFFFFu);
    set_word(MTIMECMP, (uint32_t)time);
    set_word(MTIMECMP + 4, (uint32_t)(time >> 32));
}

static uint64_t now(void) {
    for (;;) {
        const uint32_t high = word(MTIME + 4), low = word(MTIME);
        if (word(MTIME + 4) == high) return (uint64_t)high << 32 | low;
    }
}

__attribute__((used, interrupt("machine"))) void timer_interrupt(void);
void timer_interrupt(void) {
    due += period;
    set_alarm(due);
    tick();
}

/* Interrupts have the top bit of mcause; the only one that is enabled is the timer's. */
static __attribute__((naked, aligned(4))) void trap(void) {
    __asm__ volatile(
        ".option push\n\t"
        ".option arch, +zicsr\n\t"
        "csrw mscratch, t0\n\t"
        "csrr t0, mcause\n\t"
        "bltz t0, 1f\n\t"
        "la sp, stack_top\n\t"
        "j fault\n\t"
        "1:\n\t"
        "csrr t0, mscratch\n\t"
        "j timer_interrupt\n\t"
        ".option pop");
}

void port_every(uint32_t times_a_second, void (*call)(void)) {
    tick = call;
    period = MTIME_HZ / times_a_second;
    due = now() + period;
    set_alarm(due);
    __asm__ volatile(
        ".option push\n\t"
        ".option arch, +zicsr\n\t"
        "csrw mtvec, %0\n\t"
        "csrs mie, %1\n\t"
        "csrs mstatus, %2\n\t"
        ".option pop" ::"r"(trap),
        "r"(MIE_TIMER), "i"(MSTATUS_INTERRUPTS)
        : "memory");
}
