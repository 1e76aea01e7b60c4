/*
 * rp2.c - a Raspberry Pi Pico or Pico 2: the crystal of 12 MHz, the PLL, and a console on UART0, GPIO 0 and 1, for an
 * adapter of 3.3 V or a Debug Probe. RP2040 Datasheet (2.15 clocks, 2.16 XOSC, 2.18 PLL, 2.19 GPIO, 4.2 UART) and RP2350
 * Datasheet (8.1, 8.2, 8.6, 9, 12.1), which agree in all but what chip.h has. On silicon it has not been.
 */
#include "chip.h"
#include "core_cycles.h"
#include "port.h"
#include "runner_board.h"
#include "startup.h"

/* RP2040, 2.1.2; RP2350, 2.1.3: writing there sets or clears bits of the register. */
#define SET_BITS(address) ((address) + 0x2000u)
#define CLEAR_BITS(address) ((address) + 0x3000u)

#define RESETS_RESET (RESETS + 0x0u)
#define RESETS_DONE (RESETS + 0x8u)
#define XOSC_CTRL (XOSC + 0x0u)
#define XOSC_CTRL_ENABLE_1_15_MHZ (0xFABu << 12 | 0xAA0u)
#define XOSC_STATUS (XOSC + 0x4u)
#define XOSC_STATUS_STABLE (1u << 31)
#define XOSC_STARTUP (XOSC + 0xCu)
#define XOSC_STARTUP_1_MS 47u /* in 256 periods of 12 MHz */
#define PLL_CS (PLL_SYS + 0x0u)
#define PLL_CS_LOCK (1u << 31)
#define PLL_CS_UNDIVIDED 1u
#define PLL_PWR (PLL_SYS + 0x4u)
#define PLL_PWR_DOWN (1u << 5 | 1u << 0) /* VCOPD, PD */
#define PLL_PWR_POSTDIV_DOWN (1u << 3)
#define PLL_FBDIV (PLL_SYS + 0x8u)
#define PLL_PRIM (PLL_SYS + 0xCu)
#define CLK_REF_CTRL (CLOCKS + 0x30u)
#define CLK_REF_FROM_XOSC 2u
#define CLK_REF_SELECTED (CLOCKS + 0x38u)
#define CLK_SYS_CTRL (CLOCKS + 0x3Cu)
#define CLK_SYS_FROM_AUX 1u /* AUXSRC 0: PLL_SYS */
#define CLK_SYS_SELECTED (CLOCKS + 0x44u)
#define CLK_PERI_CTRL (CLOCKS + 0x48u)
#define CLK_PERI_FROM_XOSC (1u << 11 | 4u << 5)
#define GPIO_CTRL(pin) (IO_BANK0 + 0x4u + (pin)*8u)
#define GPIO_CTRL_UART 2u
#define PAD(pin) (PADS_BANK0 + 0x4u + (pin)*4u)
#define PAD_INPUT (1u << 6)
#define PAD_ISOLATED (1u << 8) /* of the RP2350; nothing on the RP2040 */
#define UART_DR (UART0 + 0x00u)
#define UART_FR (UART0 + 0x18u)
#define UART_FR_NOTHING_CAME (1u << 4)
#define UART_FR_FULL (1u << 5)
#define UART_IBRD (UART0 + 0x24u)
#define UART_FBRD (UART0 + 0x28u)
#define UART_LCR_H (UART0 + 0x2Cu)
#define UART_LCR_H_8N1_FIFO (3u << 5 | 1u << 4)
#define UART_CR (UART0 + 0x30u)
#define UART_CR_BOTH_WAYS (1u << 9 | 1u << 8 | 1u << 0)

enum { XOSC_HZ = 12000000, BAUD = 115200, TRANSMIT_PIN = 0, RECEIVE_PIN = 1 };
/* In 64ths, as IBRD and FBRD have it: 16 samples a bit. */
enum { DIVISOR_64THS = (XOSC_HZ * 4 + BAUD / 2) / BAUD };

static void wait_for(uint32_t address, uint32_t bits) {
    while ((REGISTER(address) & bits) != bits) {
    }
}

/* Out of reset, whatever they were in before. */
static void wake(uint32_t blocks) {
    REGISTER(SET_BITS(RESETS_RESET)) = blocks;
    REGISTER(CLEAR_BITS(RESETS_RESET)) = blocks;
    wait_for(RESETS_DONE, blocks);
}

static void start_crystal(void) {
    REGISTER(XOSC_STARTUP) = XOSC_STARTUP_1_MS;
    REGISTER(XOSC_CTRL) = XOSC_CTRL_ENABLE_1_15_MHZ;
    wait_for(XOSC_STATUS, XOSC_STATUS_STABLE);
    REGISTER(CLK_REF_CTRL) = CLK_REF_FROM_XOSC;
    wait_for(CLK_REF_SELECTED, 1u << CLK_REF_FROM_XOSC);
}

/* The core's clock comes from the reference until the PLL is locked, as out of reset. */
static void start_pll(void) {
    wake(RESET_PLL_SYS);
    REGISTER(PLL_CS) = PLL_CS_UNDIVIDED;
    REGISTER(PLL_FBDIV) = PLL_MULTIPLIER;
    REGISTER(CLEAR_BITS(PLL_PWR)) = PLL_PWR_DOWN;
    wait_for(PLL_CS, PLL_CS_LOCK);
    REGISTER(PLL_PRIM) = PLL_DIVIDER_1 << 16 | PLL_DIVIDER_2 << 12;
    REGISTER(CLEAR_BITS(PLL_PWR)) = PLL_PWR_POSTDIV_DOWN;
    REGISTER(CLK_SYS_CTRL) = CLK_SYS_FROM_AUX;
    wait_for(CLK_SYS_SELECTED, 1u << CLK_SYS_FROM_AUX);
}

static void connect(uint32_t pin) {
    REGISTER(SET_BITS(PAD(pin))) = PAD_INPUT;
    REGISTER(GPIO_CTRL(pin)) = GPIO_CTRL_UART;
    REGISTER(CLEAR_BITS(PAD(pin))) = PAD_ISOLATED;
}

static void start_console(void) {
    REGISTER(CLK_PERI_CTRL) = CLK_PERI_FROM_XOSC;
    wake(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0);
    REGISTER(UART_IBRD) = DIVISOR_64THS / 64;
    REGISTER(UART_FBRD) = DIVISOR_64THS % 64;
    REGISTER(UART_LCR_H) = UART_LCR_H_8N1_FIFO;
    REGISTER(UART_CR) = UART_CR_BOTH_WAYS;
    connect(TRANSMIT_PIN);
    connect(RECEIVE_PIN);
}

void machine_init(void) {
    start_crystal();
    start_pll();
    start_console();
    cycles_start();
}

int board_receive(void) {
    if (REGISTER(UART_FR) & UART_FR_NOTHING_CAME) return -1;
    return (int)(REGISTER(UART_DR) & 0xFFu);
}

void board_send(unsigned char byte) {
    while (REGISTER(UART_FR) & UART_FR_FULL) {
    }
    REGISTER(UART_DR) = byte;
}

uint32_t port_cycles_per_second(void) { return CORE_HZ; }

uint32_t machine_clock_hz(void) { return CORE_HZ; }

const char *port_misconfigured(void) { return 0; }
