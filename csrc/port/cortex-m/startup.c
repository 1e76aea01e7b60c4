/*
 * startup.c - from reset to port_main on a Cortex-M, without a vendor's files: stack paint, FPU,
 * static data. No interrupt is enabled; vectors.c has their table. Knows nothing of the board: addresses
 * come from the linker script, the rest from the machine.
 */
#include "startup.h"

#include "port.h"

/* From sections.ld. */
extern uint32_t stack_limit[], stack_top[];
extern uint32_t data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t weights_start[], weights_end[];
extern const uint32_t data_load[], weights_load[];

#define STACK_PAINT 0xC7C7C7C7u

/* ARMv7-M Architecture Reference Manual (Arm DDI 0403), B3.2.20. */
#define CPACR 0xE000ED88u
#define CPACR_FULL_ACCESS_TO_FPU (0xFu << 20)

_Noreturn void prepare(void);

/* Paints the stack and goes on; nothing of it may lie on the stack itself. */
__attribute__((naked)) void reset_handler(void) {
    __asm__ volatile(
        "ldr r0, =stack_limit\n\t"
        "ldr r1, =stack_top\n\t"
        "ldr r2, =%c0\n\t"
        "ldr r3, =prepare\n\t"
        "1:\n\t"
        "cmp r0, r1\n\t"
        "bhs 2f\n\t"
        "stmia r0!, {r2}\n\t"
        "b 1b\n\t"
        "2:\n\t"
        "bx r3\n\t"
        ".ltorg"
        :
        : "i"(STACK_PAINT));
}

static void copy(const uint32_t *load, uint32_t *start, const uint32_t *end) {
    if (load == start) return; /* weights that stay in flash */
    while (start < end) *start++ = *load++;
}

static __attribute__((noinline)) void clear_and_copy(void) {
    copy(data_load, data_start, data_end);
    copy(weights_load, weights_start, weights_end);
    for (uint32_t *word = bss_start; word < bss_end;) *word++ = 0;
}

static inline void enable_fpu(void) {
#if defined(__ARM_FP)
    REGISTER(CPACR) |= CPACR_FULL_ACCESS_TO_FPU;
    __asm__ volatile("dsb\n\tisb");
#endif
}

/* The FPU comes first: the compiler may use its registers anywhere behind this. */
__attribute__((used)) void prepare(void) {
    enable_fpu();
    clear_and_copy();
    machine_init();
    machine_exit(port_main());
}

/* What comes between the question and wfi wakes it all the same: masked interrupts are pending. */
void port_wait_until(int (*is_ready)(void)) {
    for (;;) {
        __asm__ volatile("cpsid i" ::: "memory");
        const int ready = is_ready();
        if (!ready) __asm__ volatile("dsb\n\twfi" ::: "memory");
        __asm__ volatile("cpsie i\n\tisb" ::: "memory");
        if (ready) return;
    }
}

uint32_t port_stack_bytes(void) {
    const uint32_t *lowest = stack_limit;
    while (lowest < stack_top && *lowest == STACK_PAINT) lowest++;
    return (uint32_t)((const char *)stack_top - (const char *)lowest);
}
