/*
 * emulator-machine.c - QEMU's mps2-an385, -an386 and -an500 (Cortex-M3, M4, M7): a timer that, under
 * -icount shift=8, counts instructions, and memory protection where a board has flash.
 */
#include "emulator.h"
#include "port.h"
#include "startup.h"

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

uint32_t port_ticks(void) { return 0xFFFFFFFFu - REGISTER(TIMER_VALUE); }

uint32_t machine_clock_hz(void) { return 25000000; }

/* 256 ns an instruction (-icount shift=8), 40 ns a tick. */
uint64_t emulator_instructions(uint64_t ticks) { return (ticks * 5 + 16) / 32; }
