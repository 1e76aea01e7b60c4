/*
 * stm32f4.c - an STM32F405 or F446 at 168 MHz from its internal oscillator, so that no board needs a crystal for it, and
 * a console; pins.h has its USART and pins. ST Reference Manuals RM0090 (F405) and RM0390 (F446), which agree in all but
 * what pins.h has. Runs in QEMU's netduinoplus2, which knows no clocks; on silicon it has not been.
 */
#include "dwt.h"
#include "pins.h"
#include "port.h"
#include "runner_board.h"
#include "startup.h"

/* RM0090, 7.3: RCC. */
#define RCC_CR 0x40023800u
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_PLLCFGR 0x40023804u
#define RCC_CFGR 0x40023808u
#define RCC_CFGR_DIVIDERS \
    (4u << 13 | 5u << 10) /* PPRE2 by 2, PPRE1 by 4: 84 and 42 MHz, the most */
#define RCC_CFGR_SW_PLL 2u
#define RCC_CFGR_SWS (3u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)
#define RCC_AHB1ENR 0x40023830u
#define RCC_AHB1ENR_GPIOA (1u << 0)
#define RCC_APB1ENR 0x40023840u
#define RCC_APB1ENR_TIM2 (1u << 0)
#define RCC_APB1ENR_PWR (1u << 28)
/* HSI 16 MHz / 8 = 2 MHz, times 168 is 336 MHz, divided by 2. Q and, of the F446, R: nobody has them, 7 and 2 are valid. */
#define PLL_168_MHZ (2u << 28 | 7u << 24 | 0u << 16 | 168u << 6 | 8u)

/* Scale 1 of the core's voltage, which 168 MHz wants: bits of pins.h. */
#define PWR_CR 0x40007000u

/* RM0090, 3.9.1: 5 wait states at 168 MHz and 2.7 to 3.6 V; prefetch and both caches. */
#define FLASH_ACR 0x40023C00u
#define FLASH_ACR_168_MHZ (1u << 10 | 1u << 9 | 1u << 8 | 5u)

/* RM0090, 8.4: GPIOA. */
#define GPIOA_MODER 0x40020000u
#define GPIOA_AFR(pin) (0x40020020u + (pin) / 8 * 4)
enum { MODE_ALTERNATE = 2, ALTERNATE_USART = 7 };

/* RM0090, 30.6: USART. */
#define USART_SR (PINS_USART + 0x00u)
#define USART_SR_RECEIVED (1u << 5)
#define USART_SR_EMPTY (1u << 7)
#define USART_DR (PINS_USART + 0x04u)
#define USART_BRR (PINS_USART + 0x08u)
#define USART_CR1 (PINS_USART + 0x0Cu)
#define USART_CR1_BOTH_WAYS (1u << 13 | 1u << 3 | 1u << 2)

/* RM0090, 18.4: TIM2, for an emulator, which has no counter of cycles. */
#define TIM2_CR1 0x40000000u
#define TIM2_CR1_RUN 1u
#define TIM2_EGR 0x40000014u
#define TIM2_EGR_UPDATE 1u
#define TIM2_CNT 0x40000024u
#define TIM2_PSC 0x40000028u
#define TIM2_ARR 0x4000002Cu

enum { HSI_HZ = 16000000, CORE_HZ = 168000000, BAUD = 115200 };
/* Of QEMU's timers, whatever RCC says; a tick of 256 ns is an instruction under -icount shift=8. */
enum { EMULATED_TIMER_HZ = 1000000000, EMULATED_PRESCALER = 256 };

/* Many times what any of these takes at 16 MHz. */
enum { PATIENCE = 100000 };

static uint32_t core_hz;
static int has_cycles;

static int becomes(uint32_t address, uint32_t mask, uint32_t value) {
    for (int i = 0; i < PATIENCE; i++)
        if ((REGISTER(address) & mask) == value) return 1;
    return 0;
}

