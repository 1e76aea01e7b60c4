/*
 * emulator.c - QEMU's mps2-an500, a Cortex-M7 with semihosting: console, exit status and a timer that,
 * under -icount shift=8, counts instructions.
 */
#include "emulator.h"
#include "port.h"
#include "startup.h"

/* Semihosting for AArch32, operation numbers. */
enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20 };
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u
#define FAULT_STATUS 125

/* CMSDK APB timer 0 (Arm DDI 0479), which counts down at 25 MHz. */
#define TIMER_CTRL 0x40000000u
#define TIMER_VALUE 0x40000004u
#define TIMER_RELOAD 0x40000008u
#define TIMER_ENABLE 1u

/* ARMv7-M memory protection unit, DDI 0403 B3.5. */
#define MPU_CTRL 0xE000ED94u
#define MPU_RNR 0xE000ED98u
#define MPU_RBAR 0xE000ED9Cu
#define MPU_RASR 0xE000EDA0u
#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define MPU_READ_ONLY (6u << 24)
#define MPU_2_MIB (20u << 1)
#define MPU_REGION_ENABLE 1u

static void semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

/* Flash is RAM here: what writes to it must fault all the same. */
static void protect_flash(void) {
    REGISTER(MPU_RNR) = 0;
    REGISTER(MPU_RBAR) = 0;
    REGISTER(MPU_RASR) = MPU_READ_ONLY | MPU_2_MIB | MPU_REGION_ENABLE;
    REGISTER(MPU_CTRL) = MPU_ENABLE_WITH_DEFAULT_MAP;
    __asm__ volatile("dsb\n\tisb");
}

void machine_init(void) {
    protect_flash();
    REGISTER(TIMER_RELOAD) = 0xFFFFFFFFu;
    REGISTER(TIMER_VALUE) = 0xFFFFFFFFu;
    REGISTER(TIMER_CTRL) = TIMER_ENABLE;
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

uint32_t port_ticks(void) { return 0xFFFFFFFFu - REGISTER(TIMER_VALUE); }

uint32_t port_ticks_per_second(void) { return 0; }

/* 256 ns an instruction (-icount shift=8), 40 ns a tick. */
uint64_t emulator_instructions(uint64_t ticks) { return (ticks * 5 + 16) / 32; }
