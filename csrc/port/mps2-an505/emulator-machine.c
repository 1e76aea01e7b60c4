/*
 * emulator-machine.c - QEMU's mps2-an505, a Cortex-M33 that stays in its secure state: a timer that,
 * under -icount shift=8, counts instructions, and memory protection where a board has flash.
 */
#include "emulator.h"
#include "port.h"
#include "startup.h"

/* CMSDK APB timer 0 (Arm DDI 0479) at its secure address; it counts down at 20 MHz. */
#define TIMER_CTRL 0x50000000u
#define TIMER_VALUE 0x50000004u
#define TIMER_RELOAD 0x50000008u
#define TIMER_ENABLE 1u

/* ARMv8-M memory protection unit, DDI 0553 D1.2. */
#define MPU_CTRL 0xE000ED94u
#define MPU_RNR 0xE000ED98u
#define MPU_RBAR 0xE000ED9Cu
#define MPU_RLAR 0xE000EDA0u
#define MPU_MAIR0 0xE000EDC0u
#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define MPU_READ_ONLY (2u << 1)
#define MPU_REGION_ENABLE 1u
#define NORMAL_NOT_CACHEABLE 0x44u

#define FLASH_BEGIN 0x10000000u
#define FLASH_LAST_32_BYTES 0x103FFFE0u

/* Flash is RAM here: what writes to it must fault all the same. */
static void protect_flash(void) {
    REGISTER(MPU_MAIR0) = NORMAL_NOT_CACHEABLE;
    REGISTER(MPU_RNR) = 0;
    REGISTER(MPU_RBAR) = FLASH_BEGIN | MPU_READ_ONLY;
    REGISTER(MPU_RLAR) = FLASH_LAST_32_BYTES | MPU_REGION_ENABLE;
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

uint32_t machine_clock_hz(void) { return 20000000; }

/* 256 ns an instruction (-icount shift=8), 50 ns a tick. */
uint64_t emulator_instructions(uint64_t ticks) { return (ticks * 25 + 64) / 128; }