static void set_field(uint32_t address, uint32_t shift, uint32_t bits, uint32_t value) {
    const uint32_t mask = (1u << bits) - 1u;
    REGISTER(address) = (REGISTER(address) & ~(mask << shift)) | value << shift;
}

/* The core's clock afterwards: the oscillator's where the PLL does not get ready. */
static uint32_t speed_up(void) {
    REGISTER(RCC_APB1ENR) |= RCC_APB1ENR_PWR;
    REGISTER(PWR_CR) |= PINS_PWR_CR_SCALE_1;
    REGISTER(RCC_PLLCFGR) = PLL_168_MHZ;
    REGISTER(RCC_CR) |= RCC_CR_PLLON;
    if (!becomes(RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) return HSI_HZ;
    REGISTER(FLASH_ACR) = FLASH_ACR_168_MHZ;
    if (!becomes(FLASH_ACR, FLASH_ACR_168_MHZ, FLASH_ACR_168_MHZ)) return HSI_HZ;
    REGISTER(RCC_CFGR) = RCC_CFGR_DIVIDERS | RCC_CFGR_SW_PLL;
    return becomes(RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL) ? CORE_HZ : HSI_HZ;
}

static void start_emulated_counter(void) {
    REGISTER(RCC_APB1ENR) |= RCC_APB1ENR_TIM2;
    REGISTER(TIM2_PSC) = EMULATED_PRESCALER - 1;
    REGISTER(TIM2_ARR) = UINT32_MAX;
    REGISTER(TIM2_EGR) = TIM2_EGR_UPDATE;
    REGISTER(TIM2_CR1) = TIM2_CR1_RUN;
}

static void connect(uint32_t pin) {
    set_field(GPIOA_AFR(pin), pin % 8 * 4, 4, ALTERNATE_USART);
    set_field(GPIOA_MODER, pin * 2, 2, MODE_ALTERNATE);
}

static void start_console(void) {
    const uint32_t bus_hz = core_hz == CORE_HZ ? core_hz / PINS_BUS_DIVIDER : core_hz;
    REGISTER(RCC_AHB1ENR) |= RCC_AHB1ENR_GPIOA;
    REGISTER(PINS_USART_ENABLE) |= PINS_USART_ENABLE_BIT;
    (void)REGISTER(PINS_USART_ENABLE); /* the clock runs two cycles after the write */
    connect(PINS_TRANSMIT);
    connect(PINS_RECEIVE);
    REGISTER(USART_BRR) = (bus_hz + BAUD / 2) / BAUD;
    REGISTER(USART_CR1) = USART_CR1_BOTH_WAYS;
}

void machine_init(void) {
    core_hz = speed_up();
    has_cycles = dwt_start();
    if (!has_cycles) start_emulated_counter();
    start_console();
}

int board_receive(void) {
    if ((REGISTER(USART_SR) & USART_SR_RECEIVED) == 0) return -1;
    return (int)(REGISTER(USART_DR) & 0xFFu);
}

void board_send(unsigned char byte) {
    while ((REGISTER(USART_SR) & USART_SR_EMPTY) == 0) {
    }
    REGISTER(USART_DR) = byte;
}

uint32_t port_cycles(void) { return has_cycles ? dwt_cycles() : REGISTER(TIM2_CNT); }

uint32_t port_cycles_per_second(void) {
    return has_cycles ? core_hz : EMULATED_TIMER_HZ / EMULATED_PRESCALER;
}

uint32_t machine_clock_hz(void) { return core_hz; }

/* An emulator has no clock to set. */
const char *port_misconfigured(void) {
    return !has_cycles || core_hz == CORE_HZ ? 0 : "another clock than planned";
}

int board_counts_cycles(uint32_t counted, uint32_t turns) {
    (void)counted;
    (void)turns;
    return has_cycles;
}

uint64_t board_instructions(uint64_t counts) { return counts; }
