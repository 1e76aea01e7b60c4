/*
 * emulator.h - what the harness asks of an emulated machine on top of port.h: instructions, and the
 * bare stack. Knows nothing of models.
 */
#ifndef MLM_EMULATOR_H
#define MLM_EMULATOR_H

#include <stdint.h>

/* Memory of the harness itself, outside the budget of the board that is emulated. Not cleared. */
#define EMULATOR_ONLY __attribute__((section(".bss.mambalite.emulator")))

/* Instructions executed in this many ticks of port_ticks(). */
uint64_t emulator_instructions(uint64_t ticks);

/* Both ends of the stack, from the linker script. */
extern unsigned char stack_limit[], stack_top[];

#define STACK_PAINT 0xC7u

/* The stack pointer of the function that this is inlined into. */
static inline __attribute__((always_inline)) unsigned char *stack_pointer(void) {
    unsigned char *pointer;
#if defined(__arm__)
    __asm__ volatile("mov %0, sp" : "=r"(pointer));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(pointer));
#elif defined(__xtensa__)
    __asm__ volatile("mov %0, a1" : "=r"(pointer));
#else
#error "no stack pointer known for this machine"
#endif
    return pointer;
}

/* Paints what is free of the stack below the function that this is inlined into. */
static inline __attribute__((always_inline)) void stack_paint(void) {
    unsigned char *const top = stack_pointer();
    /* Volatile: a call of memset would have its own frame there. */
    for (volatile unsigned char *byte = stack_limit; byte < top; byte++) *byte = STACK_PAINT;
}

/* The lowest byte of the stack that is no longer paint. */
static inline const unsigned char *stack_lowest(void) {
    const volatile unsigned char *byte = stack_limit;
    while (byte < stack_top && *byte == STACK_PAINT) byte++;
    return (const unsigned char *)byte;
}

#endif
