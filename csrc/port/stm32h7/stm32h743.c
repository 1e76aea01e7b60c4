/*
 * stm32h743.c - an STM32H743: clock, caches, DWT cycle counter, and a console on USART3 (PD8, 115200
 * 8N1), which on ST's Nucleo-H743ZI boards is the debugger's virtual serial port. Registers: ST RM0433; processor: Arm DDI 0403 and DDI 0489.
 */
#include "board.h"
#include "port.h"
#include "startup.h"
#include "stm32h743-clock.h"

#define SCB_CCR 0xE000ED14u
#define SCB_CCR_CACHES_ON (1u << 17 | 1u << 16)
#define SCB_CCSIDR 0xE000ED80u
#define SCB_CSSELR 0xE000ED84u
#define SCB_ICIALLU 0xE000EF50u
#define SCB_DCISW 0xE000EF60u
#define DEMCR 0xE000EDFCu
#define DEMCR_TRACE_ENABLE (1u << 24)
#define DWT_CTRL 0xE0001000u
#define DWT_CTRL_CYCLE_COUNT 1u
#define DWT_CYCCNT 0xE0001004u
#define DWT_LAR 0xE0001FB0u
#define DWT_LAR_KEY 0xC5ACCE55u

#define RCC_AHB4ENR 0x580244E0u
#define RCC_AHB4ENR_GPIOD (1u << 3)
/* USART2, 3, 4, 5, 7, 8 from hsi_ker_ck, whatever the core and its buses run at. */
#define RCC_D2CCIP2R 0x58024454u
#define RCC_APB1LENR 0x580244E8u
#define RCC_APB1LENR_USART3 (1u << 18)
#define GPIOD_MODER 0x58020C00u
#define GPIOD_AFRH 0x58020C24u
#define USART3_CR1 0x40004800u
#define USART3_CR1_TRANSMIT (1u << 3 | 1u << 0)
#define USART3_BRR 0x4000480Cu
#define USART3_ISR 0x4000481Cu
#define USART3_ISR_EMPTY (1u << 7)
#define USART3_TDR 0x40004828u

enum { USART234578_FROM_HSI = 3, BAUD = 115200, PIN = 8, MODE_ALTERNATE = 2, ALTERNATE_USART3 = 7 };

static uint32_t core_hz;

static void barrier(void) { __asm__ volatile("dsb\n\tisb" ::: "memory"); }

static void set_field(uint32_t address, uint32_t shift, uint32_t bits, uint32_t value) {
    const uint32_t mask = (1u << bits) - 1u;
    REGISTER(address) = (REGISTER(address) & ~(mask << shift)) | value << shift;
}

/* Every line of both caches is invalid before they are switched on (Arm DDI 0489, 5.6). */
static void enable_caches(void) {
    REGISTER(SCB_CSSELR) = 0;
    barrier();
    const uint32_t size = REGISTER(SCB_CCSIDR);
    const uint32_t sets = size >> 13 & 0x7FFFu, ways = size >> 3 & 0x3FFu;
    const int way_shift = __builtin_clz(ways);
    for (uint32_t set = 0; set <= sets; set++)
        for (uint32_t way = 0; way <= ways; way++)
            REGISTER(SCB_DCISW) = way << way_shift | set << 5;
    REGISTER(SCB_ICIALLU) = 0;
    barrier();
    REGISTER(SCB_CCR) |= SCB_CCR_CACHES_ON;
    barrier();
}

static void enable_cycle_counter(void) {
    REGISTER(DEMCR) |= DEMCR_TRACE_ENABLE;
    REGISTER(DWT_LAR) = DWT_LAR_KEY;
    REGISTER(DWT_CYCCNT) = 0;
    REGISTER(DWT_CTRL) |= DWT_CTRL_CYCLE_COUNT;
}

static void enable_console(void) {
    REGISTER(RCC_AHB4ENR) |= RCC_AHB4ENR_GPIOD;
    REGISTER(RCC_APB1LENR) |= RCC_APB1LENR_USART3;
    barrier();
    set_field(RCC_D2CCIP2R, 0, 3, USART234578_FROM_HSI);
    set_field(GPIOD_AFRH, (PIN - 8) * 4, 4, ALTERNATE_USART3);
    set_field(GPIOD_MODER, PIN * 2, 2, MODE_ALTERNATE);
    REGISTER(USART3_BRR) = (HSI_HZ + BAUD / 2) / BAUD;
    REGISTER(USART3_CR1) = USART3_CR1_TRANSMIT;
}

void machine_init(void) {
    core_hz = clock_init();
    enable_caches();
    enable_cycle_counter();
    enable_console();
}

static void write_byte(char byte) {
    while ((REGISTER(USART3_ISR) & USART3_ISR_EMPTY) == 0) {
    }
    REGISTER(USART3_TDR) = (unsigned char)byte;
}

void port_write(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') write_byte('\r');
        write_byte(*text);
    }
}

/* There is nowhere to go back to: the board stays here until it is reset. */
_Noreturn void machine_exit(int status) {
    port_write(status == 0 ? "done\n" : "failed\n");
    for (;;) __asm__ volatile("wfi");
}

_Noreturn void machine_fault(void) {
    port_write("fault\n");
    for (;;) __asm__ volatile("wfi");
}

uint32_t port_ticks(void) { return REGISTER(DWT_CYCCNT); }

uint32_t port_ticks_per_second(void) { return core_hz; }

uint32_t port_cycles(void) { return REGISTER(DWT_CYCCNT); }

uint32_t port_cycles_per_second(void) { return core_hz; }

const char *port_misconfigured(void) {
    if ((REGISTER(SCB_CCR) & SCB_CCR_CACHES_ON) != SCB_CCR_CACHES_ON) return "caches are off";
    return core_hz == BOARD_CLOCK_HZ ? 0 : "another clock than planned";
}

uint32_t machine_clock_hz(void) { return core_hz; }
